//! Listener: accepts connections, plain and encrypted ones, and hands each to the Swarm
//! that it asks for.
//!
//! Owns: the accepting sockets, and at the same port those for datagrams: what is of
//! the DHT goes there, all else to uTP, whose streams are accepted like TCP's.
//! Receives: [`SwarmIs`], [`DhtIs`], [`RecorderIs`], [`Close`].
//! Sends: [`Arrived`] to Swarms; [`Datagram`] to the Dht of the
//! family; counters of those that reach no Swarm to the Recorder.
//! Stops when: told to.
//! When full: it accepts no further while `GREETINGS` connections are still to say
//! what they want; a connection that a Swarm has no room for is closed and counted; a
//! datagram that a Dht has no room for is lost, as datagrams are.

mod datagrams;
mod greeting;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use futures_util::stream;
use slog::{Logger, debug, warn};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::clock::Clock;
use crate::net::utp::Utp;
use crate::net::{Acceptor, Datagrams, Incoming};
use crate::protocol::address::IpFamily;
use crate::protocol::address::{AddressPolicy, canonical};
use crate::protocol::info_hash::InfoHash;
use crate::protocol::peer::Encryption;
use crate::protocol::peer::encryption::SharedKeys;
use crate::protocol::peer::family::Family;
use crate::store::Record;
use crate::store::records::OutcomeRow;
use crate::swarm::book::Tally;
use crate::swarm::facts::{Attempt, Outcome, TorrentNumber};

use super::dht::Datagram;
use super::lifesigns::LifeSigns;
use super::recorder::{Load, Write};
use super::supervision::{Die, Lifeline};
use super::swarm::{Arrived, RecorderIs, RecorderLinks};
pub use greeting::Caller;
use greeting::greet;

/// Connections that have not yet said what they want, at most.
const GREETINGS: usize = 256;

/// How often the counters are sent to the Recorder.
const TICK: Duration = Duration::from_secs(1);

/// After an error of accept (no descriptors), the next try comes after this.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Root -> Listener: who answers for this torrent.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct SwarmIs {
    /// The torrent.
    pub info_hash: InfoHash,
    /// Its Swarm.
    pub swarm: Recipient<Arrived>,
}

/// Root -> Listener: who answers for the DHT of this family.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct DhtIs {
    /// The family.
    pub family: IpFamily,
    /// Its Dht.
    pub dht: Recipient<Datagram>,
}

/// Root -> Listener: accept no more, and end.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Close;

/// A connection that was accepted.
struct Accepted {
    result: io::Result<(Incoming, SocketAddr)>,
    permit: OwnedSemaphorePermit,
}

/// A connection that said what it wants, or did not.
#[derive(Message)]
#[rtype(result = "()")]
struct Greeted {
    remote: SocketAddr,
    result: Result<(Caller, InfoHash), Outcome>,
    _permit: OwnedSemaphorePermit,
}

/// Where connections are accepted. Root keeps it too, so that a port stays ours
/// when a Listener dies.
#[derive(Clone, Debug, Default)]
pub struct Ports {
    /// For TCP and for uTP, at most one of each a family.
    pub acceptors: Vec<Arc<Acceptor>>,
    /// For UDP, at the same addresses, as far as they were free; at most one a family.
    pub datagrams: Vec<Arc<Datagrams>>,
    /// uTP at those.
    pub utp: Utp,
}

/// Who is let in.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Nobody whom this excludes.
    pub policy: AddressPolicy,
    /// Who speaks like this.
    pub encryption: Encryption,
    /// Who says within this time what it wants.
    pub timeout: Duration,
}

/// Accepts connections.
pub struct Listener {
    ports: Ports,
    admission: Admission,
    greetings: Arc<Semaphore>,
    swarms: HashMap<InfoHash, Recipient<Arrived>>,
    /// The same torrents, as encrypted callers ask for them.
    torrents: Arc<SharedKeys>,
    dhts: HashMap<IpFamily, Recipient<Datagram>>,
    tally: Tally,
    recorder: RecorderLinks,
    signs: LifeSigns,
    clock: Clock,
    log: Logger,
    lifeline: Lifeline,
}

impl Listener {
    /// A listener at `ports`.
    pub fn new(
        ports: Ports,
        admission: Admission,
        recorder: RecorderLinks,
        signs: LifeSigns,
        clock: Clock,
        log: Logger,
        lifeline: Lifeline,
    ) -> Self {
        Listener {
            ports,
            admission,
            greetings: Arc::new(Semaphore::new(GREETINGS)),
            swarms: HashMap::new(),
            torrents: Arc::default(),
            dhts: HashMap::new(),
            tally: Tally::default(),
            recorder,
            signs,
            clock,
            log,
            lifeline,
        }
    }

    /// An incoming connection that no Swarm takes.
    fn count(&mut self, outcome: Outcome) {
        let now = self.clock.now();
        self.tally
            .ended(now, Attempt::Incoming, Family::Other, outcome);
    }

