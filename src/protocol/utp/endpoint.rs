//! All connections at one datagram socket.
//!
//! Who knocks costs nothing until it has proved its address: the number in our answer
//! to a SYN is a keyed hash of what it said, and only the first packet that
//! acknowledges that number makes a connection. An initiator speaks first in
//! BitTorrent, so it always sends one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::connection::{Connection, Failure, Numbers, difference, timestamp};
use super::dials::{DialNumber, Dials};
use super::limits::{CONNECTIONS, FIRST_PACKETS, RECEIVE_BYTES};
use super::packet::{Header, Kind, Packet};
use crate::moment::Moment;

/// A connection: the other side's address, and our number for it.
pub type Key = (SocketAddr, u16);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A dial succeeded.
    Connected(DialNumber, Key),
    /// A dial failed: refused, or without an answer.
    Failed(DialNumber, Failure),
    /// Somebody has connected.
    Incoming(Key),
    /// There may be something to read, room to write, or an end.
    Changed(Key),
}

/// All connections at one datagram socket.
#[derive(Debug)]
pub struct Endpoint {
    random: StdRng,
    secret: [u8; 32],
    /// Whether those who knock are let in.
    is_open: bool,
    connections: BTreeMap<Key, Connection>,
    dials: Dials,
    /// When somebody was heard last.
    heard: Option<Moment>,
    timers: BTreeSet<(Moment, Timer)>,
    out: VecDeque<(SocketAddr, Vec<u8>)>,
    events: VecDeque<Event>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Connection(Key),
    Dial(DialNumber),
}

