//! A stream of bytes between two virtual hosts.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::Core;
use crate::moment::Moment;

/// Bytes under way in one direction; a writer waits when they are reached.
const WINDOW_BYTES: usize = 64 << 10;

/// One end of a stream between two virtual hosts. Dropping it lets the other
/// end read what is under way, then the end of the stream.
pub struct MemoryLink {
    core: Arc<Core>,
    local: SocketAddr,
    remote: SocketAddr,
    incoming: Arc<Pipe>,
    outgoing: Arc<Pipe>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// One direction of a stream.
struct Pipe {
    latency: Duration,
    state: Mutex<PipeState>,
}

#[derive(Default)]
struct PipeState {
    /// What is under way, in the order of arrival.
    chunks: VecDeque<Chunk>,
    buffered: usize,
    /// When the end of the stream arrives.
    ends: Option<Moment>,
    reader_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

struct Chunk {
    arrives: Moment,
    bytes: Vec<u8>,
    read: usize,
}

pub(super) fn pair(
    core: &Arc<Core>,
    a: SocketAddr,
    b: SocketAddr,
    latency: Duration,
) -> (MemoryLink, MemoryLink) {
    let pipe = || {
        let state = Mutex::default();
        Arc::new(Pipe { latency, state })
    };
    let (to_b, to_a) = (pipe(), pipe());
    let end = |local, remote, incoming: &Arc<Pipe>, outgoing: &Arc<Pipe>| MemoryLink {
        core: Arc::clone(core),
        local,
        remote,
        incoming: Arc::clone(incoming),
        outgoing: Arc::clone(outgoing),
        timer: None,
    };
    (end(a, b, &to_a, &to_b), end(b, a, &to_b, &to_a))
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, PipeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, now: Moment) {
        let mut state = self.lock();
        state.ends.get_or_insert(now + self.latency);
        wake(&mut state.reader);
    }
}

impl MemoryLink {
    /// This end's address.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The other end's address.
    pub fn peer_addr(&self) -> SocketAddr {
        self.remote
    }
}

impl AsyncRead for MemoryLink {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            {
                let mut net = this.core.lock();
                if !net.connected(this.local.ip(), this.remote.ip()) {
                    net.stalled.push(context.waker().clone());
                    return Poll::Pending;
                }
            }
            let now = this.core.now();
            let due = {
                let mut pipe = this.incoming.lock();
                if pipe.read(now, buffer) {
                    return Poll::Ready(Ok(()));
                }
                let next = pipe.chunks.front().map(|chunk| chunk.arrives).or(pipe.ends);
                match next {
                    Some(due) if due <= now => return Poll::Ready(Ok(())),
                    Some(due) => due,
                    None => {
                        pipe.reader = Some(context.waker().clone());
                        return Poll::Pending;
                    }
                }
            };
            let due = this.core.clock.instant(due);
            let timer = this
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
            if timer.deadline() != due {
                timer.as_mut().reset(due);
            }
            ready!(timer.as_mut().poll(context));
            this.timer = None;
        }
    }
}

impl PipeState {
    /// Moves what has arrived into `buffer`; false if there is nothing.
    fn read(&mut self, now: Moment, buffer: &mut ReadBuf<'_>) -> bool {
        let before = buffer.filled().len();
        while let Some(chunk) = self.chunks.front_mut().filter(|it| it.arrives <= now) {
            let rest = &chunk.bytes[chunk.read..];
            let taken = rest.len().min(buffer.remaining());
            if taken == 0 {
                break;
            }
            buffer.put_slice(&rest[..taken]);
            chunk.read += taken;
            self.buffered -= taken;
            if chunk.read == chunk.bytes.len() {
                self.chunks.pop_front();
            }
        }
        wake(&mut self.writer);
        buffer.filled().len() > before
    }
}

impl AsyncWrite for MemoryLink {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let arrives = self.core.now() + self.outgoing.latency;
        let mut pipe = self.outgoing.lock();
        if pipe.ends.is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        // As with a real socket, the first writes to one who is gone succeed.
        if pipe.reader_gone || bytes.is_empty() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let room = WINDOW_BYTES - pipe.buffered;
        if room == 0 {
            pipe.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        let bytes = bytes[..bytes.len().min(room)].to_vec();
        let written = bytes.len();
        pipe.buffered += written;
        pipe.chunks.push_back(Chunk {
            arrives,
            bytes,
            read: 0,
        });
        wake(&mut pipe.reader);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.end(self.core.now());
        Poll::Ready(Ok(()))
    }
}

impl Drop for MemoryLink {
    fn drop(&mut self) {
        self.outgoing.end(self.core.now());
        let mut incoming = self.incoming.lock();
        incoming.reader_gone = true;
        incoming.chunks.clear();
        incoming.buffered = 0;
        wake(&mut incoming.writer);
    }
}

impl fmt::Debug for MemoryLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryLink({} -> {})", self.local, self.remote)
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
