//! Tracker: one announce URL of one torrent.
//!
//! Owns: the URL, its cadence, the exchange under way. Receives: [`Finish`],
//! [`RecorderIs`].
//! Sends: [`PeersFound`] and [`Announced`] to its Swarm, rows to the Recorder.
//! Stops when: told to, after it said `stopped` to a tracker that knows us; and with
//! its Swarm.
//! When full: addresses that the Swarm does not take are dropped and counted in
//! the log (the next announce names them again); a row that the Recorder does not
//! take is dropped and logged.

mod ask;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use slog::{Logger, debug, warn};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::moment::Moment;
use crate::protocol::tracker::{
    AnnounceEvent, AnnounceRequest, Announced as Answer, Cadence, Scheme, TrackerError, TrackerUrl,
};
use crate::store::Record;
use crate::store::records::{AnnounceRow, Failure, TrackerAnswer};
use crate::swarm::facts::{Source, TorrentNumber};

use super::recorder::Write;
use super::supervision::{Die, Lifeline};
use super::swarm::{Announced, PeersFound, RecorderIs, TrackerCounts};
pub use ask::Asker;

/// How long one exchange over HTTP may take, the name included.
const HTTP_TIMEOUT: Duration = Duration::from_secs(60);

/// The same over UDP: four sendings by the schedule of BEP 15 (15, 30, 60, 120 s);
/// after that the cadence's back-off goes on.
const UDP_TIMEOUT: Duration = Duration::from_secs(225);

/// A tracker that does not hear our goodbye in this time will find out.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(3);

/// What a Tracker needs to begin.
pub struct TrackerPlan {
    /// The torrent's number in the store.
    pub torrent: TorrentNumber,
    /// Where to announce.
    pub url: TrackerUrl,
    /// What to say, but for the event.
    pub request: AnnounceRequest,
    /// The user's interval, if there is one.
    pub interval: Option<Duration>,
    /// Divides our own limits and back-off.
    pub pace: u32,
    /// Speaks HTTP and UDP.
    pub asker: Asker,
    /// Falls when the Swarm does.
    pub swarm_gone: CancellationToken,
}

/// Swarm -> Tracker: say `stopped`, then end.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Finish;

/// One announce URL of one torrent.
pub struct Tracker {
    plan: TrackerPlan,
    /// The URL as it may be shown and stored.
    name: Arc<str>,
    cadence: Cadence,
    exchange: Option<SpawnHandle>,
    timer: Option<SpawnHandle>,
    /// It answered our `started`: it counts us among its peers.
    knows_us: bool,
    finds: Recipient<PeersFound>,
    facts: Recipient<Announced>,
    recorder: Recipient<Write>,
    clock: Clock,
    log: Logger,
    lifeline: Lifeline,
}

impl Tracker {
    /// A tracker that announces as soon as it is started.
    pub fn new(
        plan: TrackerPlan,
        finds: Recipient<PeersFound>,
        facts: Recipient<Announced>,
        recorder: Recipient<Write>,
        clock: Clock,
        log: Logger,
        lifeline: Lifeline,
    ) -> Self {
        let name: Arc<str> = plan.url.redacted().into();
        Tracker {
            cadence: Cadence::new(plan.interval, plan.pace),
            log: log.new(slog::o!("tracker" => name.to_string())),
            name,
            exchange: None,
            timer: None,
            knows_us: false,
            plan,
            finds,
            facts,
            recorder,
            clock,
            lifeline,
        }
    }

