//! Tracker: one announce URL of one torrent.
//!
//! Owns: the URL, its cadence, the exchange under way. Each announce that was answered
//! is followed by a scrape. Receives: [`Finish`], [`Remaining`],
//! [`RecorderIs`].
//! Sends: [`PeersFound`], [`Announced`] and [`Scraped`] to its Swarm, rows to the
//! Recorder.
//! Stops when: told to, after a last scrape and `stopped` to a tracker that knows us;
//! and with its Swarm.
//! When full: addresses that the Swarm does not take are dropped and counted in
//! the log (the next announce names them again); a row that the Recorder does not
//! take is dropped and logged.

mod ask;
mod outage;
mod rows;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use slog::{Logger, debug, info, warn};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::moment::Moment;
use crate::protocol::tracker::{
    AnnounceEvent, AnnounceRequest, Announced as Answer, Cadence, Scheme, Scraped as Figures,
    TrackerError, TrackerUrl,
};
use crate::store::Record;
use crate::swarm::facts::{Source, TorrentNumber};

use super::lifesigns::{self, LifeSigns};
use super::recorder::Write;
use super::supervision::{Die, Lifeline};
use super::swarm::{Announced, PeersFound, RecorderIs, Scraped, TrackerCounts};
pub use ask::Asker;
use outage::Arrears;

/// How long one exchange over HTTP may take, the name included.
const HTTP_TIMEOUT: Duration = Duration::from_secs(60);

/// The same over UDP: four sendings by the schedule of BEP 15 (15, 30, 60, 120 s);
/// after that the cadence's back-off goes on.
const UDP_TIMEOUT: Duration = Duration::from_secs(225);

/// A tracker that does not hear our goodbye in this time will find out.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(3);

/// The last scrape may take so long: it and the goodbye are to end before the Swarm
/// is given up.
const LAST_SCRAPE_TIMEOUT: Duration = Duration::from_secs(2);

/// What a Tracker needs to begin.
pub struct TrackerPlan {
    /// The torrent's number in the store.
    pub torrent: TorrentNumber,
    /// Where to announce.
    pub url: TrackerUrl,
    /// What it is shown and stored by.
    pub name: Arc<str>,
    /// What to say, but for the event.
    pub request: AnnounceRequest,
    /// The user's interval, if there is one.
    pub interval: Option<Duration>,
    /// Divides our own limits and back-off.
    pub pace: u32,
    /// Speaks HTTP, HTTPS and UDP.
    pub asker: Asker,
    /// Whether the network is there.
    pub signs: LifeSigns,
    /// Falls when the Swarm does.
    pub swarm_gone: CancellationToken,
}

/// Where a Tracker's news go.
pub struct TrackerLinks {
    /// For addresses.
    pub finds: Recipient<PeersFound>,
    /// For how announces end.
    pub announced: Recipient<Announced>,
    /// For how scrapes end.
    pub scraped: Recipient<Scraped>,
    /// For rows.
    pub recorder: Recipient<Write>,
}

/// Swarm -> Tracker: scrape once more, say `stopped`, then end.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Finish;

/// Swarm -> Tracker: the torrent's length is known; say so from now on.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Remaining(pub u64);

/// One announce URL of one torrent.
pub struct Tracker {
    plan: TrackerPlan,
    cadence: Cadence,
    exchange: Option<SpawnHandle>,
    timer: Option<SpawnHandle>,
    arrears: Arrears,
    leaving: bool,
    /// It answered our `started`: it counts us among its peers.
    knows_us: bool,
    /// It has a scrape, as far as we know.
    scrapes: bool,
    /// Our address as it sees it, if it says so.
    external_ip: Option<IpAddr>,
    links: TrackerLinks,
    clock: Clock,
    log: Logger,
    lifeline: Lifeline,
}

impl Tracker {
    /// A tracker that announces as soon as it is started.
    pub fn new(
        plan: TrackerPlan,
        links: TrackerLinks,
        clock: Clock,
        log: Logger,
        lifeline: Lifeline,
    ) -> Self {
        Tracker {
            cadence: Cadence::new(plan.interval, plan.pace),
            log: log.new(slog::o!("tracker" => plan.name.to_string())),
            exchange: None,
            timer: None,
            arrears: Arrears::default(),
            leaving: false,
            knows_us: false,
            scrapes: true,
            external_ip: None,
            plan,
            links,
            clock,
            lifeline,
        }
    }

