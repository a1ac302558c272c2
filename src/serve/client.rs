//! Asks a running crawler for its store's rows.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::error::ServeError;
use super::socket;
use super::wire::{self, Answer, Stranger};
use crate::store::{Snapshot, Tree};

/// The longest that the crawler is waited for, between two pieces of its answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest chunk that is taken: one whose last entry is as long as a row may be.
const MAX_CHUNK_LEN_BYTES: u32 = 65 << 20;

/// The rows of these trees, as the bta that runs in `run_dir` has them now.
///
/// # Errors
/// It does not answer, speaks another version, or closes its store meanwhile.
pub fn snapshot(run_dir: &Path, trees: &[Tree]) -> Result<Snapshot, ServeError> {
    let mut asked = Asked::connect(run_dir)?;
    // If it hangs up at once, it has said why before.
    let _ = asked.stream.write_all(&wire::request(trees));
    match wire::answer(&asked.array()?) {
        Ok(Answer::Here) => {}
        Ok(Answer::Full) => return Err(ServeError::Full(run_dir.into())),
        Err(Stranger::Version(running)) => {
            return Err(ServeError::OtherVersion {
                path: run_dir.into(),
                running,
                own: wire::VERSION,
            });
        }
        // Our own version, refused as another one.
        Ok(Answer::OtherVersion) | Err(Stranger::Unknown) => {
            return Err(ServeError::Nonsense(run_dir.into()));
        }
    }
    let mut snapshot = Snapshot::default();
    loop {
        let [code] = asked.array()?;
        match (code, wire::tree(code)) {
            (wire::END, _) => return Ok(snapshot),
            (wire::CUT, _) => return Err(ServeError::Gone(run_dir.into())),
            (_, Some(tree)) => snapshot.add(tree, &asked.chunk()?)?,
            (_, None) => return Err(ServeError::Nonsense(run_dir.into())),
        }
    }
}

/// Whether somebody answers in `run_dir`.
pub fn is_there(run_dir: &Path) -> bool {
    socket::connect(run_dir).is_ok()
}

/// A connection to a running crawler.
struct Asked<'a> {
    stream: UnixStream,
    run_dir: &'a Path,
}

impl Asked<'_> {
    fn connect(run_dir: &Path) -> Result<Asked<'_>, ServeError> {
        let connected = socket::connect(run_dir).and_then(|stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Ok(stream)
        });
        match connected {
            Ok(stream) => Ok(Asked { stream, run_dir }),
            Err(error) => Err(match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                    ServeError::Absent(run_dir.into())
                }
                _ => socket_error(run_dir, error),
            }),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ServeError> {
        let mut bytes = [0; N];
        let read = self.stream.read_exact(&mut bytes);
        read.map_err(|error| self.failed(error))?;
        Ok(bytes)
    }

    fn chunk(&mut self) -> Result<Vec<u8>, ServeError> {
        let len = u32::from_be_bytes(self.array()?);
        if len > MAX_CHUNK_LEN_BYTES {
            return Err(ServeError::Nonsense(self.run_dir.into()));
        }
        // No more memory than bytes that came.
        let mut bytes = Vec::new();
        let mut chunk = (&mut self.stream).take(len.into());
        match chunk.read_to_end(&mut bytes) {
            Ok(read) if read == len as usize => Ok(bytes),
            Ok(_) => Err(ServeError::Gone(self.run_dir.into())),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// A bta that is killed hangs up in the middle.
    fn failed(&self, error: io::Error) -> ServeError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => ServeError::Gone(self.run_dir.into()),
            _ => socket_error(self.run_dir, error),
        }
    }
}

fn socket_error(run_dir: &Path, source: io::Error) -> ServeError {
    ServeError::Io {
        path: socket::path(run_dir),
        source,
    }
}