    fn store_counters(&mut self, ctx: &mut Context<Self>) {
        let changed = self.tally.take_outcomes();
        if changed.is_empty() {
            return;
        }
        let rows = changed.iter().map(|(key, count)| {
            let row = OutcomeRow {
                hour: key.hour,
                counted: key.counted,
                family: key.family.label().into(),
                outcome: key.outcome,
                count: *count,
            };
            Record::Outcome(TorrentNumber(0), row)
        });
        let (done, receipt) = oneshot::channel();
        // If it is not taken the reply falls, here as later.
        let _ = self.recorder.writes.try_send(Write {
            records: rows.collect(),
            done: Some(done),
        });
        let keys: Vec<_> = changed.into_iter().map(|it| it.0).collect();
        ctx.spawn(receipt.into_actor(self).map(move |answer, it, _| {
            if answer.is_err() {
                it.tally.untake(&keys, &[]);
            }
        }));
    }
}

impl Actor for Listener {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let load = self.recorder.loads.send(Load(TorrentNumber(0)));
        ctx.wait(load.into_actor(self).map(|loaded, it, ctx| {
            let Ok(Ok(loaded)) = loaded else {
                // Without its counters it would begin anew at 0; Root tries again.
                return ctx.stop();
            };
            for row in &loaded.outcomes {
                let key = super::swarm::outcome_key(row);
                it.tally.restore_outcome(key, row.count);
            }
            for acceptor in it.ports.acceptors.clone() {
                ctx.add_stream(accepting(acceptor, Arc::clone(&it.greetings)));
            }
            for socket in it.ports.datagrams.clone() {
                ctx.add_stream(datagrams::arriving(socket));
            }
            ctx.run_interval(TICK, Self::store_counters);
        }));
    }
}

/// Connections as they come, while there is room for their greetings.
fn accepting(
    acceptor: Arc<Acceptor>,
    greetings: Arc<Semaphore>,
) -> impl futures_util::Stream<Item = Accepted> {
    stream::unfold((acceptor, greetings), |(acceptor, greetings)| async move {
        let permit = Arc::clone(&greetings).acquire_owned().await.ok()?;
        let result = acceptor.accept().await;
        if result.is_err() {
            tokio::time::sleep(ACCEPT_RETRY).await;
        }
        Some((Accepted { result, permit }, (acceptor, greetings)))
    })
}

impl StreamHandler<Accepted> for Listener {
    fn handle(&mut self, accepted: Accepted, ctx: &mut Self::Context) {
        let (incoming, remote) = match accepted.result {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(self.log, "a connection could not be accepted"; "error" => %error);
                return self.count(Outcome::LocalError);
            }
        };
        self.signs.heard(self.clock.now(), remote);
        if self.admission.policy.excludes(remote.ip()) {
            return self.count(Outcome::Excluded);
        }
        let (timeout, permit) = (self.admission.timeout, accepted.permit);
        let greeting = greet(
            incoming,
            self.admission.encryption,
            Arc::clone(&self.torrents),
        );
        let listener = ctx.address();
        // Not a future of the actor: an actor polls all of its own at each message.
        actix_rt::spawn(async move {
            let result = tokio::time::timeout(timeout, greeting).await;
            let greeted = Greeted {
                remote: canonical(remote),
                result: result.unwrap_or(Err(Outcome::TimedOut)),
                _permit: permit,
            };
            // The Listener waits for nothing: its mailbox has room in time.
            let _ = listener.send(greeted).await;
        });
    }
}

impl Handler<Greeted> for Listener {
    type Result = ();

    fn handle(&mut self, greeted: Greeted, _: &mut Self::Context) {
        let (caller, info_hash) = match greeted.result {
            Ok(greeted) => greeted,
            Err(outcome) => return self.count(outcome),
        };
        let Some(swarm) = self.swarms.get(&info_hash) else {
            debug!(self.log, "somebody asks for an unknown torrent");
            return self.count(Outcome::UnknownInfoHash);
        };
        let remote = greeted.remote;
        let arrived = Arrived { caller, remote };
        if swarm.try_send(arrived).is_err() {
            self.count(Outcome::NoSlot);
        }
    }
}

impl Handler<SwarmIs> for Listener {
    type Result = ();

    fn handle(&mut self, it: SwarmIs, _: &mut Self::Context) {
        if self.swarms.insert(it.info_hash, it.swarm).is_none() {
            Arc::make_mut(&mut self.torrents).insert(it.info_hash);
        }
    }
}

impl Handler<DhtIs> for Listener {
    type Result = ();

    fn handle(&mut self, it: DhtIs, _: &mut Self::Context) {
        self.dhts.insert(it.family, it.dht);
    }
}

impl Handler<RecorderIs> for Listener {
    type Result = ();

    fn handle(&mut self, RecorderIs(links): RecorderIs, _: &mut Self::Context) {
        self.recorder = links;
    }
}

impl Handler<Close> for Listener {
    type Result = ();

    fn handle(&mut self, _: Close, ctx: &mut Self::Context) {
        self.store_counters(ctx);
        self.lifeline.finish();
        ctx.stop();
    }
}

impl Handler<Die> for Listener {
    type Result = ();

    fn handle(&mut self, _: Die, _: &mut Self::Context) {
        panic!("the listener was asked to die");
    }
}