impl Endpoint {
    /// One that lets in who knocks, or refuses them. All that it draws comes of `seed`.
    pub fn new(is_open: bool, seed: [u8; 32]) -> Self {
        let mut random = StdRng::from_seed(seed);
        Endpoint {
            secret: random.random(),
            random,
            is_open,
            connections: BTreeMap::new(),
            dials: Dials::default(),
            heard: None,
            timers: BTreeSet::new(),
            out: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// How many connections there are, those that nobody holds any longer included.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Connects to an address.
    pub fn dial(&mut self, now: Moment, to: SocketAddr) -> DialNumber {
        let number = self.dials.begin(now, to);
        self.knock(now, number, to);
        number
    }

    /// Sends a SYN with numbers of its own.
    fn knock(&mut self, now: Moment, number: DialNumber, to: SocketAddr) {
        let mut id = self.random.random();
        // There are few to one address.
        while self.connections.contains_key(&(to, id)) || self.dials.has(&(to, id)) {
            id = self.random.random();
        }
        let syn = Header {
            kind: Kind::Syn,
            connection: id,
            timestamp_us: timestamp(now),
            difference_us: 0,
            window_bytes: RECEIVE_BYTES as u32,
            sequence: self.random.random(),
            acknowledged: 0,
        };
        self.dials.knock(number, id, syn.sequence);
        self.out.push_back((to, syn.encode(&[], &[])));
        if let Some(dial) = self.dials.dial(number) {
            self.timers.insert((dial.due(), Timer::Dial(number)));
        }
    }

    /// Forgets a dial.
    pub fn hang_up(&mut self, number: DialNumber) {
        if let Some(dial) = self.dials.remove(number) {
            self.timers.remove(&(dial.due(), Timer::Dial(number)));
        }
    }

    fn fail(&mut self, number: DialNumber, failure: Failure) {
        self.hang_up(number);
        self.events.push_back(Event::Failed(number, failure));
    }

    /// A datagram has come; anything that is no uTP packet is ignored.
    pub fn handle_input(&mut self, now: Moment, from: SocketAddr, datagram: &[u8]) {
        let Some(packet) = Packet::parse(datagram) else {
            return;
        };
        let header = packet.header;
        let key = (from, header.connection);
        match header.kind {
            Kind::Syn => return self.answer(now, from, &header),
            Kind::Reset => return self.handle_reset(now, from, &packet),
            _ => {}
        }
        if self.connections.contains_key(&key)
            || self.connect(now, key, &header)
            || self.accept(now, key, &header)
        {
            self.heard = Some(now);
            self.change(now, key, |it| it.handle_input(now, &packet));
        } else {
            self.refuse(from, &header);
        }
    }

    /// A RESET has the number that we, or that they, know the connection by.
    fn handle_reset(&mut self, now: Moment, from: SocketAddr, packet: &Packet<'_>) {
        let id = packet.header.connection;
        let acknowledged = packet.header.acknowledged;
        if let Some(number) = self.dials.answered(&(from, id), acknowledged) {
            return self.fail(number, Failure::Reset);
        }
        for ours in [id, id.wrapping_add(1), id.wrapping_sub(1)] {
            let of = |it: &Connection| ours == id || it.send_id() == id;
            if self.connections.get(&(from, ours)).is_some_and(of) {
                return self.change(now, (from, ours), |it| it.handle_input(now, packet));
            }
        }
    }

    /// Answers a SYN.
    fn answer(&mut self, now: Moment, from: SocketAddr, syn: &Header) {
        if !self.is_open || self.connections.len() >= CONNECTIONS {
            return self.refuse(from, syn);
        }
        let state = Header {
            kind: Kind::State,
            connection: syn.connection,
            timestamp_us: timestamp(now),
            difference_us: difference(now, syn),
            window_bytes: RECEIVE_BYTES as u32,
            sequence: self.proof(from, syn.connection, syn.sequence),
            acknowledged: syn.sequence,
        };
        self.out.push_back((from, state.encode(&[], &[])));
    }

    /// The number that only who gets our answers can know.
    fn proof(&self, from: SocketAddr, id: u16, sequence: u16) -> u16 {
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        match from.ip() {
            std::net::IpAddr::V4(ip) => hasher.update(&ip.octets()),
            std::net::IpAddr::V6(ip) => hasher.update(&ip.octets()),
        };
        for part in [from.port(), id, sequence] {
            hasher.update(&part.to_be_bytes());
        }
        let hash = hasher.finalize();
        u16::from_be_bytes([hash.as_bytes()[0], hash.as_bytes()[1]])
    }

    /// Whether it is the first packet of one who has our answer to its SYN, or one that
    /// has overtaken it.
    fn accept(&mut self, now: Moment, key: Key, first: &Header) -> bool {
        let send_id = key.1.wrapping_sub(1);
        let next = first.acknowledged.wrapping_add(1);
        let syns = (1..=FIRST_PACKETS).map(|back| first.sequence.wrapping_sub(back));
        let proved = |syn: &u16| self.proof(key.0, send_id, *syn) == next;
        let knocks =
            self.is_open && first.kind == Kind::Data && self.connections.len() < CONNECTIONS;
        let Some(syn) = syns.into_iter().filter(|_| knocks).find(proved) else {
            return false;
        };
        let numbers = Numbers {
            send_id,
            next,
            acknowledged: syn,
        };
        self.connections
            .insert(key, Connection::new(now, numbers, first));
        self.events.push_back(Event::Incoming(key));
        true
    }

    /// Whether it is the answer to a SYN of ours.
    fn connect(&mut self, now: Moment, key: Key, first: &Header) -> bool {
        let answered = self.dials.answered(&key, first.acknowledged);
        let Some(number) = answered.filter(|_| first.kind == Kind::State) else {
            return false;
        };
        self.hang_up(number);
        let numbers = Numbers {
            send_id: key.1.wrapping_add(1),
            next: first.acknowledged.wrapping_add(1),
            // It has the number of their first packet with payload.
            acknowledged: first.sequence.wrapping_sub(1),
        };
        self.connections
            .insert(key, Connection::new(now, numbers, first));
        self.events.push_back(Event::Connected(number, key));
        true
    }

    /// Answers a packet of a connection that we know nothing of. As long as what it
    /// answers, at most: nobody gains by forging the sender.
    fn refuse(&mut self, to: SocketAddr, packet: &Header) {
        let connection = match packet.kind {
            // A late answer to a SYN of ours: libtorrent heeds only its own number.
            Kind::State => packet.connection.wrapping_add(1),
            _ => packet.connection,
        };
        let acknowledged = match packet.kind {
            Kind::State => packet.sequence.wrapping_sub(1),
            _ => packet.sequence,
        };
        let reset = Header {
            kind: Kind::Reset,
            connection,
            timestamp_us: 0,
            difference_us: 0,
            window_bytes: 0,
            sequence: packet.acknowledged.wrapping_add(1),
            acknowledged,
        };
        self.out.push_back((to, reset.encode(&[], &[])));
    }

    /// Bytes for the reader of a connection: how many, none if it must wait.
    ///
    /// # Errors
    /// The connection has failed, and all that came before was read.
    pub fn read(
        &mut self,
        now: Moment,
        key: Key,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, Failure> {
        let connection = self.connections.get_mut(&key).ok_or(Failure::Reset)?;
        let read = connection.read(buffer);
        self.settle(now, key);
        read
    }

    /// Takes bytes to be sent: how many, none if the writer must wait.
    ///
    /// # Errors
    /// The connection has failed, or was finished.
    pub fn write(&mut self, now: Moment, key: Key, bytes: &[u8]) -> Result<Option<usize>, Failure> {
        let connection = self.connections.get_mut(&key).ok_or(Failure::Reset)?;
        let written = connection.write(bytes);
        self.settle(now, key);
        written
    }

    /// Nothing more will be written to a connection.
    pub fn finish(&mut self, now: Moment, key: Key) {
        self.change(now, key, Connection::finish);
    }

    /// Nobody holds a connection any longer: what was written still goes out.
    pub fn leave(&mut self, now: Moment, key: Key) {
        self.change(now, key, |it| it.leave(now));
    }

    /// Nobody takes a connection: its other side is told so.
    pub fn abort(&mut self, now: Moment, key: Key) {
        self.change(now, key, |it| {
            it.leave(now);
            it.abort();
        });
    }

    /// When [`Endpoint::handle_timeout`] is to be called.
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.timers.first().map(|it| it.0)
    }

    /// What is due now.
    pub fn handle_timeout(&mut self, now: Moment) {
        let heard = self.heard;
        while let Some((_, timer)) = self.timers.first().copied().filter(|it| it.0 <= now) {
            match timer {
                Timer::Connection(key) => self.change(now, key, |it| it.handle_timeout(now, heard)),
                Timer::Dial(number) => {
                    self.timers.pop_first();
                    match self.dials.dial(number) {
                        Some(dial) if !dial.is_exhausted() => self.knock(now, number, dial.to()),
                        _ => self.fail(number, Failure::Silent),
                    }
                }
            }
        }
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.out.pop_front()
    }

    /// What happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn change(&mut self, now: Moment, key: Key, what: impl FnOnce(&mut Connection)) {
        if let Some(connection) = self.connections.get_mut(&key) {
            what(connection);
            self.events.push_back(Event::Changed(key));
            self.settle(now, key);
        }
    }

    /// Sends what a connection has to say, and sets its timer anew.
    fn settle(&mut self, now: Moment, key: Key) {
        let Some(connection) = self.connections.get_mut(&key) else {
            return;
        };
        let mut packets = Vec::new();
        connection.transmit(now, &mut packets);
        self.out.extend(packets.into_iter().map(|it| (key.0, it)));
        let over = connection.is_over(now);
        let due = connection.poll_timeout().filter(|_| !over);
        let set = std::mem::replace(connection.timer(), due);
        if set != due {
            set.map(|at| self.timers.remove(&(at, Timer::Connection(key))));
            due.map(|at| self.timers.insert((at, Timer::Connection(key))));
        }
        if over {
            self.connections.remove(&key);
        }
    }
}
