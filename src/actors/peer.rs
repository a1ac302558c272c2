//! Peer: one session, from dialling or accepting to its one typed end.
//!
//! Owns: one link, one conversation, the progress it tells of. Receives: [`Known`],
//! [`Leave`], [`AskMetadata`], [`Measured`], [`Introduce`], [`Remain`]. Sends: `Met`, `Observed`,
//! `SessionEnded`, `Gossip`, `MetadataHeard`, `HolepunchHeard` to its Swarm; `NodeNamed` to Root, and
//! `Replay` if that Swarm died with a crossing unacknowledged.
//! Stops when: its end was handed over and each crossing is acknowledged.
//! When full: it waits for a permit and reads no further, so that TCP holds the
//! peer back; nothing is dropped but gossip and metadata, which is asked for again.

mod driver;
mod ending;
mod gossip;
mod holding;
mod introducing;
mod measuring;
mod origin;
mod outage;
mod outbox;
mod plan;
mod texts;

use std::net::SocketAddr;
use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::oneshot;

use crate::moment::Moment;
use crate::net::BoxLink;
use crate::protocol::peer::conversation::{Conversation, Event, Events};
use crate::protocol::peer::names::{client_name, client_prefix};
use crate::swarm::book::{self, SessionId, Who};
use crate::swarm::facts::{Direction, Outcome};
use crate::swarm::gossip::Ear;
use crate::swarm::identity::Claim;
use crate::swarm::progress::{Progress, Report, Seen};
use crate::swarm::roster::Mouth;
use crate::swarm::unmeasured::Unmeasured;
use crate::swarm::ways::Ways;

use super::slots::Slot;
use super::supervision::{Die, Lifeline};
use driver::Driver;
use ending::Over;
pub use introducing::{Introduce, Remain};
pub use measuring::{AskMetadata, Measured};
use outage::Absence;
use outbox::{Outbox, Parcel};
pub use plan::{Origin, PeerContext, PeerPlan};
use texts::shared;

/// Swarm -> Peer: what the book knows of you.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Known {
    /// Dialling the peer is known to work.
    pub dialable: bool,
    /// When it will reach the threshold, by what earlier sessions have shown too.
    pub expected_finish: Option<Moment>,
}

/// Swarm -> Peer: end the session, which counts as this unless it has settled.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Leave(pub Outcome);

/// One session.
pub struct Peer {
    context: Arc<PeerContext>,
    session: SessionId,
    remote: SocketAddr,
    direction: Direction,
    /// Those that this contact has tried, and has left.
    ways: Ways,
    stage: Stage,
    conversation: Conversation,
    progress: Option<Progress>,
    /// In its place until the number of pieces is known.
    unmeasured: Option<Box<Unmeasured>>,
    /// Who it is, as far as it has shown; None until somebody asks.
    who: Option<Arc<Who>>,
    /// The Swarm does not know yet that hands were shaken.
    has_just_met: bool,
    outbox: Outbox,
    /// The first settled observation: what a replay begins with.
    first: Option<Seen>,
    /// Dialling it is known to work.
    dialable: bool,
    /// When it will reach the threshold, by what earlier sessions have shown too.
    foreseen_finish: Option<Moment>,
    opened_at: Moment,
    heard_at: Option<Moment>,
    /// What it says of others, once it does.
    ear: Option<Box<Ear>>,
    /// It has named a node of the DHT.
    has_named_node: bool,
    /// What it is told of others.
    mouth: Mouth,
    /// When to think again about holding the session.
    review_at: Option<Moment>,
    absence: Absence,
    /// It is not left before then: it may yet introduce us to somebody.
    remains_until: Option<Moment>,
    lifeline: Lifeline,
    slot: Slot,
}

enum Stage {
    /// Until the link stands.
    Dialling(Box<origin::Attempt>),
    /// Bytes flow.
    Open(BoxLink),
    /// The end is being handed over.
    Over,
}

// tokio rounds a session's task up to 128 bytes, and sessions are many: with a word more it
// takes that much more (docs/performance.md).
const _: () = assert!(size_of::<Peer>() <= 840);

