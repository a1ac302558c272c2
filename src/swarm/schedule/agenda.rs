//! What is due, and what is most worth a session among it.

use std::collections::BTreeSet;
use std::hash::Hash;

use crate::moment::Moment;
use crate::table::Table;

use super::Standing;

/// Which of those that are due comes first: the lowest, but for every fourth turn
/// (see [`Agenda::pop`]).
///
/// When sessions are short, those that finish soonest come first, then those
/// never contacted, then those below the threshold, then the rest; within one
/// class the earliest moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Below the threshold, expected to reach it at this moment.
    Finishing(Moment),
    /// Never contacted, named first at this moment.
    New(Moment),
    /// Below the threshold at an unknown speed, last contacted then.
    Below(Moment),
    /// Not reached so far, last contacted then.
    Unreached(Moment),
    /// Complete, last contacted then.
    Complete(Moment),
}

impl Rank {
    /// How many classes there are.
    const CLASSES: usize = 5;

    /// What a contact is worth with an address last contacted at `last`, where a peer of
    /// this standing is met, or nobody was.
    pub fn of(now: Moment, last: Moment, standing: Option<&Standing>) -> Self {
        match standing {
            Some(it) if it.is_complete() => Rank::Complete(last),
            Some(it) => match it.finishes_after(now) {
                Some(finish) => Rank::Finishing(finish),
                None => Rank::Below(last),
            },
            None => Rank::Unreached(last),
        }
    }

    fn class(self) -> usize {
        match self {
            Rank::Finishing(_) => 0,
            Rank::New(_) => 1,
            Rank::Below(_) => 2,
            Rank::Unreached(_) => 3,
            Rank::Complete(_) => 4,
        }
    }
}

/// Room for so many times what is planned is given back.
const SPARE: usize = 8;

/// One turn in so many goes to each class in its own turn.
const FAIR_TURN: usize = 4;

/// Keys that are waiting for their moment, and those whose moment has come.
#[derive(Debug)]
pub struct Agenda<K> {
    waiting: BTreeSet<(Moment, K)>,
    ready: [BTreeSet<(Rank, K)>; Rank::CLASSES],
    entries: Table<K, Entry>,
    turns: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    due: Moment,
    rank: Rank,
}

impl<K> Default for Agenda<K> {
    fn default() -> Self {
        Agenda {
            waiting: BTreeSet::new(),
            ready: std::array::from_fn(|_| BTreeSet::new()),
            entries: Table::default(),
            turns: 0,
        }
    }
}

impl<K: Copy + Ord + Hash> Agenda<K> {
    /// Plans `key` for `due`, in place of what was planned for it.
    pub fn plan(&mut self, key: K, due: Moment, rank: Rank) {
        self.cancel(key);
        self.entries.insert(key, Entry { due, rank });
        self.waiting.insert((due, key));
    }

    /// Nothing is planned for `key` any more.
    pub fn cancel(&mut self, key: K) {
        if let Some(entry) = self.entries.remove(&key) {
            self.waiting.remove(&(entry.due, key));
            self.ready[entry.rank.class()].remove(&(entry.rank, key));
        }
    }

    /// When `key` is planned for.
    pub fn due(&self, key: K) -> Option<Moment> {
        self.entries.get(&key).map(|it| it.due)
    }

    /// The most valuable key that is due; it leaves the agenda. Every fourth turn
    /// goes to each class in its own turn: whoever floods one of them cannot make
    /// us forget the others.
    pub fn pop(&mut self, now: Moment) -> Option<K> {
        self.wake(now);
        let fair = self.turns % FAIR_TURN == FAIR_TURN - 1;
        let first = if fair { self.turns / FAIR_TURN } else { 0 };
        let mut classes = (first..first + Rank::CLASSES).map(|it| it % Rank::CLASSES);
        let (_, key) = classes.find_map(|class| self.ready[class].pop_first())?;
        self.turns = self.turns.wrapping_add(1);
        self.entries.remove(&key);
        // While all are contacted there is nothing to plan, and addresses are many.
        if self.entries.len() < self.entries.capacity() / SPARE {
            self.entries.shrink_to(self.entries.len() * 2);
        }
        Some(key)
    }

    /// Those whose moment has come are ready.
    fn wake(&mut self, now: Moment) {
        while let Some((due, key)) = self.waiting.first().copied() {
            if due > now {
                break;
            }
            self.waiting.remove(&(due, key));
            if let Some(entry) = self.entries.get(&key) {
                self.ready[entry.rank.class()].insert((entry.rank, key));
            }
        }
    }

    /// How many are due that are worth the end of another session.
    pub fn pressing(&mut self, now: Moment) -> usize {
        self.wake(now);
        let pressing = &self.ready[..Rank::CLASSES - 1];
        pressing.iter().map(BTreeSet::len).sum()
    }

    /// When to look again: at once if something is ready.
    pub fn next(&self) -> Option<Moment> {
        if self.ready.iter().any(|it| !it.is_empty()) {
            return Some(Moment::EPOCH);
        }
        self.waiting.first().map(|(due, _)| *due)
    }
}
