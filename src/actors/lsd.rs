//! Lsd: our neighbours on the local network, one actor a family.
//!
//! Owns: the group's sockets, and when each torrent is announced there.
//! Receives: [`Follow`], [`Unfollow`], [`Close`]. Sends: [`PeersFound`] to Swarms.
//! Stops when: told to.
//! When full: addresses that a Swarm does not take are dropped and logged; their
//! owners announce themselves again.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use futures_util::stream;
use slog::{Logger, debug, info, warn};

use crate::clock::Clock;
use crate::net::{Multicast, Network};
use crate::protocol::address::{IpFamily, canonical};
use crate::protocol::info_hash::InfoHash;
use crate::protocol::lsd::{DATAGRAM_BYTES, Heard, Neighbours, Settings};
use crate::swarm::facts::Source;
use crate::swarm::pace::Pace;

use super::dht::{Follow, Unfollow};
use super::lifesigns::{self, LifeSigns, Turned};
use super::supervision::{Die, Lifeline};
use super::swarm::PeersFound;

/// After an error of the socket it is read again after this.
const READ_RETRY: Duration = Duration::from_secs(1);

/// Root -> Lsd: end.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Close;

/// What an Lsd needs to begin, and to begin again.
#[derive(Clone)]
pub struct LsdPlan {
    /// Over which family.
    pub family: IpFamily,
    /// The address that we are bound to; none: on all interfaces.
    pub own: Option<IpAddr>,
    /// Where peers may connect; none: nowhere, and nothing is announced.
    pub announced_port: Option<u16>,
    /// Joins the group.
    pub network: Network,
    /// Whether the network is there.
    pub signs: LifeSigns,
    /// The rhythm of the run.
    pub pace: Pace,
}

/// Our neighbours on the local network.
pub struct Lsd {
    plan: LsdPlan,
    neighbours: Neighbours,
    finds: BTreeMap<InfoHash, Recipient<PeersFound>>,
    group: Option<Arc<Multicast>>,
    reading: Option<SpawnHandle>,
    timer: Option<SpawnHandle>,
    clock: Clock,
    log: Logger,
    lifeline: Lifeline,
}

/// A datagram to the group.
struct Arriving {
    from: SocketAddr,
    bytes: Vec<u8>,
}

impl Lsd {
    /// One that follows no torrent yet.
    pub fn new(plan: LsdPlan, clock: Clock, log: &Logger, lifeline: Lifeline) -> Self {
        let neighbours = Neighbours::new(Settings {
            family: plan.family,
            port: plan.announced_port,
            cookie: rand::random(),
            interval: plan.pace.lsd_interval(),
            gap: plan.pace.lsd_gap(),
        });
        Lsd {
            neighbours,
            finds: BTreeMap::new(),
            group: None,
            reading: None,
            timer: None,
            clock,
            log: log.new(slog::o!("lsd" => format!("{:?}", plan.family))),
            plan,
            lifeline,
        }
    }

    /// Joins the group on the interfaces that there are now.
    fn join(&mut self, ctx: &mut Context<Self>) {
        let group = Neighbours::group(self.plan.family);
        let joined = self.plan.network.multicast(group, self.plan.own);
        if let Some(before) = self.reading.take() {
            ctx.cancel_future(before);
        }
        self.group = joined
            .inspect_err(|error| debug!(self.log, "no local discovery"; "error" => %error))
            .ok()
            .map(Arc::new);
        if let Some(group) = &self.group {
            self.reading = Some(ctx.add_stream(arriving(Arc::clone(group))));
        }
    }

    /// Joins anew: interfaces come and go.
    fn rejoin(&mut self, ctx: &mut Context<Self>) {
        self.join(ctx);
        debug!(self.log, "neighbours"; "announces" => ?self.neighbours.counts());
    }

    /// Announces what is due, and sets the timer.
    fn drive(&mut self, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        while let Some(announce) = self.neighbours.poll_transmit(now) {
            if let Some(group) = self.group.clone() {
                // Not a future of the actor: an actor polls all of its own at each message.
                actix_rt::spawn(async move { group.send(&announce).await });
            }
        }
        if let Some(before) = self.timer.take() {
            ctx.cancel_future(before);
        }
        if let Some(due) = self.neighbours.poll_timeout() {
            let wait = due.since(now).max(Duration::from_millis(1));
            self.timer = Some(ctx.run_later(wait, |it, ctx| {
                it.timer = None;
                it.drive(ctx);
            }));
        }
    }

    fn found(&self, heard: &Heard) {
        for info_hash in &heard.info_hashes {
            let found = PeersFound {
                source: Source::Lsd,
                addresses: vec![heard.address],
            };
            let sent = self.finds.get(info_hash).map(|it| it.try_send(found));
            if let Some(Err(refused)) = sent {
                warn!(self.log, "the swarm is busy: a neighbour was dropped"; "error" => %refused);
            }
        }
    }
}

/// Datagrams as they come; what is longer than any of use to us is cut off.
fn arriving(group: Arc<Multicast>) -> impl futures_util::Stream<Item = Arriving> {
    stream::unfold(group, |group| async move {
        let mut buffer = [0; DATAGRAM_BYTES];
        loop {
            match group.recv_from(&mut buffer).await {
                Ok((read, from)) => {
                    let (from, bytes) = (canonical(from), buffer[..read].to_vec());
                    return Some((Arriving { from, bytes }, group));
                }
                Err(_) => tokio::time::sleep(READ_RETRY).await,
            }
        }
    })
}

impl Actor for Lsd {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.join(ctx);
        let interfaces = self.group.as_ref().map_or(0, |it| it.interfaces());
        info!(self.log, "local discovery"; "interfaces" => interfaces);
        ctx.run_interval(self.plan.pace.lsd_interval(), Self::rejoin);
        ctx.add_stream(lifesigns::turned(self.plan.signs.turns()));
    }
}

/// An interface that was gone has left the group.
impl StreamHandler<Turned> for Lsd {
    fn handle(&mut self, _: Turned, ctx: &mut Self::Context) {
        if !self.plan.signs.is_down(self.plan.family) {
            self.rejoin(ctx);
        }
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

impl StreamHandler<Arriving> for Lsd {
    fn handle(&mut self, Arriving { from, bytes }: Arriving, _: &mut Self::Context) {
        let now = self.clock.now();
        if let Some(heard) = self.neighbours.handle_datagram(now, from, &bytes) {
            self.found(&heard);
        }
    }

    /// A group that is left ends no actor.
    fn finished(&mut self, _: &mut Self::Context) {}
}

impl Handler<Follow> for Lsd {
    type Result = ();

    fn handle(&mut self, follow: Follow, ctx: &mut Self::Context) {
        self.neighbours.follow(self.clock.now(), follow.info_hash);
        // A Swarm that died has a successor.
        self.finds.insert(follow.info_hash, follow.finds);
        self.drive(ctx);
    }
}

impl Handler<Unfollow> for Lsd {
    type Result = ();

    fn handle(&mut self, Unfollow(info_hash): Unfollow, ctx: &mut Self::Context) {
        self.neighbours.unfollow(info_hash);
        self.finds.remove(&info_hash);
        self.drive(ctx);
    }
}

impl Handler<Close> for Lsd {
    type Result = ();

    fn handle(&mut self, _: Close, ctx: &mut Self::Context) {
        self.lifeline.finish();
        ctx.stop();
    }
}

impl Handler<Die> for Lsd {
    type Result = ();

    fn handle(&mut self, _: Die, _: &mut Self::Context) {
        panic!("local discovery was asked to die");
    }
}