    fn announce(&mut self, event: AnnounceEvent, ctx: &mut Context<Self>) {
        let asker = self.plan.asker.clone();
        let request = AnnounceRequest {
            event,
            ..self.plan.request.clone()
        };
        let (url, clock) = (self.plan.url.clone(), self.clock);
        let limit = match (event, url.scheme()) {
            (AnnounceEvent::Stopped, _) => GOODBYE_TIMEOUT,
            (_, Scheme::Udp) => UDP_TIMEOUT,
            (_, Scheme::Http | Scheme::Https) => HTTP_TIMEOUT,
        };
        let begun = clock.now();
        let exchange = async move {
            let answer = tokio::time::timeout(limit, asker.announce(&url, &request, clock)).await;
            answer.unwrap_or(Err(TrackerError::Timeout))
        };
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
        self.record(begun, &answer);
        if event == AnnounceEvent::Stopped {
            return self.end(ctx);
        }
        let next = match answer {
            Ok(answer) => {
                debug!(self.log, "announced"; "peers" => answer.peers.len());
                self.knows_us = true;
                if let Some(id) = &answer.tracker_id {
                    self.plan.request.tracker_id = Some(id.clone());
                }
                if let Some(warning) = &answer.warning {
                    warn!(self.log, "the tracker warns"; "warning" => warning);
                }
                let next = self.cadence.after_answer(now, &answer);
                self.tell(Ok(counts(&answer)), next);
                self.found(answer.peers);
                next
            }
            Err(failure) => {
                warn!(self.log, "announce failed"; "error" => %failure);
                let random = rand::random();
                let next = self.cadence.after_error(now, &failure, random);
                self.tell(Err(failure.label()), next);
                next
            }
        };
        let wait = next.since(now);
        self.timer = Some(ctx.run_later(wait, |it, ctx| {
            let event = match it.knows_us {
                true => AnnounceEvent::None,
                false => AnnounceEvent::Started,
            };
            it.announce(event, ctx);
        }));
    }

    fn tell(&self, result: Result<TrackerCounts, &'static str>, next_at: Moment) {
        let facts = Announced {
            tracker: Arc::clone(&self.name),
            result,
            next_at,
        };
        if self.facts.try_send(facts).is_err() {
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
        if let Err(refused) = self.finds.try_send(found) {
            warn!(self.log, "the swarm is busy: addresses were dropped"; "error" => %refused);
        }
    }

    fn record(&self, at: Moment, answer: &Result<Answer, TrackerError>) {
        let result = match answer {
            Ok(answer) => Ok(TrackerAnswer {
                peers: answer.peers.len() as u32,
                seeders: answer.seeders,
                leechers: without_us(answer.leechers),
                downloaded: answer.downloaded,
                interval: answer.interval,
            }),
            Err(failure) => Err(Failure {
                label: failure.label().into(),
                text: failure.to_string().into(),
            }),
        };
        let row = AnnounceRow {
            at,
            tracker: Arc::clone(&self.name),
            duration: self.clock.now().since(at),
            result,
        };
        let write = Write {
            records: vec![Record::Announce(self.plan.torrent, row)],
            done: None,
        };
        if let Err(refused) = self.recorder.try_send(write) {
            warn!(self.log, "an announce was not recorded"; "error" => %refused);
        }
    }

    fn end(&mut self, ctx: &mut Context<Self>) {
        self.lifeline.finish();
        ctx.stop();
    }
}

fn counts(answer: &Answer) -> TrackerCounts {
    TrackerCounts {
        seeders: answer.seeders,
        leechers: without_us(answer.leechers),
        downloaded: answer.downloaded,
    }
}

/// We are among the leechers that a tracker counts, and no leecher at all.
fn without_us(leechers: Option<u32>) -> Option<u32> {
    leechers.map(|count| count.saturating_sub(1))
}

impl Actor for Tracker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // The Swarm's successor starts a Tracker of its own.
        let swarm_gone = self.plan.swarm_gone.clone().cancelled_owned();
        ctx.spawn(swarm_gone.into_actor(self).map(|(), _, ctx| ctx.stop()));
        self.announce(AnnounceEvent::Started, ctx);
    }
}

impl Handler<RecorderIs> for Tracker {
    type Result = ();

    fn handle(&mut self, RecorderIs(links): RecorderIs, _: &mut Self::Context) {
        self.recorder = links.writes;
    }
}

impl Handler<Finish> for Tracker {
    type Result = ();

    fn handle(&mut self, _: Finish, ctx: &mut Self::Context) {
        // An exchange that is given up may have reached the tracker.
        self.knows_us |= self.exchange.is_some();
        let pending = [self.timer.take(), self.exchange.take()];
        for pending in pending.into_iter().flatten() {
            ctx.cancel_future(pending);
        }
        if self.knows_us {
            self.announce(AnnounceEvent::Stopped, ctx);
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
