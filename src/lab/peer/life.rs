//! A peer's life: it arrives, listens, announces, connects, and leaves.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use super::ending::Ending;
use super::session::Session;
use super::{Plan, Reach};
use crate::clock::Clock;
use crate::lab::pace::Pace;
use crate::lab::tracker::Tracker;
use crate::lab::tracker::registry::{Announce, Event};
use crate::lab::witness::Witness;
use crate::moment::Moment;
use crate::net::{Acceptor, BoxLink, Network};
use crate::protocol::peer::PeerId;

/// Connections of one peer at a time.
const CONNECTIONS: usize = 8;
/// Guests that a peer keeps in mind.
const GUESTS: usize = 16;
/// A peer connects to a guest that it hears of within this time.
const FIRST_DIAL: Duration = Duration::from_secs(2);
/// After a connection ended, or failed.
const NEXT_DIAL: Duration = Duration::from_secs(60);
/// Opening a connection, and trying encryption.
const DIAL_WAIT: Duration = Duration::from_secs(10);
/// A peer closes its connections itself when it leaves; this is for the rest.
const FAREWELL: Duration = Duration::from_millis(500);

/// What all peers of a lab share.
#[derive(Debug)]
pub(in crate::lab) struct World {
    pub(in crate::lab) network: Network,
    pub(in crate::lab) clock: Clock,
    pub(in crate::lab) pace: Pace,
    pub(in crate::lab) trackers: Vec<Arc<Tracker>>,
    pub(in crate::lab) witness: Witness,
}

/// Lives a peer's whole life.
pub(in crate::lab) async fn live(world: Arc<World>, mut plan: Plan) {
    let arrival = world.clock.instant(plan.arrives);
    tokio::time::sleep_until(arrival).await;
    let acceptor = match plan.reach {
        Reach::Firewalled | Reach::Dead => None,
        Reach::Open | Reach::Full | Reach::Mute => listen(&world.network, &mut plan).await,
    };
    let life = Life {
        rng: SmallRng::seed_from_u64(plan.seed),
        next_announce: plan.arrives,
        completes: plan.completion(),
        plan: Arc::new(plan),
        event: Event::Started,
        guests: BTreeMap::new(),
        present: Arc::default(),
        connections: JoinSet::new(),
        world,
    };
    life.run(acceptor).await;
}

/// Another program may sit on the port: then any other will do.
async fn listen(network: &Network, plan: &mut Plan) -> Option<Acceptor> {
    for port in [plan.address.port(), 0] {
        let at = SocketAddr::new(plan.address.ip(), port);
        if let Ok(acceptor) = network.listen(at).await {
            plan.address = acceptor.local_addr().ok()?;
            return Some(acceptor);
        }
    }
    None
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
    present: Arc<Mutex<Vec<PeerId>>>,
    connections: JoinSet<()>,
}

impl Life {
    async fn run(mut self, acceptor: Option<Acceptor>) {
        loop {
            let now = self.world.clock.now();
            if self.plan.leaves.is_some_and(|it| it <= now) {
                break;
            }
            self.announce_if_due(now);
            self.dial_if_due(now);
            let wake = self.world.clock.instant(self.next_wake());
            tokio::select! {
                incoming = accept(acceptor.as_ref()), if self.connections.len() < CONNECTIONS => {
                    self.accept(incoming);
                }
                Some(_) = self.connections.join_next() => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
        drop(acceptor);
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
        };
        let mut interval = NEXT_DIAL;
        for &tracker in &self.plan.trackers {
            let Some(answer) = self.world.trackers[tracker].announce(&announce) else {
                continue;
            };
            interval = answer.interval;
            for guest in answer.guests {
                if self.guests.len() < GUESTS {
                    let delay = self.world.pace.of(FIRST_DIAL).mul_f64(self.rng.random());
                    self.guests.entry(guest).or_insert(now + delay);
                }
            }
        }
        self.world.witness.announced(self.plan.number, now);
        self.event = Event::None;
        self.next_announce = now + interval.mul_f64(self.rng.random_range(1.0..1.2));
    }

    fn accept(&mut self, link: Option<BoxLink>) {
        let Some(link) = link else { return };
        let now = self.world.clock.now();
        self.world.witness.contacted(self.plan.number, now);
        let session = Session::accept(self.plan.clone(), self.world.pace, self.rng.random(), now);
        let connection = Connection::new(self, session);
        self.connections.spawn(connection.run(link));
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
        let connection = Connection::new(self, session);
        self.connections.spawn(connection.dial(guest));
    }
}

/// Never one that bta or a real client would use.
fn resident_id(number: usize) -> [u8; 20] {
    let mut id = *b"resident of the lab\0";
    id[12..].copy_from_slice(&(number as u64).to_be_bytes());
    id
}

async fn accept(acceptor: Option<&Acceptor>) -> Option<BoxLink> {
    match acceptor {
        None => std::future::pending().await,
        Some(acceptor) => acceptor.accept().await.and_then(|(it, _)| it.open()).ok(),
    }
}

/// One connection, moved along.
struct Connection {
    world: Arc<World>,
    plan: Arc<Plan>,
    present: Arc<Mutex<Vec<PeerId>>>,
    session: Session,
    /// What it entered into `present`.
    guest: Option<PeerId>,
    told: Option<u32>,
}

impl Connection {
    fn new(life: &Life, session: Session) -> Self {
        Connection {
            world: life.world.clone(),
            plan: life.plan.clone(),
            present: life.present.clone(),
            session,
            guest: None,
            told: None,
        }
    }

