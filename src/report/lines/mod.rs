//! The rows that `bta-dump` writes, one file a command: where they come from,
//! and their columns. `docs/store.md` documents every field.

pub mod announces;
pub mod asked;
pub mod clients;
pub mod completions;
pub mod events;
pub mod fates;
pub mod hearsay;
pub mod meta;
pub mod outcomes;
pub mod peers;
pub mod places;
pub mod samples;
pub mod scrapes;
pub mod sources;
pub mod torrents;
pub mod whereabouts;

use super::selection::Catalog;
use super::value::Value;
use crate::swarm::facts::TorrentNumber;

/// The torrent that a row belongs to, by its number and by its info-hash.
#[derive(Clone, Copy, Debug)]
pub struct Of {
    number: TorrentNumber,
    hash: Option<crate::protocol::info_hash::InfoHash>,
}

impl Of {
    fn torrent(number: TorrentNumber, catalog: &Catalog) -> Of {
        Of {
            number,
            hash: catalog.hash(number),
        }
    }

    fn number(&self) -> Value {
        Value::Count(self.number.0.into())
    }

    fn hash(&self) -> Value {
        self.hash
            .map_or(Value::None, |hash| Value::Text(hash.to_string()))
    }
}
