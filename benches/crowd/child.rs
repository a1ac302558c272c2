//! The crowd's process: one thread, one poll, no more system calls than must be.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use bta::net::limits::raise_descriptor_limit;
use bta::protocol::info_hash::InfoHash;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use socket2::{Domain, Socket, Type};

use super::orders::{Flow, Order, Sent, Stats};
use super::peers::{HAVE_BYTES, Peer};
use super::{Plan, peer_at, tracker, wall_ns};

/// Connections that wait to be accepted: as many as the kernel gives.
const BACKLOG: i32 = 65_535;

/// A flow is looked after so often.
const STEP: Duration = Duration::from_millis(2);

const LISTENER: Token = Token(usize::MAX);
const ORDERS: Token = Token(usize::MAX - 1);

struct Connection {
    socket: TcpStream,
    peer: usize,
    greeted: bool,
    /// What the other side had no room for.
    unsent: Vec<u8>,
}

struct Crowd {
    plan: Plan,
    info_hash: InfoHash,
    poll: Poll,
    listener: TcpListener,
    peers: Vec<Peer>,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    stats: Stats,
    /// From each HAVE of a threshold to the end of its session, in nanoseconds.
    farewells: Vec<u64>,
    flow: Option<Flowing>,
    scratch: Vec<u8>,
}

struct Flowing {
    flow: Flow,
    sent: Sent,
    /// Whose turn it is.
    next: usize,
    /// There is more to be sent than one round could.
    is_behind: bool,
}

/// Plays a crowd until its orders end.
pub(super) fn play(plan: &Plan, info_hash: InfoHash) {
    raise_descriptor_limit().unwrap();
    let poll = Poll::new().unwrap();
    let mut listener = listen();
    let port = listener.local_addr().unwrap().port();
    let tracker = tracker::serve(plan.peers, port);
    let registry = poll.registry();
    registry
        .register(&mut listener, LISTENER, Interest::READABLE)
        .unwrap();
    let waker = Arc::new(Waker::new(registry, ORDERS).unwrap());
    let mut crowd = Crowd {
        plan: plan.clone(),
        info_hash,
        poll,
        listener,
        peers: Peer::all(plan),
        connections: Vec::new(),
        free: Vec::new(),
        stats: Stats::default(),
        farewells: Vec::new(),
        flow: None,
        scratch: Vec::new(),
    };
    println!("{port} {tracker}");
    crowd.run(&orders(waker));
}

/// One port takes whoever dials any address of this host.
fn listen() -> TcpListener {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    // What is accepted inherits it.
    socket.set_tcp_nodelay(true).unwrap();
    socket.set_nonblocking(true).unwrap();
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    socket.bind(&any.into()).unwrap();
    socket.listen(BACKLOG).unwrap();
    TcpListener::from_std(socket.into())
}

fn orders(waker: Arc<Waker>) -> Receiver<Order> {
    let (orders, received) = mpsc::channel();
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            orders.send(line.parse().unwrap()).unwrap();
            waker.wake().unwrap();
        }
        std::process::exit(0);
    });
    received
}

