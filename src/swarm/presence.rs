//! Whether a peer could be met again, as far as that is known: for one below the
//! threshold, why nobody knows whether it finished.

use super::census::Census;
use super::facts::{Outcome, labels};
use super::schedule::Parting;

/// What became of a peer after it was last met. The last thing that happened decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Presence {
    /// Not told: a row of an earlier version, or of a record that was merged.
    #[default]
    Untold = 0,
    /// A session with it is open, or was when the run was stopped.
    Watched = 1,
    /// We left it, and have not tried again since.
    Awaited = 2,
    /// As [`Presence::Awaited`] or [`Presence::Vanished`], and it would have been tried
    /// again if there had been a slot.
    NoSlot = 3,
    /// It left, or the connection broke, and we have not tried again since.
    Vanished = 4,
    /// Since it left nobody answers where it was met, or says that it listens: timed out,
    /// refused, no route, or somebody else is there.
    Unreachable = 5,
    /// Somebody answers where it was met, and closes before a handshake.
    TurnedAway = 6,
    /// It had called us and is gone, and cannot be called: it told no port, or nobody had
    /// answered there while it was present.
    Undialable = 7,
    /// It was watched or awaited when an earlier run, or its swarm's actor, ended; it was
    /// not met since.
    Interrupted = 8,
}

labels!(Presence, Untold => "untold", Watched => "watched", Awaited => "awaited",
    NoSlot => "no_slot", Vanished => "vanished", Unreachable => "unreachable",
    TurnedAway => "turned_away", Undialable => "undialable", Interrupted => "interrupted");

/// So many peers of each presence.
pub type PresenceCounts = Census<Presence, { Presence::ALL.len() }>;

/// What is known of the address where a peer was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// None is known: it called, and told no port.
    None,
    /// Nobody has dialled it yet.
    Untried,
    /// Somebody answered there once.
    Opens,
    /// It was dialled, and nobody ever answered.
    Shut,
}

impl Presence {
    /// After the last session with it ended.
    #[must_use]
    pub fn after_session(parting: Parting, outcome: Outcome, door: Door) -> Presence {
        match (door, parting) {
            (Door::None | Door::Shut, _) => Presence::Undialable,
            _ if outcome.is_our_doing() => Presence::Awaited,
            (_, Parting::TheyLeft) => Presence::Vanished,
            _ => Presence::Awaited,
        }
    }

    /// After a contact in vain with the address where it was met last.
    #[must_use]
    pub fn after_contact(self, parting: Parting, outcome: Outcome) -> Presence {
        match (parting, self) {
            _ if outcome.is_our_doing() => self,
            (Parting::TurnedAway, _) => Presence::TurnedAway,
            (_, Presence::Undialable) => Presence::Undialable,
            _ => Presence::Unreachable,
        }
    }

    /// Whether it was not tried since it was last met.
    pub fn awaits_a_visit(self) -> bool {
        matches!(self, Presence::Awaited | Presence::Vanished)
    }

    /// As a later process finds it, which has no session with it.
    #[must_use]
    pub fn interrupted(self) -> Presence {
        match self {
            Presence::Watched | Presence::Awaited | Presence::NoSlot => Presence::Interrupted,
            presence => presence,
        }
    }

    /// Whether it was met once and could not be met again, by its own doing or its
    /// network's.
    pub fn is_lost(self) -> bool {
        matches!(
            self,
            Presence::Vanished | Presence::Unreachable | Presence::Undialable
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_left_whom_decides_where_it_can_be_called() {
        for door in [Door::Untried, Door::Opens] {
            let after = |parting| Presence::after_session(parting, Outcome::Success, door);
            assert_eq!(after(Parting::WeLeft), Presence::Awaited);
            assert_eq!(after(Parting::TheyLeft), Presence::Vanished);
        }
        for door in [Door::None, Door::Shut] {
            for parting in [Parting::WeLeft, Parting::TheyLeft] {
                let after = Presence::after_session(parting, Outcome::Success, door);
                assert_eq!(after, Presence::Undialable);
            }
        }
    }

    #[test]
    fn another_process_watches_nobody() {
        assert_eq!(Presence::Watched.interrupted(), Presence::Interrupted);
        assert_eq!(Presence::Vanished.interrupted(), Presence::Vanished);
    }

    #[test]
    fn a_contact_in_vain_tells_why() {
        for before in [Presence::Awaited, Presence::Vanished, Presence::TurnedAway] {
            for outcome in [Outcome::TimedOut, Outcome::Refused, Outcome::NoRoute] {
                let after = before.after_contact(Parting::NotReached, outcome);
                assert_eq!(after, Presence::Unreachable);
            }
            let after = before.after_contact(Parting::TurnedAway, Outcome::Closed);
            assert_eq!(after, Presence::TurnedAway);
        }
        // That one cannot be called is known already.
        let before = Presence::Undialable;
        let after = before.after_contact(Parting::NotReached, Outcome::TimedOut);
        assert_eq!(after, before);
    }

    #[test]
    fn what_is_our_own_doing_tells_nothing_of_a_peer() {
        for outcome in Outcome::ALL.iter().filter(|it| it.is_our_doing()) {
            for presence in Presence::ALL {
                let after = presence.after_contact(Parting::NotReached, *outcome);
                assert_eq!(after, *presence);
            }
        }
    }

    #[test]
    fn codes_are_unique_and_stable() {
        for (index, presence) in Presence::ALL.iter().enumerate() {
            assert_eq!(usize::from(presence.code()), index);
        }
    }
}
