//! A stream of bytes over uTP.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Shared;
use crate::protocol::utp::{Failure, Key};

/// A stream of bytes over uTP. Dropping it closes it; what was written still goes out.
pub struct UtpLink {
    shared: Arc<Shared>,
    key: Key,
}

impl UtpLink {
    pub(super) fn new(shared: Arc<Shared>, key: Key) -> Self {
        UtpLink { shared, key }
    }

    /// The other end's address.
    pub fn peer_addr(&self) -> SocketAddr {
        self.key.0
    }

    /// Closes it by a RESET: nobody takes it.
    pub(super) fn reset(self) {
        self.shared
            .act(|state, now| state.endpoint.abort(now, self.key));
    }
}

fn error(failure: Failure) -> io::Error {
    let kind = match failure {
        Failure::Reset => io::ErrorKind::ConnectionReset,
        Failure::Silent => io::ErrorKind::TimedOut,
    };
    io::Error::new(kind, failure)
}

impl AsyncRead for UtpLink {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let key = self.key;
        let read = self.shared.act(|state, now| {
            let read = state.endpoint.read(now, key, buffer.initialize_unfilled());
            if let Ok(None) = read {
                state.waiting.entry(key).or_default().reader = Some(context.waker().clone());
            }
            read
        });
        match read {
            Ok(None) => Poll::Pending,
            Ok(Some(len)) => {
                buffer.advance(len);
                Poll::Ready(Ok(()))
            }
            Err(failure) => Poll::Ready(Err(error(failure))),
        }
    }
}

impl AsyncWrite for UtpLink {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let key = self.key;
        let written = self.shared.act(|state, now| {
            let written = state.endpoint.write(now, key, bytes);
            if let Ok(None) = written {
                state.waiting.entry(key).or_default().writer = Some(context.waker().clone());
            }
            written
        });
        match written {
            Ok(None) => Poll::Pending,
            Ok(Some(len)) => Poll::Ready(Ok(len)),
            Err(failure) => Poll::Ready(Err(error(failure))),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared
            .act(|state, now| state.endpoint.finish(now, self.key));
        Poll::Ready(Ok(()))
    }
}

impl Drop for UtpLink {
    fn drop(&mut self) {
        self.shared.act(|state, now| {
            state.waiting.remove(&self.key);
            state.endpoint.leave(now, self.key);
        });
    }
}

impl fmt::Debug for UtpLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UtpLink({})", self.key.0)
    }
}