    async fn dial(self, guest: SocketAddr) {
        let wait = self.world.pace.of(DIAL_WAIT);
        let from = Some(self.plan.address.ip());
        if self.plan.client.habits().encrypts_first {
            let knock = async {
                let mut link = self.world.network.connect(from, guest).await?;
                // As the public key that opens MSE: nothing but noise.
                let mut rng = SmallRng::seed_from_u64(self.plan.seed);
                let noise: Vec<u8> = (0..96).map(|_| rng.random()).collect();
                link.write_all(&noise).await?;
                link.read(&mut [0; 1]).await
            };
            let _ = tokio::time::timeout(wait, knock).await;
        }
        let dial = self.world.network.connect(from, guest);
        if let Ok(Ok(link)) = tokio::time::timeout(wait, dial).await {
            self.run(link).await;
        }
    }

    async fn run(mut self, mut link: BoxLink) {
        let ending = self.exchange(&mut link).await;
        self.report();
        if !matches!(ending, Ending::ByGuest | Ending::Duplicate) {
            let farewell = async {
                link.write_all(self.session.transmit()).await?;
                link.shutdown().await
            };
            // The peer is going: nobody is left to be told of an error.
            let _ = tokio::time::timeout(FAREWELL, farewell).await;
        }
    }

    async fn exchange(&mut self, link: &mut BoxLink) -> Ending {
        let (mut reader, mut writer) = tokio::io::split(link);
        let mut buffer = [0; 1024];
        loop {
            let due = self.world.clock.instant(self.session.poll_timeout());
            let waiting = !self.session.transmit().is_empty();
            let step = tokio::select! {
                sent = writer.write(self.session.transmit()), if waiting => match sent {
                    Ok(len) if len > 0 => {
                        self.session.transmitted(len);
                        Ok(())
                    }
                    _ => Err(Ending::ByGuest),
                },
                read = reader.read(&mut buffer) => match read {
                    Ok(len) if len > 0 => {
                        let now = self.world.clock.now();
                        self.session.handle_input(now, &buffer[..len])
                    }
                    _ => Err(Ending::ByGuest),
                },
                () = tokio::time::sleep_until(due) => {
                    self.session.handle_timeout(self.world.clock.now())
                }
            };
            if let Err(ending) = step.and_then(|()| self.recognise()) {
                return ending;
            }
            self.report();
        }
    }

    /// One connection to each guest: the newer one goes.
    fn recognise(&mut self) -> Result<(), Ending> {
        let Some(guest) = self.session.guest_id().filter(|_| self.guest.is_none()) else {
            return Ok(());
        };
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if present.contains(&guest) {
            return Err(Ending::Duplicate);
        }
        present.push(guest);
        self.guest = Some(guest);
        let now = self.world.clock.now();
        self.world.witness.met(self.plan.number, now);
        Ok(())
    }

    fn report(&mut self) {
        let offences = self.session.take_offences();
        if !offences.is_empty() {
            self.world.witness.offended(&offences);
        }
        let told = self.session.told();
        if told != self.told && self.guest.is_some() {
            self.told = told;
            let below = told.is_none_or(|it| it < self.plan.torrent.threshold);
            let now = self.world.clock.now();
            self.world.witness.told(self.plan.number, below, now);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(guest) = self.guest {
            let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
            present.retain(|it| *it != guest);
        }
    }
}
