//! Numbers by a kind that has a code and a label.

use std::marker::PhantomData;

use serde::{Serialize, Serializer};

/// What numbers are kept by: its codes are 0, 1, 2 and so on.
pub trait Kind: Copy + 'static {
    /// All kinds, in the order of their codes.
    const ALL: &'static [Self];
    /// The stable number in the store.
    fn code(self) -> u8;
    /// The stable name.
    fn label(self) -> &'static str;
}

/// A number for each of `N` kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census<K, const N: usize>([u64; N], PhantomData<K>);

impl<K: Kind, const N: usize> Census<K, N> {
    /// The number of one kind.
    pub fn of(&self, kind: K) -> u64 {
        self.0[usize::from(kind.code())]
    }

    /// Each kind and its number.
    pub fn iter(&self) -> impl Iterator<Item = (K, u64)> + '_ {
        K::ALL.iter().map(|it| (*it, self.of(*it)))
    }

    /// All kinds together.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// So many more of one kind.
    pub fn enter(&mut self, kind: K, more: u64) {
        self.0[usize::from(kind.code())] += more;
    }

    /// One becomes another.
    pub fn turn(&mut self, from: K, to: K) {
        let left = &mut self.0[usize::from(from.code())];
        *left = left.saturating_sub(1);
        self.enter(to, 1);
    }

    /// With those of others.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }
}

impl<K, const N: usize> Default for Census<K, N> {
    fn default() -> Self {
        Census([0; N], PhantomData)
    }
}

/// By the labels of the kinds.
impl<K: Kind, const N: usize> Serialize for Census<K, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(kind, count)| (kind.label(), count)))
    }
}

#[cfg(test)]
mod tests {
    use crate::swarm::address_state::{AddressCounts, AddressState};

    #[test]
    fn numbers_add_up_whatever_becomes_what() {
        use AddressState::*;
        let mut counts = AddressCounts::default();
        counts.enter(NotContacted, 3);
        counts.turn(NotContacted, NeverReachable);
        counts.turn(NeverReachable, Met);
        counts.turn(NotContacted, TurnedAway);
        assert_eq!(counts.total(), 3);
        let each = [NotContacted, Met, TurnedAway].map(|it| counts.of(it));
        assert_eq!(each, [1; 3]);
        let text = serde_json::to_string(&counts).unwrap();
        let begin = r#"{"not_contacted":1,"never_reachable":0,"mute":0,"#;
        assert!(text.starts_with(begin), "{text}");
    }
}
