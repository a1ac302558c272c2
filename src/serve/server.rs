//! Server: hands the rows of the open store to who asks for them.
//!
//! Owns: the socket `bta.sock`, one thread with all who ask. It holds nothing of
//! the store but while one chunk is read, and drops who does not take a chunk in
//! time: neither the recorder nor another reader ever waits for a reader.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use slog::{Logger, debug, warn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, Semaphore, oneshot};

use super::error::ServeError;
use super::socket;
use super::wire::{self, Answer, Stranger};
use crate::store::chunk::Chunk;
use crate::store::{Live, StoreError, Tree};

/// So many are answered at a time; each holds one chunk in memory.
const READERS: usize = 4;
/// The time to say what is wanted, and to take one chunk.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a failed accept (no descriptors left).
const RETRY_AFTER: Duration = Duration::from_millis(100);
/// After each chunk nobody reads for so long: however many ask for however much,
/// the store is its writer's most of the time.
const REST: Duration = Duration::from_millis(5);
/// The crawl goes first where there is not time for both.
const NICENESS: i32 = 10;

/// Answers until it is dropped; then the socket is gone.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    inode: Option<u64>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers who asks at the socket in `run_dir` with what `live` shows. To be
    /// called by who holds the store there.
    ///
    /// # Errors
    /// The socket or the thread cannot be made.
    pub fn start(run_dir: &Path, live: Live, log: Logger) -> Result<Server, ServeError> {
        let path = socket::path(run_dir);
        let started = || {
            let listener = socket::listen(run_dir)?;
            listener.set_nonblocking(true)?;
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let (stop, stopped) = oneshot::channel::<()>();
            let thread = thread::Builder::new().name("bta-serve".into());
            let thread = thread.spawn(move || {
                // Of this thread alone; without it all works as well.
                let _ = rustix::process::nice(NICENESS);
                runtime.block_on(async {
                    tokio::select! {
                        _ = stopped => {}
                        failed = accept(listener, live, &log) => {
                            if let Err(failure) = failed {
                                warn!(log, "bta.sock is closed"; "error" => %failure);
                            }
                        }
                    }
                });
            })?;
            Ok((stop, thread))
        };
        match started() {
            Ok((stop, thread)) => Ok(Server {
                inode: socket::inode(&path),
                path,
                stop: Some(stop),
                thread: Some(thread),
            }),
            Err(source) => Err(ServeError::Io { path, source }),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The store is free by now: another bta may have put its own there.
        if socket::inode(&self.path) == self.inode {
            let _ = fs::remove_file(&self.path);
        }
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // What it panicked with stands on standard error.
            let _ = thread.join();
        }
    }
}

async fn accept(
    listener: std::os::unix::net::UnixListener,
    live: Live,
    log: &Logger,
) -> io::Result<()> {
    let listener = UnixListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(READERS));
    let desk = Arc::new(Desk {
        live,
        turn: Mutex::default(),
    });
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            tokio::time::sleep(RETRY_AFTER).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            // It fits into the socket's buffer, or its reader is gone.
            let _ = stream.try_write(&wire::hello(Answer::Full));
            continue;
        };
        let (desk, log) = (Arc::clone(&desk), log.clone());
        tokio::spawn(async move {
            match answer(&mut stream, &desk).await {
                Ok(()) => {}
                Err(Unanswered::Reader(failure)) => {
                    debug!(log, "a reader went away"; "error" => %failure);
                }
                Err(Unanswered::Store(failure)) => {
                    warn!(log, "a reader was not answered"; "error" => %failure);
                }
            }
            drop(place);
        });
    }
}

/// Where the store is read, by one at a time.
struct Desk {
    live: Live,
    turn: Mutex<()>,
}

impl Desk {
    async fn chunk(&self, tree: Tree, after: &[u8]) -> Option<Result<Chunk, StoreError>> {
        let _turn = self.turn.lock().await;
        let chunk = self.live.chunk(tree, after);
        tokio::time::sleep(REST).await;
        chunk
    }
}

/// Why somebody did not get all that was asked for.
enum Unanswered {
    Reader(io::Error),
    Store(StoreError),
}

impl From<io::Error> for Unanswered {
    fn from(error: io::Error) -> Self {
        Unanswered::Reader(error)
    }
}

async fn answer(stream: &mut UnixStream, desk: &Desk) -> Result<(), Unanswered> {
    let mut request = [0; wire::REQUEST_LEN_BYTES];
    in_time(stream.read_exact(&mut request)).await?;
    let trees = match wire::asked(&request) {
        Ok(trees) => trees,
        Err(Stranger::Version(_)) => {
            let hello = wire::hello(Answer::OtherVersion);
            return Ok(in_time(stream.write_all(&hello)).await?);
        }
        // Who speaks another language gets silence.
        Err(Stranger::Unknown) => return Ok(()),
    };
    in_time(stream.write_all(&wire::hello(Answer::Here))).await?;
    for tree in trees {
        if !send(stream, desk, tree).await? {
            return Ok(in_time(stream.write_all(&[wire::CUT])).await?);
        }
    }
    Ok(in_time(stream.write_all(&[wire::END])).await?)
}

/// A whole tree; false if the store was closed meanwhile.
async fn send(stream: &mut UnixStream, desk: &Desk, tree: Tree) -> Result<bool, Unanswered> {
    let mut after = Vec::new();
    loop {
        let Some(chunk) = desk.chunk(tree, &after).await else {
            return Ok(false);
        };
        let chunk = chunk.map_err(Unanswered::Store)?;
        if chunk.bytes.is_empty() {
            return Ok(true);
        }
        in_time(async {
            stream.write_all(&wire::head(tree, &chunk.bytes)).await?;
            stream.write_all(&chunk.bytes).await
        })
        .await?;
        after = chunk.last_key;
    }
}

async fn in_time<T>(what: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let done = tokio::time::timeout(PATIENCE, what).await;
    done.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
