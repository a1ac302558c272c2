//! Whether a peer could be met again, as far as that is known: for one below the
//! threshold, why nobody knows whether it finished.

use super::counts::Counts;
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
    /// It was dialled before, and answers no more: nobody, or somebody else, is there;
    /// refused, no route.
    Unreachable = 5,
    /// Somebody answers where it was met, and closes before a handshake.
    TurnedAway = 6,
    /// It had called us and is gone, and cannot be called.
    Undialable = 7,
    /// It was watched or awaited when an earlier run, or its swarm's actor, ended; it was
    /// not met since.
    Interrupted = 8,
}

labels!(Presence, Untold => "untold", Watched => "watched", Awaited => "awaited",
    NoSlot => "no_slot", Vanished => "vanished", Unreachable => "unreachable",
    TurnedAway => "turned_away", Undialable => "undialable", Interrupted => "interrupted");

/// So many peers of each presence.
pub type PresenceCounts = Counts<Presence, { Presence::ALL.len() }>;

/// What is known of the address where a peer was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// None is known: it called, and told no port.
    None,
    /// Nobody has dialled it yet.
    Untried,
    /// Somebody answered there once.
    Opens,
    /// Nobody ever answered there.
    Shut,
}

impl Presence {
    /// After the last session with it ended.
    #[must_use]
    pub fn after_session(parting: Parting, outcome: Outcome, door: Door) -> Presence {
        match (outcome, door, parting) {
            (Outcome::Stopped, ..) => Presence::Watched,
            (_, Door::None | Door::Shut, _) => Presence::Undialable,
            (Outcome::Crashed, ..) | (_, _, Parting::WeLeft) => Presence::Awaited,
            _ => Presence::Vanished,
        }
    }

    /// After a contact in vain with the address where it was met last.
    #[must_use]
    pub fn after_contact(self, parting: Parting, outcome: Outcome, door: Door) -> Presence {
        match (parting, door) {
            _ if outcome.is_our_doing() => self,
            (Parting::TurnedAway, _) => Presence::TurnedAway,
            (_, Door::Opens) => Presence::Unreachable,
            _ => Presence::Undialable,
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

    const DOORS: [Door; 4] = [Door::None, Door::Untried, Door::Opens, Door::Shut];

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
    fn who_is_met_when_the_run_is_stopped_was_watched_to_its_end() {
        for door in DOORS {
            let after = Presence::after_session(Parting::WeLeft, Outcome::Stopped, door);
            assert_eq!(after, Presence::Watched);
        }
        assert_eq!(Presence::Watched.interrupted(), Presence::Interrupted);
        assert_eq!(Presence::Vanished.interrupted(), Presence::Vanished);
    }

    #[test]
    fn a_contact_in_vain_tells_why() {
        let after = |parting, outcome, door| {
            let before = Presence::Awaited;
            before.after_contact(parting, outcome, door)
        };
        for outcome in [Outcome::TimedOut, Outcome::Refused, Outcome::NoRoute] {
            let opened = after(Parting::NotReached, outcome, Door::Opens);
            assert_eq!(opened, Presence::Unreachable);
            let never = after(Parting::NotReached, outcome, Door::Shut);
            assert_eq!(never, Presence::Undialable);
        }
        for door in DOORS {
            let closed = after(Parting::TurnedAway, Outcome::Closed, door);
            assert_eq!(closed, Presence::TurnedAway);
        }
    }

    #[test]
    fn what_is_our_own_doing_tells_nothing_of_a_peer() {
        for outcome in Outcome::ALL.iter().filter(|it| it.is_our_doing()) {
            for presence in Presence::ALL {
                let after = presence.after_contact(Parting::NotReached, *outcome, Door::Opens);
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
