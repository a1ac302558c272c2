//! How well a tracker behaves.

use std::time::Duration;

/// What a tracker does with an announce.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// Answers as it should.
    #[default]
    Honest,
    /// As it should, each peer as a dictionary (HTTP; BEP 3).
    Dictionaries,
    /// Refuses, with this reason.
    Refuses(String),
    /// HTTP: this status; UDP: as [`Manner::Refuses`].
    Status(u16),
    /// Answers bytes that mean nothing.
    Garbage,
    /// Cuts its answer off in the middle.
    Truncated,
    /// Answers with a body of so many bytes (HTTP), or as much as a datagram
    /// holds (UDP).
    Huge(usize),
    /// UDP: another transaction's id; HTTP: honest.
    WrongTransaction,
    /// Takes its time.
    Slow(Duration),
    /// Says nothing at all.
    Silent,
    /// UDP: says nothing to a goodbye; else honest.
    NoGoodbye,
    /// Behaves like that for the first announces, then as it should.
    Recovers {
        /// How many announces go wrong.
        after: u32,
        /// How.
        first: Box<Manner>,
    },
}

impl Manner {
    /// The manner for the announce number `count`, from 1.
    pub(super) fn at(&self, count: u32) -> &Manner {
        match self {
            Manner::Recovers { after, .. } if count > *after => &Manner::Honest,
            Manner::Recovers { first, .. } => first.at(count),
            manner => manner,
        }
    }
}
