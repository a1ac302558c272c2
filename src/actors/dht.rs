//! Dht: our node of the distributed hash table, one a family.
//!
//! Owns: the node, and when each torrent is looked up. Sends datagrams over the
//! listening port's socket; the Listener, which owns that socket, hands on what comes.
//! Receives: [`Datagram`], [`Follow`], [`Unfollow`], [`NodeNamed`], [`RecorderIs`],
//! [`Close`]. Sends: [`PeersFound`] to Swarms, a row to the Recorder for each lookup
//! and each scrape.
//! Stops when: told to, after its table is saved.
//! When full: datagrams are lost; addresses that a Swarm does not take are dropped
//! and logged, the next lookup names them again; so is a row that the Recorder does
//! not take.

mod messages;
mod rows;
mod state;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use rand::Rng;
use slog::{Logger, debug, info, warn};

use crate::clock::Clock;
use crate::moment::Moment;
use crate::protocol::dht::limits::{K, LOST_AFTER};
use crate::protocol::dht::{Event, LookupReport, Node, Settings};
use crate::protocol::info_hash::InfoHash;
use crate::swarm::facts::{Source, TorrentNumber};
use crate::swarm::outage::Asked;

use super::recorder::Write;
use super::supervision::{Die, Lifeline};
use super::swarm::{PeersFound, RecorderIs};
pub use messages::{Close, Datagram, DhtPlan, Follow, NodeNamed, Unfollow};

/// How often it is seen to what is due.
const TICK: Duration = Duration::from_secs(1);

/// How often the table is saved.
const SAVE_EVERY: Duration = Duration::from_secs(5 * 60);

/// Names of first nodes that are looked up at a time.
const RESOLVING: usize = 16;

/// A torrent that is looked up.
struct Followed {
    torrent: TorrentNumber,
    finds: Recipient<PeersFound>,
    /// None while it is looked up.
    due: Option<Moment>,
    announce_at: Moment,
    scrape_at: Moment,
}

/// Our node of the DHT of one family.
pub struct Dht {
    plan: DhtPlan,
    node: Node,
    followed: BTreeMap<InfoHash, Followed>,
    timer: Option<SpawnHandle>,
    join_at: Moment,
    join_wait: Duration,
    save_at: Moment,
    /// Our network is down: nobody owes us an answer.
    rests: bool,
    recorder: Recipient<Write>,
    clock: Clock,
    log: Logger,
    lifeline: Lifeline,
}

impl Dht {
    /// A node that begins with the table of the run before, if there is one.
    pub fn new(
        plan: DhtPlan,
        recorder: Recipient<Write>,
        clock: Clock,
        log: &Logger,
        lifeline: Lifeline,
    ) -> Self {
        let (now, family) = (clock.now(), plan.family);
        let settings = Settings {
            family,
            policy: plan.policy.clone(),
            read_only: plan.read_only,
        };
        let saved = plan.state.as_deref().and_then(|it| state::load(it, family));
        Dht {
            node: Node::new(settings, saved, rand::random(), now),
            followed: BTreeMap::new(),
            timer: None,
            join_at: now,
            join_wait: plan.pace.join_first(),
            save_at: now + SAVE_EVERY,
            rests: false,
            recorder,
            clock,
            log: log.new(slog::o!("dht" => family.label())),
            plan,
            lifeline,
        }
    }

    /// Tells what is to be told, sends what is to be sent, and sets the timer.
    fn drive(&mut self, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        self.mind_the_network(now);
        // A timer that each datagram sets anew would never end in a flood.
        if !self.rests && self.node.poll_timeout() <= now {
            self.node.handle_timeout(now);
        }
        while let Some(event) = self.node.poll_event() {
            self.handle_event(event);
        }
        let mut batch = Vec::new();
        while let Some(transmit) = self.node.poll_transmit() {
            if self.node.awaits_known(transmit.to) {
                let signs = &self.plan.signs;
                signs.asked(now, transmit.to.ip(), Asked::Node);
            }
            batch.push(transmit);
        }
        if !batch.is_empty() {
            let socket = Arc::clone(&self.plan.socket);
            // Not a future of the actor: an actor polls all of its own at each message.
            actix_rt::spawn(async move {
                for transmit in batch {
                    // What cannot be sent is lost, as on any network.
                    let _ = socket.send_to(&transmit.bytes, transmit.to).await;
                }
            });
        }
        let wait = match self.rests {
            true => TICK,
            false => self.node.poll_timeout().since(now),
        };
        let timer = ctx.run_later(wait.max(Duration::from_millis(1)), |it, ctx| {
            it.timer = None;
            it.drive(ctx);
        });
        if let Some(before) = self.timer.replace(timer) {
            ctx.cancel_future(before);
        }
    }

