//! Peers that have something in common, and where they stand.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::swarm::facts::PeerState;

/// How many peers there are of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// All of which there is a record of their own.
    pub peers: u64,
    /// Already complete when first observed.
    pub complete_at_first: u64,
    /// With a confirmed download.
    pub confirmed: u64,
}

impl Group {
    /// Takes in a peer. A record that turned out to be another's is none.
    pub fn add(&mut self, state: PeerState) {
        self.peers += u64::from(state != PeerState::Merged);
        self.complete_at_first += u64::from(state == PeerState::CompleteAtFirst);
        self.confirmed += u64::from(state == PeerState::Confirmed);
    }

    /// Takes in another group.
    pub fn join(&mut self, other: &Group) {
        self.peers += other.peers;
        self.complete_at_first += other.complete_at_first;
        self.confirmed += other.confirmed;
    }
}

/// Groups by what their peers have in common; `None` stands for unknown.
#[derive(Clone, Debug)]
pub struct Groups<K>(BTreeMap<Option<K>, Group>);

impl<K> Default for Groups<K> {
    fn default() -> Self {
        Groups(BTreeMap::new())
    }
}

impl<K: Ord> Groups<K> {
    /// Takes in a peer.
    pub fn add(&mut self, key: Option<K>, state: PeerState) {
        if state != PeerState::Merged {
            self.0.entry(key).or_default().add(state);
        }
    }

    /// All groups: most confirmed downloads first, then most peers; unknown last.
    pub fn sorted(self) -> Vec<(Option<K>, Group)> {
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_by_key(|(key, it)| (key.is_none(), Reverse((it.confirmed, it.peers))));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_confirmed_first_and_unknown_last() {
        use PeerState::*;
        let mut groups = Groups::default();
        for (key, state) in [
            (Some("few"), Below),
            (Some("many"), Unknown),
            (Some("many"), CompleteAtFirst),
            (None, Confirmed),
            (None, Confirmed),
            (Some("best"), Confirmed),
            (Some("best"), Merged),
            (Some("gone"), Merged),
        ] {
            groups.add(key, state);
        }
        let sorted = groups.sorted();
        let keys: Vec<_> = sorted.iter().map(|it| it.0).collect();
        assert_eq!(keys, [Some("best"), Some("many"), Some("few"), None]);
        let many = Group {
            peers: 2,
            complete_at_first: 1,
            confirmed: 0,
        };
        assert_eq!(sorted[1].1, many);
    }
}
