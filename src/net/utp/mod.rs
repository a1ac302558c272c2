//! uTP over the datagram sockets of the listening port: the machine of
//! [`crate::protocol::utp`], with a socket and a clock.
//!
//! A handle may be cloned and used on any thread. Whoever reads the socket gives what
//! is no message of the DHT to [`Utp::receive`]; packets go out at once, from
//! whichever thread makes them, and one that the socket has no room for is lost, as
//! datagrams are. A task of its own keeps the time: sessions do not depend on who reads
//! the socket, and outlive one that dies.

mod link;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::sync::{Notify, mpsc, oneshot};

pub use link::UtpLink;

use super::Datagrams;
use crate::clock::Clock;
use crate::moment::Moment;
use crate::protocol::utp::{DialNumber, Endpoint, Event, Failure, Key};

/// Connections that wait to be accepted; further ones are reset.
const BACKLOG: usize = 256;

/// uTP at up to one socket a family. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Utp {
    sockets: Vec<UtpSocket>,
}

impl Utp {
    /// At these sockets.
    pub fn over(sockets: Vec<UtpSocket>) -> Self {
        Utp { sockets }
    }

    /// Whether there is no socket at all.
    pub fn is_silent(&self) -> bool {
        self.sockets.is_empty()
    }

    /// Opens a stream; the caller bounds the time. If both sides dial at the same
    /// moment there are two streams.
    ///
    /// # Errors
    /// `ConnectionRefused` by a RESET, `TimedOut` after 20 s without an answer,
    /// `Unsupported` where there is no socket of that family.
    pub async fn connect(&self, to: SocketAddr) -> io::Result<UtpLink> {
        let socket = self.socket_for(to).ok_or(io::ErrorKind::Unsupported)?;
        socket.connect(to).await
    }

    /// A datagram has come that is none of the DHT.
    pub fn receive(&self, from: SocketAddr, datagram: &[u8]) {
        if let Some(UtpSocket(shared)) = self.socket_for(from) {
            shared.act(|state, now| state.endpoint.handle_input(now, from, datagram));
        }
    }

    fn socket_for(&self, remote: SocketAddr) -> Option<&UtpSocket> {
        self.sockets
            .iter()
            .find(|it| it.0.is_v4 == remote.is_ipv4())
    }
}

/// uTP at one datagram socket.
#[derive(Clone)]
pub struct UtpSocket(Arc<Shared>);

impl UtpSocket {
    /// Speaks uTP at a socket, and lets in who knocks if there is to be an acceptor.
    /// `seed` is what is drawn from. Needs a running runtime.
    ///
    /// # Errors
    /// The socket has no address.
    pub fn open(
        socket: Arc<Datagrams>,
        clock: Clock,
        seed: [u8; 32],
    ) -> io::Result<(Self, UtpAcceptor)> {
        Self::start(socket, clock, Endpoint::new(true, seed))
    }

    /// Speaks uTP at a socket, and refuses who knocks.
    ///
    /// # Errors
    /// As [`UtpSocket::open`].
    pub fn closed(socket: Arc<Datagrams>, clock: Clock, seed: [u8; 32]) -> io::Result<Self> {
        Ok(Self::start(socket, clock, Endpoint::new(false, seed))?.0)
    }

    fn start(
        socket: Arc<Datagrams>,
        clock: Clock,
        endpoint: Endpoint,
    ) -> io::Result<(Self, UtpAcceptor)> {
        let at = socket.local_addr()?;
        let (incoming, queue) = mpsc::channel(BACKLOG);
        let alarm = Arc::new(Notify::new());
        let state = State {
            endpoint,
            waiting: HashMap::new(),
            dials: HashMap::new(),
            planned: None,
        };
        let shared = Arc::new(Shared {
            socket,
            clock,
            is_v4: at.is_ipv4(),
            state: Mutex::new(state),
            incoming,
            alarm: Arc::clone(&alarm),
        });
        let weak = Arc::downgrade(&shared);
        tokio::spawn(async move {
            while let Some(next) = weak.upgrade().map(|it| it.plan()) {
                match next {
                    None => alarm.notified().await,
                    Some(at) => tokio::select! {
                        () = tokio::time::sleep_until(clock.instant(at)) => {}
                        () = alarm.notified() => {}
                    },
                }
                if let Some(shared) = weak.upgrade() {
                    shared.act(|state, now| state.endpoint.handle_timeout(now));
                }
            }
        });
        let queue = tokio::sync::Mutex::new(queue);
        Ok((UtpSocket(shared), UtpAcceptor { at, queue }))
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<UtpLink> {
        let (told, answer) = oneshot::channel();
        let number = self.0.act(|state, now| {
            let number = state.endpoint.dial(now, to);
            state.dials.insert(number, told);
            number
        });
        let _dialling = Dialling {
            shared: &self.0,
            number,
        };
        answer
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
    }
}

impl fmt::Debug for UtpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UtpSocket({:?})", self.0.socket)
    }
}

