//! Where the peers are and what they run, in a few lines.

use serde::Serialize;

use crate::report::groups::{Group, Groups};
use crate::report::text::harmless;

/// So many groups are named.
const NAMED: usize = 8;

/// The largest groups by name, and the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Largest {
    /// Those with the most confirmed downloads, then the most peers; none if nothing
    /// is known of any peer.
    pub largest: Vec<NamedGroup>,
    /// All others of which something is known.
    pub others: Group,
    /// Those of which nothing is known.
    pub unknown: Group,
}

/// A group by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedGroup {
    /// What its peers have in common.
    pub name: String,
    /// How many they are.
    #[serde(flatten)]
    pub group: Group,
}

impl Largest {
    pub(super) fn of(groups: Groups<String>) -> Largest {
        let mut found = Largest::default();
        for (name, group) in groups.sorted() {
            match name {
                None => found.unknown.join(&group),
                Some(_) if found.largest.len() >= NAMED => found.others.join(&group),
                Some(name) => found.largest.push(NamedGroup {
                    name: harmless(&name).into_owned(),
                    group,
                }),
            }
        }
        found
    }

    /// Name and group of each line of a table; none if nothing is known of any peer.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&str, &Group)> {
        let named = self.largest.iter().map(|it| (it.name.as_str(), &it.group));
        let rest = [("(others)", &self.others), ("(unknown)", &self.unknown)];
        let rest = rest.into_iter().filter(|(_, group)| group.peers > 0);
        named.chain(rest.filter(|_| !self.largest.is_empty()))
    }
}
