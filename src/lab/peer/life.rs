//! A peer's life: it arrives, listens, announces, connects, and leaves.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;

use super::connection::{Connection, FAREWELL, Present};
use super::doors::{Dialler, Doors};
use super::session::Session;
use super::{Known, Plan};
use crate::clock::Clock;
use crate::lab::dht::Dht;
use crate::lab::gossip::Gossip;
use crate::lab::pace::Pace;
use crate::lab::tracker::Tracker;
use crate::lab::tracker::registry::{Announce, Event};
use crate::lab::witness::{Via, Witness};
use crate::moment::Moment;
use crate::net::{Acceptor, BoxLink, Network};

/// Connections of one peer at a time.
const CONNECTIONS: usize = 8;
/// Guests that a peer keeps in mind.
const GUESTS: usize = 16;
/// A peer connects to a guest that it hears of within this time.
const FIRST_DIAL: Duration = Duration::from_secs(2);
/// After a connection ended, or failed; and to the next announce, where nobody says
/// when that should be.
const NEXT_DIAL: Duration = Duration::from_secs(60);
/// After an error of the socket.
const PAUSE: Duration = Duration::from_millis(100);

/// What all peers of a lab share.
#[derive(Debug)]
pub(in crate::lab) struct World {
    pub(in crate::lab) network: Network,
    pub(in crate::lab) clock: Clock,
    pub(in crate::lab) pace: Pace,
    pub(in crate::lab) trackers: Vec<Arc<Tracker>>,
    pub(in crate::lab) dht: Dht,
    pub(in crate::lab) gossip: Gossip,
    pub(in crate::lab) witness: Witness,
}

/// Lives a peer's whole life.
pub(in crate::lab) async fn live(world: Arc<World>, mut plan: Plan) {
    let arrival = world.clock.instant(plan.arrives);
    tokio::time::sleep_until(arrival).await;
    let doors = Doors::open(&world.network, world.clock, &mut plan).await;
    let life = Life {
        rng: SmallRng::seed_from_u64(plan.seed),
        next_announce: plan.arrives,
        completes: plan.completion(),
        plan: Arc::new(plan),
        event: Event::Started,
        guests: BTreeMap::new(),
        present: Arc::default(),
        connections: JoinSet::new(),
        dialler: doors.dialler.clone(),
        world,
    };
    life.run(doors).await;
}

struct Life {
    world: Arc<World>,
    plan: Arc<Plan>,
    rng: SmallRng,
    event: Event,
    next_announce: Moment,
    completes: Option<Moment>,
    /// Guests, and when to connect to each.
    guests: BTreeMap<SocketAddr, Moment>,
    /// Who is connected.
    present: Present,
    connections: JoinSet<()>,
    dialler: Dialler,
}

