//! Tokens: who announces must have asked before, from the same address.
//!
//! Source: BEP 5, "announce_peer".

use std::net::IpAddr;

use rand::Rng;
use sha1::{Digest, Sha1};

use super::limits;
use crate::moment::Moment;

/// Bytes of our tokens.
const TOKEN_BYTES: usize = 8;

/// Makes tokens and knows its own again. Its secret turns over.
#[derive(Clone, Debug)]
pub struct Tokens {
    current: [u8; 16],
    previous: [u8; 16],
    since: Moment,
}

impl Tokens {
    /// One whose first secret begins now.
    pub fn new(now: Moment, rng: &mut impl Rng) -> Self {
        Tokens {
            current: rng.random(),
            previous: rng.random(),
            since: now,
        }
    }

    /// Turns the secret over, if its time is up.
    pub fn turn(&mut self, now: Moment, rng: &mut impl Rng) {
        let age = now.since(self.since);
        if age < limits::TOKEN_LIFE {
            return;
        }
        self.previous = match age < limits::TOKEN_LIFE * 2 {
            true => self.current,
            false => rng.random(),
        };
        self.current = rng.random();
        self.since = now;
    }

    /// The token of an address.
    pub fn give(&self, ip: IpAddr) -> Vec<u8> {
        token(&self.current, ip).to_vec()
    }

    /// Whether the address was given this token, 5 to 10 min ago at most.
    pub fn is_valid(&self, ip: IpAddr, given: &[u8]) -> bool {
        [&self.current, &self.previous]
            .iter()
            .any(|secret| token(secret, ip) == given)
    }
}

fn token(secret: &[u8; 16], ip: IpAddr) -> [u8; TOKEN_BYTES] {
    let hash = Sha1::new().chain_update(secret);
    let hash: [u8; 20] = match ip {
        IpAddr::V4(ip) => hash.chain_update(ip.octets()),
        IpAddr::V6(ip) => hash.chain_update(ip.octets()),
    }
    .finalize()
    .into();
    let mut token = [0; TOKEN_BYTES];
    token.copy_from_slice(&hash[..TOKEN_BYTES]);
    token
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    #[test]
    fn a_token_is_good_for_its_address_and_its_time() {
        let mut rng = SmallRng::seed_from_u64(1);
        let start = Moment::from_millis(1_000);
        let mut tokens = Tokens::new(start, &mut rng);
        let (here, there) = ([1, 2, 3, 4].into(), [1, 2, 3, 5].into());
        let token = tokens.give(here);
        assert!(tokens.is_valid(here, &token));
        assert!(!tokens.is_valid(there, &token) && !tokens.is_valid(here, b""));
        tokens.turn(start + limits::TOKEN_LIFE, &mut rng);
        assert!(tokens.is_valid(here, &token));
        tokens.turn(start + limits::TOKEN_LIFE * 2, &mut rng);
        assert!(!tokens.is_valid(here, &token));
        assert!(tokens.is_valid(here, &tokens.give(here)));
    }

    #[test]
    fn a_long_sleep_ends_every_token() {
        let mut rng = SmallRng::seed_from_u64(1);
        let mut tokens = Tokens::new(Moment::EPOCH, &mut rng);
        let here = [1, 2, 3, 4].into();
        let token = tokens.give(here);
        tokens.turn(Moment::EPOCH + limits::TOKEN_LIFE * 3, &mut rng);
        assert!(!tokens.is_valid(here, &token));
    }
}
