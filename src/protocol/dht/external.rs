//! Our own address, as others see it.
//!
//! Source: BEP 42, "ip".

use std::collections::VecDeque;
use std::net::IpAddr;

use super::contact::Neighbourhood;
use super::limits;

/// Votes on our address, one a network.
#[derive(Clone, Debug, Default)]
pub struct External {
    votes: VecDeque<(Neighbourhood, IpAddr)>,
}

impl External {
    /// Somebody at `voter` sees us at `seen`. Returns our address, if enough agree.
    pub fn vote(&mut self, voter: IpAddr, seen: IpAddr) -> Option<IpAddr> {
        let voter = Neighbourhood::of(voter);
        self.votes.retain(|(it, _)| *it != voter);
        if self.votes.len() >= limits::VOTES {
            self.votes.pop_front();
        }
        self.votes.push_back((voter, seen));
        let agree = self.votes.iter().filter(|(_, it)| *it == seen).count();
        let enough = agree >= limits::VOTES_NEEDED && agree * 2 > self.votes.len();
        enough.then_some(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_has_one_vote() {
        let mut external = External::default();
        let us = IpAddr::from([1, 2, 3, 4]);
        for host in 0..200 {
            assert_eq!(external.vote([9, 9, 9, host].into(), us), None);
        }
        let voters = (1..=4).map(|net| external.vote([9, 9, net, 1].into(), us));
        assert_eq!(voters.last(), Some(Some(us)));
    }

    #[test]
    fn the_lesser_part_does_not_decide() {
        let mut external = External::default();
        let (us, liars) = (IpAddr::from([1, 2, 3, 4]), IpAddr::from([6, 6, 6, 6]));
        for net in 0..20 {
            external.vote([8, 8, net, 1].into(), us);
        }
        for net in 0..9 {
            assert_eq!(external.vote([7, 7, net, 1].into(), liars), None);
        }
        assert_eq!(external.vote([8, 8, 99, 1].into(), us), Some(us));
    }
}
