//! What to crawl: `.torrent` files, folders of them, magnet links, and list files.
//!
//! A bad entry is named with file, line, reason and how to mend it; the good ones
//! still run.

mod exclude;
mod list;
mod problem;
#[cfg(test)]
mod tests;
mod torrent;

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use self::exclude::{BadExclusion, ExcludeReason, read_exclusions};
pub use self::problem::{Problem, Reason};
pub use self::torrent::{Named, Torrent};

use self::list::{Line, lines};
use crate::protocol::info_hash::InfoHash;
use crate::protocol::limits;
use crate::protocol::magnet::Magnet;
use crate::protocol::metainfo::Metainfo;

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// A `.torrent` file, a folder, or a list file; of a magnet link on the command
    /// line no more than its info-hash: the rest may hold a passkey.
    pub file: PathBuf,
    /// The line in a list file, from 1.
    pub line: Option<usize>,
}

/// `list.txt:3`, or a bare path.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// A torrent that was named once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Where it was named again.
    pub origin: Origin,
    /// Where it was named first.
    pub first: Origin,
    /// The torrent.
    pub info_hash: InfoHash,
}

impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Duplicate {
            origin,
            first,
            info_hash,
        } = self;
        write!(
            f,
            "{origin}: the same torrent as {first}, crawled once ({info_hash})"
        )
    }
}

/// All that the inputs name.
#[derive(Debug, Default)]
pub struct Inputs {
    /// To be crawled, in the order in which they were named.
    pub torrents: Vec<Torrent>,
    /// Named again.
    pub duplicates: Vec<Duplicate>,
    /// Of no use.
    pub problems: Vec<Problem>,
    /// Each torrent's place among them.
    seen: HashMap<InfoHash, usize>,
}

impl Inputs {
    /// Reads each path: a magnet link, a folder, a `.torrent` file (by its name or its
    /// first bytes), or else a list file.
    pub fn read<P: AsRef<Path>>(paths: &[P]) -> Inputs {
        let mut inputs = Inputs::default();
        for path in paths.iter().map(AsRef::as_ref) {
            if Magnet::is_meant(path.as_os_str().as_encoded_bytes()) {
                inputs.link(path);
                continue;
            }
            let origin = Origin {
                file: path.to_owned(),
                line: None,
            };
            inputs.take(path, &origin);
        }
        inputs
    }

    /// A magnet link in a path's place.
    fn link(&mut self, link: &Path) {
        let origin = |file: String| Origin {
            file: file.into(),
            line: None,
        };
        match Magnet::parse(&link.to_string_lossy()) {
            Ok(magnet) => {
                let origin = origin(Magnet::nameless(magnet.hashes()));
                self.add(Named::Magnet(magnet), &origin);
            }
            Err(error) => self.refuse(Path::new(""), &origin("magnet".into()), error.into()),
        }
    }

    fn take(&mut self, path: &Path, origin: &Origin) {
        if let Err(reason) = self.open(path, origin) {
            self.refuse(path, origin, reason);
        }
    }

    fn open(&mut self, path: &Path, origin: &Origin) -> Result<(), Reason> {
        if path.is_dir() {
            return self.folder(path);
        }
        let bytes = read_bounded(path)?;
        if is_torrent(path, &bytes) {
            self.torrent(&bytes, origin)
        } else if origin.line.is_some() {
            Err(Reason::ListInList)
        } else {
            self.list(path, &bytes)
        }
    }

    /// All `.torrent` files of a folder, by name; not those of folders in it.
    fn folder(&mut self, path: &Path) -> Result<(), Reason> {
        let names = fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?;
        let mut files: Vec<_> = names.into_iter().filter(|it| has_extension(it)).collect();
        if files.is_empty() {
            return Err(Reason::EmptyFolder);
        }
        files.sort();
        for file in files {
            let origin = Origin {
                file: file.clone(),
                line: None,
            };
            let read = read_bounded(&file).and_then(|bytes| self.torrent(&bytes, &origin));
            if let Err(reason) = read {
                self.refuse(&file, &origin, reason);
            }
        }
        Ok(())
    }