    /// How long an exchange may take in the course of a run.
    fn limit(&self) -> Duration {
        match self.plan.url.scheme() {
            Scheme::Udp => UDP_TIMEOUT,
            Scheme::Http | Scheme::Https => HTTP_TIMEOUT,
        }
    }

    fn announce(&mut self, event: AnnounceEvent, ctx: &mut Context<Self>) {
        let request = AnnounceRequest {
            event,
            ..self.plan.request.clone()
        };
        let limit = match event {
            AnnounceEvent::Stopped => GOODBYE_TIMEOUT,
            _ => self.limit(),
        };
        let (asker, url) = (self.plan.asker.clone(), self.plan.url.clone());
        let begun = self.clock.now();
        self.arrears.asks(begun);
        let exchange = async move { asker.announce(&url, &request, limit).await };
        let exchange = exchange.into_actor(self).map(move |answer, it, ctx| {
            it.exchange = None;
            it.answered(event, begun, answer, ctx);
        });
        self.exchange = Some(ctx.spawn(exchange));
    }

    fn answered(
        &mut self,
        event: AnnounceEvent,
        begun: Moment,
        answer: Result<Answer, TrackerError>,
        ctx: &mut Context<Self>,
    ) {
        let now = self.clock.now();
        self.knows_us = match (event, &answer) {
            (AnnounceEvent::Stopped, _) => false,
            (_, Ok(_)) => true,
            (_, Err(_)) => self.knows_us,
        };
        self.arrears.answered();
        self.record_announce(begun, &answer);
        if event == AnnounceEvent::Stopped {
            return self.end(ctx);
        }
        let next = match answer {
            Ok(answer) => {
                debug!(self.log, "announced"; "peers" => answer.peers.len());
                if let Some(id) = &answer.tracker_id {
                    self.plan.request.tracker_id = Some(id.clone());
                }
                if let Some(warning) = &answer.warning {
                    warn!(self.log, "the tracker warns"; "warning" => warning);
                }
                self.note_external(answer.external_ip);
                let next = self.cadence.after_answer(now, &answer);
                let counts = self.counts(answer.seeders, answer.leechers, answer.downloaded);
                self.tell(Ok(counts), next);
                self.found(answer.peers);
                // It is over before the next announce is due.
                self.scrape(self.limit().min(next.since(now) / 2), ctx);
                next
            }
            Err(failure) => {
                warn!(self.log, "announce failed"; "error" => %failure);
                let next = self.after_failure(begun, now, &failure);
                self.tell(Err(failure.label()), next);
                next
            }
        };
        self.announce_in(next.since(now), ctx);
    }

    fn scrape(&mut self, limit: Duration, ctx: &mut Context<Self>) {
        if !self.scrapes || !self.cadence.may_scrape(self.clock.now()) {
            return;
        }
        let (asker, url) = (self.plan.asker.clone(), self.plan.url.clone());
        let torrent = self.plan.request.info_hash;
        let begun = self.clock.now();
        let exchange = async move { asker.scrape(&url, &torrent, limit).await };
        let exchange = exchange.into_actor(self).map(move |answer, it, _| {
            it.exchange = None;
            it.scraped(begun, answer);
        });
        self.exchange = Some(ctx.spawn(exchange));
    }

    fn scraped(&mut self, begun: Moment, answer: Result<Figures, TrackerError>) {
        // A URL without a scrape has none the next time either.
        self.scrapes = answer != Err(TrackerError::NoScrape);
        self.record_scrape(begun, &answer);
        let result = match answer {
            Ok(it) => {
                self.cadence.after_scrape(self.clock.now(), &it);
                Ok(self.counts(it.seeders, it.leechers, it.downloaded))
            }
            Err(failure) => {
                debug!(self.log, "scrape failed"; "error" => %failure);
                Err(failure.label())
            }
        };
        let scraped = Scraped {
            tracker: Arc::clone(&self.plan.name),
            result,
        };
        if self.links.scraped.try_send(scraped).is_err() {
            debug!(self.log, "the swarm is busy: a scrape was dropped");
        }
    }

