//! How a link comes about, and what it counts as when it does not.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use crate::moment::Moment;
use crate::net::{BoxLink, Incoming};
use crate::protocol::peer::encryption::Cipher;
use crate::protocol::peer::{Conversation, Transport, Way, Wrapping};
use crate::swarm::facts::Outcome;

use super::PeerContext;

/// A link, and what was read from it already.
type Dialled = io::Result<(BoxLink, Vec<u8>)>;

/// A link in the making.
pub(super) struct Dialling(Pin<Box<dyn Future<Output = Dialled>>>);

/// The same, and how long it may take.
pub(super) struct Attempt {
    pub(super) dialling: Dialling,
    pub(super) deadline: Moment,
}

impl Dialling {
    pub(super) fn until(self, deadline: Moment) -> Box<Attempt> {
        Box::new(Attempt {
            dialling: self,
            deadline,
        })
    }

    pub(super) fn poll(&mut self, task: &mut TaskContext<'_>) -> Poll<Dialled> {
        self.0.as_mut().poll(task)
    }
}

/// We dial.
pub(super) fn dial(context: &PeerContext, to: SocketAddr, way: Way) -> Dialling {
    let (network, utp) = (context.network.clone(), context.utp.clone());
    let from = context.bind.iter().find(|ip| ip.is_ipv4() == to.is_ipv4());
    let from = from.copied();
    Dialling(Box::pin(async move {
        let link = match way.transport {
            Transport::Tcp => network.connect(from, to).await?,
            Transport::Utp => Box::new(utp.connect(to).await?),
        };
        Ok((link, Vec::new()))
    }))
}

/// What we say first over a link that we dialled.
pub(super) fn opening(
    context: &PeerContext,
    now: Moment,
    to: SocketAddr,
    way: Way,
) -> Conversation {
    let greeting = Arc::clone(&context.greeting);
    match way.wrapping {
        Wrapping::Plain => Conversation::dial(now, greeting, to.ip()),
        Wrapping::Encrypted => Conversation::dial_encrypted(now, greeting, to.ip(), rand::random()),
    }
}

/// What we answer over a link that they dialled.
pub(super) fn answer(
    context: &PeerContext,
    now: Moment,
    from: SocketAddr,
    cipher: Option<Box<Cipher>>,
) -> Conversation {
    let greeting = Arc::clone(&context.greeting);
    match cipher {
        None => Conversation::accept(now, greeting, from.ip()),
        Some(it) => Conversation::accept_encrypted(now, greeting, from.ip(), it),
    }
}

/// They dialled: the socket is bound to this arbiter's reactor.
pub(super) fn accept(incoming: Incoming, head: Vec<u8>) -> Dialling {
    Dialling(Box::pin(async move { Ok((incoming.open()?, head)) }))
}

/// What a contact without a link counts as.
pub(super) fn outcome(kind: io::ErrorKind) -> Outcome {
    match kind {
        io::ErrorKind::TimedOut => Outcome::TimedOut,
        io::ErrorKind::ConnectionRefused => Outcome::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Outcome::Reset,
        io::ErrorKind::HostUnreachable => Outcome::NoRoute,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => Outcome::Unreachable,
        _ => Outcome::LocalError,
    }
}