impl Peer {
    /// A session that begins as `plan` says.
    pub fn new(plan: PeerPlan, lifeline: Lifeline) -> Self {
        let context = plan.context;
        let now = context.clock.now();
        let (ways, dialling, conversation, direction) = match plan.origin {
            Origin::Dial(ways) => (
                ways,
                origin::dial(&context, plan.remote, ways.way()),
                origin::opening(&context, now, plan.remote, ways.way()),
                Direction::Outgoing,
            ),
            Origin::Accepted(caller) => (
                Ways::only(caller.way()),
                origin::accept(caller.incoming, caller.head),
                origin::answer(&context, now, plan.remote, caller.cipher),
                Direction::Incoming,
            ),
        };
        Peer {
            session: plan.session,
            remote: plan.remote,
            direction,
            ways,
            stage: Stage::Dialling(dialling.until(now + context.timeout)),
            conversation,
            progress: None,
            unmeasured: None,
            who: None,
            has_just_met: false,
            outbox: Outbox::default(),
            first: None,
            dialable: plan.dialable,
            foreseen_finish: None,
            opened_at: now,
            heard_at: None,
            ear: None,
            has_named_node: false,
            mouth: Mouth::after(plan.told_at),
            review_at: None,
            absence: Absence::of(&context.signs, plan.remote),
            remains_until: None,
            lifeline,
            slot: plan.slot,
            context,
        }
    }

    /// The link stands: the handshake's time begins, and what was read before.
    fn linked(&mut self, now: Moment, link: BoxLink, head: &[u8]) {
        self.is_heard(now);
        if self.direction == Direction::Outgoing {
            self.conversation = origin::opening(&self.context, now, self.remote, self.ways.way());
        }
        self.stage = Stage::Open(link);
        if !head.is_empty() {
            self.take_input(now, head, &mut None);
        }
    }

    /// Bytes came in. `queue` is empty, and is again.
    fn take_input(&mut self, now: Moment, bytes: &[u8], queue: &mut Events) {
        self.heard_at = Some(now);
        self.hear(now);
        self.conversation.swap_events(queue);
        let broken = self.conversation.handle_input(now, bytes).err();
        while let Some(event) = self.conversation.poll_event() {
            self.take_event(now, event);
        }
        self.conversation.swap_events(queue);
        self.collect_reports(now);
        self.tell_that_we_met();
        if let Some(error) = broken {
            self.end(now, Over::Broken(error));
        }
    }

    fn take_event(&mut self, now: Moment, event: Event) {
        match event {
            Event::Handshake(_) => self.greeted(now),
            Event::Extended(_) => self.introduced(now),
            Event::Pex(message) => self.gossiped(now, message),
            Event::Trackers(trackers) => self.named_trackers(now, trackers),
            Event::DhtPort(port) => self.node_named(port),
            Event::Metadata(message) => self.take_metadata(now, message),
            Event::Holepunch(message) => self.heard_of_holes(now, message),
            event => self.take_progress(now, event),
        }
    }

    /// Their handshake came.
    fn greeted(&mut self, now: Moment) {
        self.slot.met();
        self.opened_at = now;
        self.review_at = Some(now + self.context.pace.hold_review());
        self.begin_progress(now);
        self.has_just_met = true;
    }

    /// Unless an observation has said it.
    fn tell_that_we_met(&mut self) {
        if self.has_just_met
            && let Some(who) = self.who()
        {
            self.has_just_met = false;
            self.outbox.push(Parcel::Met(who));
        }
    }

    /// Their extension handshake came.
    fn introduced(&mut self, now: Moment) {
        self.who = None;
        self.note_offer();
        self.open_mouth(now);
        if let Some(seen) = self.conversation.hello().and_then(|it| it.yourip) {
            self.slot.told(self.remote.ip(), seen);
        }
        let says_so = self.conversation.hello().and_then(|it| it.upload_only);
        if let Some(says_so) = says_so {
            self.take_progress(now, Event::UploadOnly(says_so));
        }
    }

