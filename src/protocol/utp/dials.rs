//! Connections that we have asked for and that nobody has answered yet.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::endpoint::Key;
use super::limits::{CONNECT, SYN_AFTER};
use crate::moment::Moment;

/// One try to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialNumber(u64);

/// All tries to connect.
#[derive(Debug, Default)]
pub(super) struct Dials {
    dials: BTreeMap<DialNumber, Dial>,
    /// Who waits for an answer to a SYN with this number.
    waiting: BTreeMap<Key, DialNumber>,
    next: u64,
}

/// SYNs with different numbers, whichever is answered first.
#[derive(Debug)]
pub(super) struct Dial {
    to: SocketAddr,
    begun: Moment,
    /// Our numbers for the connection, and the SYNs' own.
    syns: Vec<(u16, u16)>,
}

impl Dial {
    /// Whom.
    pub(super) fn to(&self) -> SocketAddr {
        self.to
    }

    /// When another SYN is due, or the end.
    pub(super) fn due(&self) -> Moment {
        let sent = self.syns.len().checked_sub(1);
        self.begun + *sent.and_then(|it| SYN_AFTER.get(it)).unwrap_or(&CONNECT)
    }

    /// Whether all its SYNs were sent.
    pub(super) fn is_exhausted(&self) -> bool {
        self.syns.len() > SYN_AFTER.len()
    }
}

impl Dials {
    /// A new one, without a SYN.
    pub(super) fn begin(&mut self, now: Moment, to: SocketAddr) -> DialNumber {
        let number = DialNumber(self.next);
        self.next += 1;
        let dial = Dial {
            to,
            begun: now,
            syns: Vec::new(),
        };
        self.dials.insert(number, dial);
        number
    }

    /// One of them.
    pub(super) fn dial(&self, number: DialNumber) -> Option<&Dial> {
        self.dials.get(&number)
    }

    /// Whether a SYN with this number is under way to this address.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.waiting.contains_key(key)
    }

    /// A SYN is sent, with our number for the connection and its own.
    pub(super) fn knock(&mut self, number: DialNumber, id: u16, sequence: u16) {
        if let Some(dial) = self.dials.get_mut(&number) {
            dial.syns.push((id, sequence));
            self.waiting.insert((dial.to, id), number);
        }
    }

    /// Whose SYN this answers: `acknowledged` is the SYN's own number.
    pub(super) fn answered(&self, key: &Key, acknowledged: u16) -> Option<DialNumber> {
        let number = *self.waiting.get(key)?;
        let syns = &self.dials.get(&number)?.syns;
        syns.contains(&(key.1, acknowledged)).then_some(number)
    }

    /// Forgets one.
    pub(super) fn remove(&mut self, number: DialNumber) -> Option<Dial> {
        let dial = self.dials.remove(&number)?;
        for (id, _) in &dial.syns {
            self.waiting.remove(&(dial.to, *id));
        }
        Some(dial)
    }
}
