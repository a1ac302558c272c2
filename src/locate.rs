//! Location databases (MaxMind DB files): an address -> its place, its network.

mod record;

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use maxminddb::{MaxMindDbError, Reader};

use crate::moment::Moment;
use crate::swarm::place::{NetworkOwner, Place};
use record::Record;

/// Largest file that is read into memory; the largest of those sold is half of it.
const MAX_FILE_BYTES: u64 = 4 << 30;

/// So many records are looked at to learn what a file tells.
const LOOKED_AT: usize = 2_000;

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// It cannot be read.
    #[error("cannot read the location database {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is too large to be one.
    #[error("{path} is too large for a location database: {len_bytes} bytes, at most {MAX_FILE_BYTES}",
        path = path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How large it is.
        len_bytes: u64,
    },
    /// It is no such file, or damaged.
    #[error("{path} is no location database (a MaxMind DB file, .mmdb): {source}", path = path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: MaxMindDbError,
    },
    /// It tells neither places nor networks.
    #[error("{path} tells neither places nor networks (its type is {kind:?}); name a city, country or ASN database",
        path = path.display())]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// What it says that it is.
        kind: String,
    },
}

impl LocateError {
    /// The stable name in logs.
    pub fn label(&self) -> &'static str {
        match self {
            LocateError::Read { .. } => "read",
            LocateError::TooLarge { .. } => "too_large",
            LocateError::NotADatabase { .. } => "not_a_database",
            LocateError::OtherKind { .. } => "other_kind",
        }
    }
}

/// What a database tells of an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tells {
    /// Its country.
    pub country: bool,
    /// Its town, or where on the globe it is.
    pub city: bool,
    /// Its network.
    pub network: bool,
}

/// A database, as it is named in the store and in logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// What it says that it is: `GeoLite2-City`.
    pub kind: String,
    /// When it was built.
    pub built_at: Moment,
    /// What it tells.
    pub tells: Tells,
}

/// The databases of a run; without any, nothing is known of any address.
#[derive(Debug, Default)]
pub struct Locator {
    databases: Vec<Database>,
}

#[derive(Debug)]
struct Database {
    reader: Reader<Vec<u8>>,
    edition: Edition,
}

impl Locator {
    /// Adds a file, of whatever kind it is: that is read from its metadata and its
    /// records. For places databases with towns come first, else the earlier one.
    ///
    /// # Errors
    /// The file cannot be read, or tells nothing of use.
    pub fn add(&mut self, path: &Path) -> Result<(), LocateError> {
        let read = |source| LocateError::Read {
            path: path.into(),
            source,
        };
        let len_bytes = fs::metadata(path).map_err(read)?.len();
        if len_bytes > MAX_FILE_BYTES {
            let path = path.into();
            return Err(LocateError::TooLarge { path, len_bytes });
        }
        let bytes = fs::read(path).map_err(read)?;
        let reader = Reader::from_source(bytes).map_err(|source| LocateError::NotADatabase {
            path: path.into(),
            source,
        })?;
        let metadata = reader.metadata();
        let edition = Edition {
            kind: metadata.database_type.clone(),
            built_at: Moment::from_millis(metadata.build_epoch.saturating_mul(1_000)),
            tells: tells(&reader),
        };
        if edition.tells == Tells::default() {
            let (path, kind) = (path.into(), edition.kind);
            return Err(LocateError::OtherKind { path, kind });
        }
        self.databases.push(Database { reader, edition });
        self.databases.sort_by_key(|it| !it.edition.tells.city);
        Ok(())
    }

    /// The location databases (`*.mmdb`) in a folder, by name; none if there is no
    /// such folder.
    pub fn files_in(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut files: Vec<_> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|it| it == "mmdb"))
            .collect();
        files.sort();
        files
    }

    /// The databases, in the order in which they are asked.
    pub fn editions(&self) -> impl Iterator<Item = &Edition> {
        self.databases.iter().map(|it| &it.edition)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.databases.is_empty()
    }

    /// Where an address is: what the first database says that knows anything of it.
    pub fn place(&self, ip: IpAddr) -> Place {
        let places = self.databases.iter();
        let places = places.filter(|it| it.edition.tells.country || it.edition.tells.city);
        let mut known = places.filter_map(|it| Some(it.record(ip)?.place()));
        known.find(Place::is_known).unwrap_or_default()
    }

    /// Whose network an address is in: the same.
    pub fn network(&self, ip: IpAddr) -> NetworkOwner {
        let networks = self.databases.iter().filter(|it| it.edition.tells.network);
        let mut known = networks.filter_map(|it| Some(it.record(ip)?.network()));
        known.find(NetworkOwner::is_known).unwrap_or_default()
    }
}

impl Database {
    /// The record of an address; damage in the file is as if there were none.
    fn record(&self, ip: IpAddr) -> Option<Record<'_>> {
        self.reader.lookup(ip.to_canonical()).ok().map(Record)
    }
}

/// What a database tells, by its first records. One that calls itself an ASN
/// database names the country of the network's owner, not of the address.
fn tells(reader: &Reader<Vec<u8>>) -> Tells {
    let kind = reader.metadata().database_type.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    let of_places = says(&["country", "city", "location"]) || !says(&["asn"]);
    let mut tells = Tells::default();
    let records = reader.networks(Default::default()).into_iter().flatten();
    for record in records.take(LOOKED_AT).flatten().map(Record) {
        let place = record.place();
        tells.country |= of_places && !place.country.is_empty();
        tells.city |= of_places && (!place.city.is_empty() || place.coordinates.is_some());
        tells.network |= record.network().is_known();
    }
    tells
}

#[cfg(test)]
mod tests;