    /// Scrapes once more, so that the run is scraped over its whole length, and says
    /// `stopped`.
    fn say_goodbye(&mut self, ctx: &mut Context<Self>) {
        let (asker, url) = (self.plan.asker.clone(), self.plan.url.clone());
        let torrent = self.plan.request.info_hash;
        let (begun, scrapes) = (self.clock.now(), self.scrapes);
        let last = async move {
            match scrapes {
                true => Some(asker.scrape(&url, &torrent, LAST_SCRAPE_TIMEOUT).await),
                false => None,
            }
        };
        ctx.spawn(last.into_actor(self).map(move |answer, it, ctx| {
            if let Some(answer) = answer {
                it.scraped(begun, answer);
            }
            it.announce(AnnounceEvent::Stopped, ctx);
        }));
    }

    fn tell(&self, result: Result<TrackerCounts, &'static str>, next_at: Moment) {
        let announced = Announced {
            tracker: Arc::clone(&self.plan.name),
            result,
            next_at,
        };
        if self.links.announced.try_send(announced).is_err() {
            debug!(
                self.log,
                "the swarm is busy: its tracker's figures were dropped"
            );
        }
    }

    fn found(&self, addresses: Vec<SocketAddr>) {
        let found = PeersFound {
            source: Source::Tracker,
            addresses,
        };
        if let Err(refused) = self.links.finds.try_send(found) {
            warn!(self.log, "the swarm is busy: addresses were dropped"; "error" => %refused);
        }
    }

    fn note_external(&mut self, ip: Option<IpAddr>) {
        if let Some(ip) = ip
            && self.external_ip.replace(ip) != Some(ip)
        {
            info!(self.log, "our address, as the tracker sees it"; "address" => %ip);
        }
    }

    fn counts(
        &self,
        seeders: Option<u32>,
        leechers: Option<u32>,
        downloaded: Option<u32>,
    ) -> TrackerCounts {
        TrackerCounts {
            seeders,
            leechers: self.without_us(leechers),
            downloaded,
        }
    }

    /// We are among the leechers of a tracker that knows us, and no leecher at all.
    fn without_us(&self, leechers: Option<u32>) -> Option<u32> {
        leechers.map(|count| count.saturating_sub(self.knows_us.into()))
    }

    fn record(&self, record: Record) {
        let write = Write {
            records: vec![record],
            done: None,
        };
        if let Err(refused) = self.links.recorder.try_send(write) {
            warn!(self.log, "a tracker's word was not recorded"; "error" => %refused);
        }
    }

    fn end(&mut self, ctx: &mut Context<Self>) {
        self.lifeline.finish();
        ctx.stop();
    }
}

impl Actor for Tracker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // The Swarm's successor starts a Tracker of its own.
        let swarm_gone = self.plan.swarm_gone.clone().cancelled_owned();
        ctx.spawn(swarm_gone.into_actor(self).map(|(), _, ctx| ctx.stop()));
        ctx.add_stream(lifesigns::turned(self.plan.signs.turns()));
        self.announce(AnnounceEvent::Started, ctx);
    }
}

impl Handler<Remaining> for Tracker {
    type Result = ();

    fn handle(&mut self, Remaining(bytes): Remaining, _: &mut Self::Context) {
        self.plan.request.left = bytes;
    }
}

impl Handler<RecorderIs> for Tracker {
    type Result = ();

    fn handle(&mut self, RecorderIs(links): RecorderIs, _: &mut Self::Context) {
        self.links.recorder = links.writes;
    }
}

impl Handler<Finish> for Tracker {
    type Result = ();

    fn handle(&mut self, _: Finish, ctx: &mut Self::Context) {
        // An exchange that is given up may have reached the tracker.
        self.knows_us |= self.exchange.is_some();
        self.leaving = true;
        let pending = [self.timer.take(), self.exchange.take()];
        for pending in pending.into_iter().flatten() {
            ctx.cancel_future(pending);
        }
        if self.knows_us {
            self.say_goodbye(ctx);
        } else {
            self.end(ctx);
        }
    }
}

impl Handler<Die> for Tracker {
    type Result = ();

    fn handle(&mut self, _: Die, _: &mut Self::Context) {
        panic!("the tracker was asked to die");
    }
}
