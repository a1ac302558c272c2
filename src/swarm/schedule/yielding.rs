//! Who gives way to whom when sessions are short.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::moment::Moment;
use crate::swarm::pace::Pace;

/// By what contacts are chosen and sessions held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discipline {
    /// Those that finish soonest come first; the others are visited.
    #[default]
    SoonestFirst,
    /// First come, first served: in the order in which they were named, each until it
    /// is complete or leaves. Only to compare with.
    FirstCome,
}

/// What a session that may be given up is expected to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// When its peer will reach the threshold, if that is to come.
    pub finish: Option<Moment>,
    /// It came in and is not known to be dialable: once left it may be lost.
    pub shy: bool,
}

/// The sessions of a run that may be given up, the latest finish last.
#[derive(Debug, Default)]
pub struct Offers {
    shy: BTreeSet<(Moment, u64)>,
    others: BTreeSet<(Moment, u64)>,
    offered: HashMap<u64, (Moment, bool)>,
}

/// After all others: nothing is expected of it.
const NEVER: Moment = Moment::from_millis(u64::MAX);

impl Offers {
    /// Session `number` may be given up for this, from now on.
    pub fn offer(&mut self, number: u64, offer: Offer) {
        self.withdraw(number);
        let finish = offer.finish.unwrap_or(NEVER);
        self.offered.insert(number, (finish, offer.shy));
        self.of(offer.shy).insert((finish, number));
    }

    /// It may not, or is over.
    pub fn withdraw(&mut self, number: u64) {
        if let Some((finish, shy)) = self.offered.remove(&number) {
            self.of(shy).remove(&(finish, number));
        }
    }

    /// The session that is given up first, if one is; `shy` says whether it may be one
    /// that came in. It is offered no more.
    pub fn take(&mut self, now: Moment, shy: bool, pace: Pace) -> Option<u64> {
        let latest = |of: &BTreeSet<(Moment, u64)>, stays: Duration| {
            let last = of.last().copied();
            last.filter(|(finish, _)| finish.since(now) > stays)
        };
        let other = latest(&self.others, pace.stays_when_short());
        let shy = latest(&self.shy, pace.hold_expected()).filter(|_| shy);
        // Of two of whom nothing is expected the one goes that can be met again.
        let (_, number) = match (other, shy) {
            (Some(other), Some(shy)) if shy.0 > other.0 => shy,
            (Some(other), _) => other,
            (None, shy) => shy?,
        };
        self.withdraw(number);
        Some(number)
    }

    fn of(&mut self, shy: bool) -> &mut BTreeSet<(Moment, u64)> {
        match shy {
            true => &mut self.shy,
            false => &mut self.others,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace::divided_by(1);

    fn at(seconds: u64) -> Moment {
        Moment::from_millis(seconds * 1000)
    }

    fn offers(all: &[(Option<u64>, bool)]) -> Offers {
        let mut offers = Offers::default();
        for (number, (finish, shy)) in (1..).zip(all) {
            let finish = finish.map(at);
            offers.offer(number, Offer { finish, shy: *shy });
        }
        offers
    }

    fn taken(mut offers: Offers, shy: bool) -> Vec<u64> {
        std::iter::from_fn(|| offers.take(at(0), shy, PACE)).collect()
    }

    #[test]
    fn the_farthest_finish_goes_first_and_the_near_ones_stay() {
        let offered = [(Some(300), false), (None, false), (Some(60), false)];
        assert_eq!(taken(offers(&offered), false), [2, 1]);
    }

    #[test]
    fn who_came_in_goes_only_if_it_may_and_is_far_from_its_finish() {
        let offered = [(None, true), (Some(599), true), (Some(900), false)];
        assert_eq!(taken(offers(&offered), false), [3]);
        assert_eq!(taken(offers(&offered), true), [1, 3]);
        let equal = [(None, true), (None, false)];
        assert_eq!(taken(offers(&equal), true), [2, 1]);
    }

    #[test]
    fn the_last_offer_counts() {
        let mut offers = offers(&[(None, false), (None, false)]);
        let finish = Some(at(30));
        offers.offer(1, Offer { finish, shy: false });
        offers.withdraw(2);
        assert_eq!(taken(offers, true), [0; 0]);
    }
}