    /// Who it is, as far as it has shown.
    fn who(&mut self) -> Option<Arc<Who>> {
        if self.who.is_none() {
            let peer_id = self.conversation.peer_id()?;
            let hello = self.conversation.hello();
            let v = hello.and_then(|it| it.v.as_deref());
            let listen_port = self.listen_port();
            self.who = Some(Arc::new(Who {
                claim: Claim::new(
                    &self.context.hasher,
                    self.remote,
                    self.direction,
                    &peer_id,
                    shared(&client_prefix(&peer_id)),
                    listen_port,
                ),
                client: shared(&client_name(&peer_id, v)),
                family: self.conversation.family(),
                listen_port,
            }));
        }
        self.who.clone()
    }

    fn listen_port(&self) -> Option<u16> {
        self.conversation.hello().and_then(|it| it.p)
    }

    /// What progress has to say goes to the Swarm.
    fn collect_reports(&mut self, now: Moment) {
        while let Some(report) = self.progress.as_mut().and_then(Progress::poll_report) {
            if let Report::Settled(seen) | Report::Replaced(seen) = report {
                self.first = Some(seen);
            }
            if let Some(observed) = self.observed(now, report) {
                self.outbox.push(Parcel::Observed {
                    observed: Box::new(observed),
                    reached: self.is_reached(&report),
                    has_just_met: std::mem::take(&mut self.has_just_met),
                });
            }
        }
    }

    fn observed(&mut self, now: Moment, report: Report) -> Option<book::Observed> {
        let who = self.who()?;
        let progress = self.progress.as_ref()?;
        Some(book::Observed {
            who,
            report,
            best_speed: progress.best_speed().try_into().unwrap_or(u32::MAX),
            expected_finish: self.expected_finish(now),
        })
    }

    fn expected_finish(&self, now: Moment) -> Option<Moment> {
        self.progress.as_ref()?.expected_finish(now)
    }

    /// Whether the report may be a completion, which the recorder acknowledges.
    fn is_reached(&self, report: &Report) -> bool {
        match report {
            Report::Crossed(_) => true,
            Report::Settled(seen) | Report::Replaced(seen) => {
                self.context.yardstick.reached(seen.pieces)
            }
            Report::Step(_) | Report::FellBack(_) | Report::PartialSeed(_) => false,
        }
    }

    /// What is due by the clock; all bytes that have arrived were taken before.
    fn take_timeout(&mut self, now: Moment) {
        if self.stands_still(now) || self.is_forgotten(now) {
            return;
        }
        if let Some(progress) = &mut self.progress
            && progress.poll_timeout().is_some_and(|due| due <= now)
        {
            progress.handle_timeout(now);
            self.collect_reports(now);
        }
        if self
            .conversation
            .poll_timeout()
            .is_some_and(|due| due <= now)
            && let Err(error) = self.conversation.handle_timeout(now)
        {
            return self.end(now, Over::Broken(error));
        }
        self.gossip(now);
        let complete = self.outbox.is_idle()
            && self
                .progress
                .as_ref()
                .is_some_and(|it| it.settled() && self.context.yardstick.reached(it.count()));
        if complete || self.review_at.is_some_and(|due| due <= now) {
            self.review(now);
        }
    }

    /// When something is due by the clock.
    fn next_due(&self) -> Option<Moment> {
        match &self.stage {
            Stage::Dialling(attempt) => Some(attempt.deadline),
            Stage::Open(_) if self.stood_still() => self.absence.still_until,
            Stage::Open(_) if self.outbox.is_idle() => [
                self.conversation.poll_timeout(),
                self.progress.as_ref().and_then(Progress::poll_timeout),
                self.review_at,
                self.absence.proof_by,
                self.mouth.due(),
            ]
            .into_iter()
            .flatten()
            .min(),
            // What is unsaid comes first; the receipt of a completion wakes us.
            Stage::Open(_) | Stage::Over => self.outbox.retry_at(),
        }
    }
}

impl Actor for Peer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(Driver::default());
    }
}

impl Handler<Leave> for Peer {
    type Result = ();

    fn handle(&mut self, Leave(outcome): Leave, _: &mut Self::Context) {
        let now = self.context.clock.now();
        self.end(now, Over::Ours(outcome));
    }
}

impl Handler<Die> for Peer {
    type Result = ();

    fn handle(&mut self, _: Die, _: &mut Self::Context) {
        panic!("the peer was asked to die");
    }
}

/// What a Recorder answers to who waits for a completion.
type Receipt = oneshot::Receiver<()>;
