//! Of what outcomes are counted.

use crate::protocol::peer::Way;

use super::facts::{Attempt, Direction};

/// Of what an outcome is counted. Attempts end in one outcome each; what a contact's
/// dials gave, and the connections that came in, is counted beside them by way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counted {
    /// A contact or an incoming connection, as a whole.
    Attempt(Attempt),
    /// One dial of a contact.
    Dialled(Way),
    /// A connection that came in and asked for one of our torrents.
    Accepted(Way),
    /// Not a number but time: the milliseconds for which attempts had a session's slot.
    SlotTime,
}

/// Codes of attempts are below this.
const DIALLED: u8 = 16;
const ACCEPTED: u8 = 24;
const SLOT_TIME: u8 = 32;

impl Counted {
    /// All of them, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Counted> {
        let attempts = Attempt::ALL.iter().copied().map(Counted::Attempt);
        let dialled = Way::ALL.into_iter().map(Counted::Dialled);
        let accepted = Way::ALL.into_iter().map(Counted::Accepted);
        let numbers = attempts.chain(dialled).chain(accepted);
        numbers.chain([Counted::SlotTime])
    }

    /// A connection, by who opened it.
    pub const fn connection(direction: Direction, way: Way) -> Self {
        match direction {
            Direction::Outgoing => Counted::Dialled(way),
            Direction::Incoming => Counted::Accepted(way),
        }
    }

    /// The attempt, if it is one.
    pub const fn attempt(self) -> Option<Attempt> {
        match self {
            Counted::Attempt(attempt) => Some(attempt),
            Counted::Dialled(_) | Counted::Accepted(_) | Counted::SlotTime => None,
        }
    }

    /// The way, and who opened the connection, if it is one.
    pub const fn way(self) -> Option<(Direction, Way)> {
        match self {
            Counted::Attempt(_) | Counted::SlotTime => None,
            Counted::Dialled(way) => Some((Direction::Outgoing, way)),
            Counted::Accepted(way) => Some((Direction::Incoming, way)),
        }
    }

    /// The stable number in the store.
    pub const fn code(self) -> u8 {
        match self {
            Counted::Attempt(attempt) => attempt.code(),
            Counted::Dialled(way) => DIALLED + way.code(),
            Counted::Accepted(way) => ACCEPTED + way.code(),
            Counted::SlotTime => SLOT_TIME,
        }
    }

    /// From the stable number in the store.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::all().find(|it| it.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_stable() {
        let codes: Vec<_> = Counted::all().map(Counted::code).collect();
        assert_eq!(codes, [0, 1, 2, 16, 17, 18, 19, 24, 25, 26, 27, 32]);
        assert!(Counted::all().all(|it| Counted::from_code(it.code()) == Some(it)));
        assert_eq!(Counted::from_code(3), None);
        assert_eq!(Counted::from_code(28), None);
    }

    #[test]
    fn is_an_attempt_or_a_connection_or_time() {
        let incoming = Counted::connection(Direction::Incoming, Way::PLAIN_TCP);
        assert_eq!(incoming, Counted::Accepted(Way::PLAIN_TCP));
        let mut numbers = Counted::all().filter(|it| *it != Counted::SlotTime);
        assert!(numbers.all(|it| it.attempt().is_none() != it.way().is_none()));
        assert_eq!(Counted::SlotTime.attempt(), None);
        assert_eq!(Counted::SlotTime.way(), None);
    }
}
