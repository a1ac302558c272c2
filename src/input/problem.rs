//! Why an entry is of no use, and how to mend it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::Origin;
use crate::protocol::limits;
use crate::protocol::magnet::MagnetError;
use crate::protocol::metainfo::MetainfoError;

/// An entry that cannot be crawled.
#[derive(Debug)]
pub struct Problem {
    /// Where it stands.
    pub origin: Origin,
    /// The path that a list's line stands for.
    pub entry: Option<PathBuf>,
    /// What is wrong.
    pub reason: Reason,
}

/// `list.txt:3: a.torrent: not found; …`: what, where, how to mend.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if let Some(entry) = &self.entry {
            write!(f, "{}: ", entry.display())?;
        }
        write!(f, "{}; {}", self.reason, self.remedy())
    }
}

/// What is wrong with an entry.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// Not there.
    #[error("not found")]
    NotFound,
    /// There, and not readable.
    #[error("cannot be read ({0})")]
    Unreadable(io::Error),
    /// More bytes than any torrent file has.
    #[error("longer than {} MiB", limits::TORRENT_FILE_BYTES >> 20)]
    TooLong,
    /// Not a usable torrent file.
    #[error("not a usable torrent file: {0}")]
    Metainfo(#[from] MetainfoError),
    /// A folder without any.
    #[error("a folder without .torrent files")]
    EmptyFolder,
    /// A list of nothing.
    #[error("a list without entries")]
    EmptyList,
    /// Neither a torrent nor a text.
    #[error("neither a .torrent file nor a list in plain text")]
    NotText,
    /// A list file named by a list file.
    #[error("neither a .torrent file nor a folder")]
    ListInList,
    /// A magnet link of no use.
    #[error(transparent)]
    Magnet(#[from] MagnetError),
    /// An address in the web.
    #[error("addresses in the web are not fetched")]
    Web,
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Reason::NotFound,
            _ => Reason::Unreadable(error),
        }
    }
}

impl Reason {
    /// The stable name in logs and counters.
    pub const fn label(&self) -> &'static str {
        match self {
            Reason::NotFound => "not_found",
            Reason::Unreadable(_) => "unreadable",
            Reason::TooLong => "too_long",
            Reason::Metainfo(error) => error.label(),
            Reason::EmptyFolder => "empty_folder",
            Reason::EmptyList => "empty_list",
            Reason::NotText => "not_text",
            Reason::ListInList => "list_in_list",
            Reason::Magnet(error) => error.label(),
            Reason::Web => "web",
        }
    }
}

impl Problem {
    fn remedy(&self) -> &'static str {
        match &self.reason {
            Reason::NotFound if self.entry.is_some() => {
                "check the path: it is relative to the list file"
            }
            Reason::NotFound => "check the path",
            Reason::Unreadable(_) => "check it and its permissions",
            Reason::TooLong => "is it the content instead of its .torrent file?",
            Reason::Metainfo(_) => "download the file again",
            Reason::EmptyFolder => "put some in, or name another folder",
            Reason::EmptyList => "write one path of a .torrent file, or one magnet link, a line",
            Reason::NotText => "save the list as UTF-8, one path a line",
            Reason::ListInList => "name other lists on the command line",
            Reason::Magnet(MagnetError::TwoInfoHashes(..)) => "write one link for each torrent",
            Reason::Magnet(_) => "copy the whole link again; in a shell it needs quotes",
            Reason::Web => "download the .torrent file and name its path",
        }
    }
}