    fn list(&mut self, path: &Path, bytes: &[u8]) -> Result<(), Reason> {
        let lines = lines(bytes).ok_or(Reason::NotText)?;
        let base = path.parent().unwrap_or(Path::new(""));
        let mut entries = 0;
        for (number, line) in lines {
            entries += 1;
            let origin = Origin {
                file: path.to_owned(),
                line: Some(number),
            };
            match line {
                Line::Path(entry) => self.take(&base.join(entry), &origin),
                Line::Hash(hash) => self.add(Named::Magnet(Magnet::bare(hash)), &origin),
                Line::Magnet(link) => match Magnet::parse(&String::from_utf8_lossy(link)) {
                    Ok(magnet) => self.add(Named::Magnet(magnet), &origin),
                    Err(error) => self.refuse(Path::new(""), &origin, error.into()),
                },
                Line::Web => self.refuse(Path::new(""), &origin, Reason::Web),
            }
        }
        if entries == 0 {
            return Err(Reason::EmptyList);
        }
        Ok(())
    }

    fn torrent(&mut self, bytes: &[u8], origin: &Origin) -> Result<(), Reason> {
        self.add(Named::Metainfo(Metainfo::parse(bytes)?), origin);
        Ok(())
    }

    fn add(&mut self, named: Named, origin: &Origin) {
        let torrent = Torrent {
            named,
            origin: origin.clone(),
        };
        let places = torrent.hashes().iter();
        let places = places.filter_map(|it| self.seen.get(&it).copied());
        // Links to either half of a hybrid show to be one torrent once both are named.
        let places: BTreeSet<usize> = places.collect();
        let mut places = places.into_iter();
        let Some(first) = places.next() else {
            let place = self.torrents.len();
            self.seen
                .extend(torrent.hashes().iter().map(|it| (it, place)));
            return self.torrents.push(torrent);
        };
        if let Some(second) = places.next() {
            let second = self.torrents.remove(second);
            self.join(first, second);
        }
        self.join(first, torrent);
    }

    /// A torrent was named that has its place already.
    fn join(&mut self, place: usize, again: Torrent) {
        let first = &mut self.torrents[place];
        self.duplicates.push(Duplicate {
            info_hash: again.info_hash(),
            origin: again.origin,
            first: first.origin.clone(),
        });
        first.named.join(again.named);
        let places = self.torrents.iter().enumerate();
        let names = places.flat_map(|(place, it)| it.hashes().iter().map(move |it| (it, place)));
        self.seen = names.collect();
    }

    fn refuse(&mut self, path: &Path, origin: &Origin, reason: Reason) {
        // An entry of a list is named beside its line.
        let named = origin.line.is_some() && !path.as_os_str().is_empty();
        self.problems.push(Problem {
            origin: origin.clone(),
            entry: named.then(|| path.to_owned()),
            reason,
        });
    }
}

/// Reads no more than a torrent file may have, whatever is behind the path.
fn read_bounded(path: &Path) -> Result<Vec<u8>, Reason> {
    let mut bytes = Vec::new();
    let most = limits::TORRENT_FILE_BYTES as u64;
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(Reason::TooLong);
    }
    Ok(bytes)
}

fn has_extension(path: &Path) -> bool {
    let extension = path.extension().unwrap_or(OsStr::new(""));
    extension.eq_ignore_ascii_case("torrent")
}

/// By name, or because it begins as a bencoded dictionary does: `d8:`.
fn is_torrent(path: &Path, bytes: &[u8]) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|it| it.is_ascii_digit()).count();
    has_extension(path)
        || bytes.strip_prefix(b"d").is_some_and(|rest| {
            let digits = digits(rest);
            digits > 0 && rest.get(digits) == Some(&b':')
        })
}