impl Life {
    async fn run(mut self, mut doors: Doors) {
        let [first, second] = std::mem::take(&mut doors.acceptors);
        let (info_hash, address) = (self.plan.torrent.info_hash, self.plan.address);
        if self.plan.known == Known::Peers {
            let number = self.plan.number;
            self.world.gossip.join(info_hash, address, number);
        }
        loop {
            let now = self.world.clock.now();
            // Also who leaves the moment it completes says that it did.
            self.announce_if_due(now);
            if self.plan.leaves.is_some_and(|it| it <= now) {
                break;
            }
            self.dial_if_due(now);
            let room = self.connections.len() < CONNECTIONS;
            let wake = self.world.clock.instant(self.next_wake());
            tokio::select! {
                link = accept(first.as_ref()), if room => self.accept(link, Via::First),
                link = accept(second.as_ref()), if room => self.accept(link, Via::Second),
                Some(_) = self.connections.join_next() => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
        drop((first, second));
        self.world.gossip.leave(&info_hash, &address);
        self.event = Event::Stopped;
        self.announce(self.world.clock.now());
        let rest = async { while self.connections.join_next().await.is_some() {} };
        // Who has not ended by then is cut off with the set.
        let _ = tokio::time::timeout(FAREWELL, rest).await;
    }

    fn next_wake(&self) -> Moment {
        let ends = self.plan.leaves.iter().chain(&self.completes);
        let due = ends.copied().chain([self.next_announce]);
        let alone = self.connections.is_empty() && self.plan.dials;
        let dials = self.guests.values().copied().filter(|_| alone);
        due.chain(dials).min().unwrap_or(self.next_announce)
    }

    fn announce_if_due(&mut self, now: Moment) {
        if self.completes.is_some_and(|it| it <= now) {
            self.completes = None;
            // Who completes before it has announced anything just starts.
            if self.event == Event::None {
                self.event = Event::Completed;
                self.next_announce = now;
            }
        }
        if self.next_announce <= now {
            self.announce(now);
        }
    }

    fn announce(&mut self, now: Moment) {
        let missing = self.plan.torrent.pieces - self.plan.curve.held(now);
        let announce = Announce {
            info_hash: self.plan.torrent.info_hash,
            address: self.plan.address,
            // No resident is handed out to itself: its address will do as a name.
            peer_id: resident_id(self.plan.number),
            left: u64::from(missing) * self.plan.torrent.piece_length,
            event: self.event,
            numwant: Some(200),
            resident: true,
            repeated: false,
        };
        let (mut interval, mut heard) = (self.world.pace.of(NEXT_DIAL), Vec::new());
        for (index, address) in self.plan.addresses().enumerate() {
            let event = match self.event {
                // One peer completes once.
                Event::Completed if index > 0 => Event::None,
                event => event,
            };
            let announce = Announce {
                address,
                event,
                ..announce
            };
            for &tracker in &self.plan.trackers {
                if let Some(answer) = self.world.trackers[tracker].announce(&announce) {
                    interval = answer.interval;
                    heard.extend(answer.guests);
                }
            }
            // The DHT knows no goodbye.
            if self.plan.dht && self.event != Event::Stopped {
                let (dht, info_hash) = (&self.world.dht, announce.info_hash);
                dht.announce(info_hash, address, self.plan.number);
                heard.extend(dht.guests(&info_hash));
            }
        }
        for guest in heard {
            if self.guests.len() < GUESTS {
                let delay = self.world.pace.of(FIRST_DIAL).mul_f64(self.rng.random());
                self.guests.entry(guest).or_insert(now + delay);
            }
        }
        if self.plan.known == Known::Trackers {
            self.world.witness.announced(self.plan.number, now);
        }
        self.event = Event::None;
        self.next_announce = now + interval.mul_f64(self.rng.random_range(1.0..1.2));
    }

    fn accept(&mut self, link: BoxLink, via: Via) {
        let (now, seed) = (self.world.clock.now(), self.rng.random());
        let session = Session::accept(self.plan.clone(), self.world.pace, seed, now);
        let connection = Connection::new(&self.world, &self.plan, &self.present, session);
        self.connections.spawn(connection.accepted(link, via));
    }

    /// Connects to one guest, if no connection is open: bta is one peer, from
    /// wherever it comes.
    fn dial_if_due(&mut self, now: Moment) {
        if !self.plan.dials || !self.connections.is_empty() {
            return;
        }
        let Some((&guest, due)) = self.guests.iter_mut().find(|(_, due)| **due <= now) else {
            return;
        };
        *due = now + self.world.pace.of(NEXT_DIAL);
        let (plan, pace, seed) = (self.plan.clone(), self.world.pace, self.rng.random());
        let session = Session::dial(plan, pace, seed, now);
        let connection = Connection::new(&self.world, &self.plan, &self.present, session);
        self.connections
            .spawn(connection.dial(self.dialler.clone(), guest));
    }
}

/// Never one that bta or a real client would use.
fn resident_id(number: usize) -> [u8; 20] {
    let mut id = *b"resident of the lab\0";
    id[12..].copy_from_slice(&(number as u64).to_be_bytes());
    id
}

async fn accept(acceptor: Option<&Acceptor>) -> BoxLink {
    let Some(acceptor) = acceptor else {
        return std::future::pending().await;
    };
    loop {
        match acceptor.accept().await.and_then(|(it, _)| it.open()) {
            Ok(link) => return link,
            // Its causes (descriptors) need time to go.
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