impl Crowd {
    fn run(&mut self, orders: &Receiver<Order>) {
        let mut events = Events::with_capacity(1024);
        loop {
            let timeout = self.flow.as_ref().map(|it| match it.is_behind {
                true => Duration::ZERO,
                false => STEP,
            });
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled.unwrap(),
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(),
                    ORDERS => orders.try_iter().for_each(|it| self.obey(&it)),
                    Token(number) => {
                        if event.is_writable() {
                            self.write(number);
                        }
                        if event.is_readable() {
                            self.read(number, event.is_read_closed());
                        }
                    }
                }
            }
            self.go_on();
        }
    }

    fn accept(&mut self) {
        while let Ok((mut socket, _)) = self.listener.accept() {
            self.stats.accepted += 1;
            if self.stats.accepted_ns == 0 {
                self.stats.accepted_ns = wall_ns();
            }
            let Ok(SocketAddr::V4(own)) = socket.local_addr() else {
                continue;
            };
            let peer = peer_at(*own.ip());
            let number = self.free.pop().unwrap_or(self.connections.len());
            let registry = self.poll.registry();
            registry
                .register(&mut socket, Token(number), Interest::READABLE)
                .unwrap();
            let connection = Connection {
                socket,
                peer,
                greeted: false,
                unsent: Vec::new(),
            };
            match self.connections.get_mut(number) {
                Some(place) => *place = Some(connection),
                None => self.connections.push(Some(connection)),
            }
        }
    }

    fn read(&mut self, number: usize, closed: bool) {
        let mut buffer = [0; 2048];
        loop {
            let Some(Some(connection)) = self.connections.get_mut(number) else {
                return;
            };
            match connection.socket.read(&mut buffer) {
                Ok(0) => return self.close(number),
                Ok(length) => {
                    if !connection.greeted && !self.greet(number, &buffer[..length]) {
                        self.stats.strange += 1;
                        return self.close(number);
                    }
                    if length < buffer.len() && !closed {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.close(number),
            }
        }
    }

    /// Answers a handshake; false: it is none for this torrent.
    fn greet(&mut self, number: usize, handshake: &[u8]) -> bool {
        let Some(Some(connection)) = self.connections.get_mut(number) else {
            return true;
        };
        let wanted = handshake.get(28..48) == Some(&self.info_hash.0[..]);
        let Some(peer) = self.peers.get_mut(connection.peer).filter(|_| wanted) else {
            return false;
        };
        connection.greeted = true;
        self.stats.greeted += 1;
        self.stats.greeted_ns = wall_ns();
        self.stats.visited += u64::from(!peer.visited);
        peer.visited = true;
        peer.connection = Some(number);
        self.scratch.clear();
        peer.greet(connection.peer, self.info_hash, &mut self.scratch);
        self.send(number);
        true
    }

    /// Sends what is in the scratch buffer.
    fn send(&mut self, number: usize) {
        let Some(Some(connection)) = self.connections.get_mut(number) else {
            return;
        };
        let written = connection.socket.write(&self.scratch).unwrap_or_default();
        if written < self.scratch.len() {
            connection
                .unsent
                .extend_from_slice(&self.scratch[written..]);
            self.watch(number, Interest::READABLE | Interest::WRITABLE);
        }
    }

    fn write(&mut self, number: usize) {
        let Some(Some(connection)) = self.connections.get_mut(number) else {
            return;
        };
        let written = connection.socket.write(&connection.unsent);
        connection.unsent.drain(..written.unwrap_or_default());
        if connection.unsent.is_empty() {
            connection.unsent = Vec::new();
            self.watch(number, Interest::READABLE);
        }
    }

    fn watch(&mut self, number: usize, interest: Interest) {
        if let Some(Some(connection)) = self.connections.get_mut(number) {
            let registry = self.poll.registry();
            registry
                .reregister(&mut connection.socket, Token(number), interest)
                .unwrap();
        }
    }

    fn close(&mut self, number: usize) {
        if let Some(connection) = self.connections[number].take() {
            let now = wall_ns();
            self.stats.closed_ns = now;
            self.free.push(number);
            if let Some(peer) = self.peers.get_mut(connection.peer)
                && peer.connection == Some(number)
            {
                peer.connection = None;
                if peer.crossed_ns > 0 {
                    self.farewells.push(now - peer.crossed_ns);
                }
            }
        }
    }

    fn obey(&mut self, order: &Order) {
        match *order {
            Order::Have { messages, most } => {
                let mut sent = Sent::begun();
                for peer in 0..self.peers.len() {
                    self.have(peer, messages, most, &mut sent);
                }
                sent.to_ns = wall_ns();
                println!("{}", sent.line());
            }
            Order::Flow(flow) => {
                self.flow = Some(Flowing {
                    flow,
                    sent: Sent::begun(),
                    next: 0,
                    is_behind: true,
                });
            }
            Order::Crossings => {
                let crossed = self.peers.iter().enumerate();
                let crossed = crossed.filter(|it| it.1.crossed_ns > 0);
                let crossed = crossed.map(|(peer, it)| format!("{peer}:{}", it.crossed_ns));
                println!("{}", crossed.collect::<Vec<_>>().join(" "));
            }
            Order::Farewells => {
                let farewells = self.farewells.iter().map(u64::to_string);
                println!("{}", farewells.collect::<Vec<_>>().join(" "));
            }
            Order::Stats => {
                let open = self.connections.len() - self.free.len();
                self.stats.open = open as u64;
                println!("{}", self.stats.line());
            }
            Order::Anew => {
                self.stats = Stats::default();
                self.farewells.clear();
                self.peers.iter_mut().for_each(Peer::begin_anew);
                println!();
            }
        }
    }

    /// One peer sends HAVE messages in one write, if it has said all that it had to.
    fn have(&mut self, peer: usize, messages: u16, most: u16, sent: &mut Sent) {
        let Some(number) = self.peers[peer].connection else {
            return;
        };
        let connection = self.connections[number].as_ref();
        if connection.is_none_or(|it| !it.unsent.is_empty()) {
            sent.refused += 1;
            return;
        }
        self.scratch.clear();
        let (it, threshold) = (&mut self.peers[peer], self.plan.threshold);
        let before = it.held;
        let messages = it.have(messages, most, &mut self.scratch);
        if messages == 0 {
            return;
        }
        debug_assert_eq!(self.scratch.len(), usize::from(messages) * HAVE_BYTES);
        if before < threshold && it.held >= threshold {
            it.crossed_ns = wall_ns();
        }
        self.send(number);
        sent.messages += u64::from(messages);
    }

    /// The flow's share of this moment.
    fn go_on(&mut self) {
        let Some(mut flowing) = self.flow.take() else {
            return;
        };
        let now = wall_ns();
        let Flow {
            per_second,
            millis,
            batch,
            most,
        } = flowing.flow;
        let since = now - flowing.sent.from_ns;
        let due = u128::from(per_second) * u128::from(since) / 1_000_000_000;
        // One round at most, so that whoever dials or leaves has its turn.
        for _ in 0..self.peers.len() {
            if u128::from(flowing.sent.messages) >= due {
                break;
            }
            self.have(flowing.next, batch, most, &mut flowing.sent);
            flowing.next = (flowing.next + 1) % self.peers.len();
        }
        if since >= millis * 1_000_000 {
            flowing.sent.to_ns = now;
            println!("{}", flowing.sent.line());
            return;
        }
        flowing.is_behind = u128::from(flowing.sent.messages) < due;
        self.flow = Some(flowing);
    }
}

impl Sent {
    fn begun() -> Sent {
        Sent {
            messages: 0,
            refused: 0,
            from_ns: wall_ns(),
            to_ns: 0,
        }
    }
}