    /// While our network is down nobody is given up for silence; then all goes on.
    fn mind_the_network(&mut self, now: Moment) {
        let is_down = self.plan.signs.is_down(self.plan.family);
        if std::mem::replace(&mut self.rests, is_down) && !is_down {
            (self.join_at, self.join_wait) = (now, self.plan.pace.join_first());
            self.node.revive(now);
        }
    }

    fn handle_event(&mut self, event: Event) {
        match event {
            Event::Found(info_hash, peers) => self.found(info_hash, peers),
            Event::Ended(info_hash, report) => {
                let now = self.clock.now();
                let next = self.next_lookup(now, &report);
                if let Some(followed) = self.followed.get_mut(&info_hash) {
                    followed.due = Some(next);
                    let torrent = followed.torrent;
                    if report.answered > 0 && now >= followed.scrape_at {
                        followed.scrape_at = now + self.plan.pace.dht_announce();
                        self.node.scrape(now, info_hash);
                    }
                    self.record(torrent, &report, next);
                }
            }
            Event::Scraped(info_hash, report) => {
                if let Some(followed) = self.followed.get(&info_hash) {
                    self.record_scrape(followed.torrent, &report);
                }
            }
            Event::Settled => {
                info!(self.log, "the table is filled"; "nodes" => self.node.known());
            }
            // Which one is nobody's business: logs are handed on.
            Event::Address(_) => info!(self.log, "other nodes agree on our address"),
        }
    }

    fn found(&self, info_hash: InfoHash, addresses: Vec<SocketAddr>) {
        let Some(followed) = self.followed.get(&info_hash) else {
            return;
        };
        debug!(self.log, "peers were found"; "addresses" => addresses.len());
        let found = PeersFound {
            source: Source::Dht,
            addresses,
        };
        if let Err(refused) = followed.finds.try_send(found) {
            warn!(self.log, "the swarm is busy: addresses were dropped"; "error" => %refused);
        }
    }

    /// When to look up again: with many torrents more seldom, and never all at once.
    fn next_lookup(&self, now: Moment, report: &LookupReport) -> Moment {
        let pace = self.plan.pace;
        let soonest = now + pace.lookup_retry();
        if report.answered == 0 {
            return soonest;
        }
        let torrents = u32::try_from(self.followed.len()).unwrap_or(u32::MAX);
        let gap = pace.lookup_gap().max(pace.lookup_share() * torrents);
        // From beginning to beginning: one that waits for dead nodes to its end has asked the
        // living ones long before.
        let next = report.begun + gap.mul_f64(rand::rng().random_range(0.9..1.1));
        next.max(soonest)
    }

    /// Sees to what is due: first nodes, lookups, the saved table.
    fn tick(&mut self, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        if self.rests {
            if self.plan.signs.may_try(now, self.plan.family) {
                self.node.try_one(now);
            }
            return self.drive(ctx);
        }
        if self.node.known() < K && now >= self.join_at {
            self.join(now, ctx);
        }
        if self.node.known() > 0 {
            self.look_up(now);
        }
        if now >= self.save_at {
            self.save(now);
        }
        self.drive(ctx);
    }

    fn look_up(&mut self, now: Moment) {
        let (port, again) = (self.plan.announced_port, self.plan.pace.dht_announce());
        for (info_hash, followed) in &mut self.followed {
            if followed.due.is_none_or(|due| now < due) {
                continue;
            }
            followed.due = None;
            let announced_port = port.filter(|_| now >= followed.announce_at);
            if announced_port.is_some() {
                followed.announce_at = now + again;
            }
            self.node.look_up(now, *info_hash, announced_port);
        }
    }