/// A dial that nobody waits for any longer is hung up.
struct Dialling<'a> {
    shared: &'a Arc<Shared>,
    number: DialNumber,
}

impl Drop for Dialling<'_> {
    fn drop(&mut self) {
        self.shared.act(|state, _| {
            state.dials.remove(&self.number);
            state.endpoint.hang_up(self.number);
        });
    }
}

/// Accepts streams at one socket. Like a listening socket it keeps those that nobody
/// has accepted yet.
pub struct UtpAcceptor {
    at: SocketAddr,
    queue: tokio::sync::Mutex<mpsc::Receiver<UtpLink>>,
}

impl UtpAcceptor {
    pub(super) async fn accept(&self) -> io::Result<(UtpLink, SocketAddr)> {
        let next = self.queue.lock().await.recv().await;
        let link = next.ok_or(io::ErrorKind::BrokenPipe)?;
        let from = link.peer_addr();
        Ok((link, from))
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.at
    }
}

impl fmt::Debug for UtpAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UtpAcceptor({})", self.at)
    }
}

/// What all handles and streams of one socket share.
struct Shared {
    socket: Arc<Datagrams>,
    clock: Clock,
    is_v4: bool,
    state: Mutex<State>,
    incoming: mpsc::Sender<UtpLink>,
    /// Wakes the one who keeps the time.
    alarm: Arc<Notify>,
}

struct State {
    endpoint: Endpoint,
    waiting: HashMap<Key, Waiting>,
    dials: HashMap<DialNumber, oneshot::Sender<io::Result<UtpLink>>>,
    /// When the one who keeps the time wakes by itself.
    planned: Option<Moment>,
}

/// Who waits for a connection.
#[derive(Default)]
struct Waiting {
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the next timer is due, which is noted.
    fn plan(&self) -> Option<Moment> {
        let mut state = self.lock();
        state.planned = state.endpoint.poll_timeout();
        state.planned
    }

    /// Does something with the machine, and then what follows from it.
    fn act<T>(self: &Arc<Self>, what: impl FnOnce(&mut State, Moment) -> T) -> T {
        let now = self.clock.now();
        let mut events = Vec::new();
        let mut datagrams = Vec::new();
        let mut state = self.lock();
        let answer = what(&mut state, now);
        while let Some(datagram) = state.endpoint.poll_transmit() {
            datagrams.push(datagram);
        }
        while let Some(event) = state.endpoint.poll_event() {
            events.push(state.follow(event));
        }
        let next = state.endpoint.poll_timeout();
        let early = next.is_some_and(|next| state.planned.is_none_or(|planned| next < planned));
        drop(state);
        // From here on without the lock: whoever is told may ask again at once.
        for (to, datagram) in datagrams {
            // One that is lost is sent again.
            let _ = self.socket.try_send_to(&datagram, to);
        }
        for consequence in events {
            self.tell(consequence);
        }
        if early {
            self.alarm.notify_one();
        }
        answer
    }

    fn tell(self: &Arc<Self>, consequence: Consequence) {
        let link = |key| UtpLink::new(Arc::clone(self), key);
        match consequence {
            Consequence::Wake(waiting) => {
                let both = [waiting.reader, waiting.writer];
                both.into_iter().flatten().for_each(Waker::wake);
            }
            // One that nobody waits for any longer is closed by falling.
            Consequence::Connected(told, key) => match told {
                Some(told) => drop(told.send(Ok(link(key)))),
                None => drop(link(key)),
            },
            Consequence::Failed(told, kind) => {
                drop(told.map(|told| told.send(Err(kind.into()))));
            }
            Consequence::Incoming(key) => {
                if let Err(error) = self.incoming.try_send(link(key)) {
                    error.into_inner().reset();
                }
            }
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.alarm.notify_one();
    }
}

/// What is to be done about an event.
enum Consequence {
    Wake(Waiting),
    Connected(Option<oneshot::Sender<io::Result<UtpLink>>>, Key),
    Failed(Option<oneshot::Sender<io::Result<UtpLink>>>, io::ErrorKind),
    Incoming(Key),
}

impl State {
    fn follow(&mut self, event: Event) -> Consequence {
        match event {
            Event::Changed(key) => Consequence::Wake(self.waiting.remove(&key).unwrap_or_default()),
            Event::Connected(number, key) => {
                Consequence::Connected(self.dials.remove(&number), key)
            }
            Event::Failed(number, failure) => {
                let kind = match failure {
                    Failure::Reset => io::ErrorKind::ConnectionRefused,
                    Failure::Silent => io::ErrorKind::TimedOut,
                };
                Consequence::Failed(self.dials.remove(&number), kind)
            }
            Event::Incoming(key) => Consequence::Incoming(key),
        }
    }
}