    /// Asks the first nodes who is there.
    fn join(&mut self, now: Moment, ctx: &mut Context<Self>) {
        self.join_at = now + self.join_wait;
        self.join_wait = (self.join_wait * 2).min(self.plan.pace.join_longest());
        let (network, hosts) = (self.plan.network.clone(), self.plan.bootstrap.clone());
        let resolved = async move {
            let names = hosts
                .iter()
                .map(|(host, port)| network.resolve(host, *port));
            let names: Vec<_> = names.take(RESOLVING).collect();
            let found = futures_util::future::join_all(names).await;
            found.into_iter().flatten().flatten().collect::<Vec<_>>()
        };
        ctx.spawn(resolved.into_actor(self).map(|addresses, it, ctx| {
            debug!(it.log, "asking the first nodes"; "addresses" => addresses.len());
            it.node.join(it.clock.now(), &addresses);
            it.drive(ctx);
        }));
    }

    fn save(&mut self, now: Moment) {
        self.save_at = now + SAVE_EVERY;
        let Some(path) = &self.plan.state else {
            return;
        };
        let saved = self.node.saved();
        // A table without nodes is worth less than the one of the run before.
        if saved.nodes.is_empty() {
            return;
        }
        if let Err(error) = state::save(path, self.plan.family, &saved) {
            warn!(self.log, "the table cannot be saved"; "path" => %path.display(), "error" => %error);
        }
    }
}

impl Actor for Dht {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let now = self.clock.now();
        if self.node.saved().nodes.is_empty() {
            self.tick(ctx);
        } else {
            self.join_at = now + LOST_AFTER;
        }
        ctx.run_interval(TICK, Self::tick);
        self.drive(ctx);
    }
}

impl Handler<Datagram> for Dht {
    type Result = ();

    fn handle(&mut self, datagram: Datagram, ctx: &mut Self::Context) {
        let now = self.clock.now();
        let was_alone = self.node.known() == 0;
        self.node
            .handle_datagram(now, datagram.from, &datagram.bytes);
        if was_alone && self.node.known() > 0 {
            self.look_up(now);
        }
        self.drive(ctx);
    }
}

impl Handler<Follow> for Dht {
    type Result = ();

    fn handle(&mut self, follow: Follow, _: &mut Self::Context) {
        let Follow {
            info_hash,
            torrent,
            finds,
        } = follow;
        let now = self.clock.now();
        let followed = self.followed.entry(info_hash).or_insert(Followed {
            torrent,
            finds: finds.clone(),
            due: Some(now),
            announce_at: now,
            scrape_at: now,
        });
        // A Swarm that died has a successor.
        followed.finds = finds;
    }
}

impl Handler<Unfollow> for Dht {
    type Result = ();

    fn handle(&mut self, Unfollow(info_hash): Unfollow, _: &mut Self::Context) {
        self.followed.remove(&info_hash);
        self.node.forget(info_hash);
    }
}

impl Handler<NodeNamed> for Dht {
    type Result = ();

    fn handle(&mut self, NodeNamed(address): NodeNamed, ctx: &mut Self::Context) {
        self.node.hear_of_node(self.clock.now(), address);
        self.drive(ctx);
    }
}

impl Handler<RecorderIs> for Dht {
    type Result = ();

    fn handle(&mut self, RecorderIs(links): RecorderIs, _: &mut Self::Context) {
        self.recorder = links.writes;
    }
}

impl Handler<Close> for Dht {
    type Result = ();

    fn handle(&mut self, _: Close, ctx: &mut Self::Context) {
        self.save(self.clock.now());
        self.lifeline.finish();
        ctx.stop();
    }
}

impl Handler<Die> for Dht {
    type Result = ();

    fn handle(&mut self, _: Die, _: &mut Self::Context) {
        panic!("the node was asked to die");
    }
}
