//! What a session's peer tells of its pieces, before and after their number is known,
//! and of the metadata that says it.

use std::sync::Arc;

use actix::prelude::*;

use crate::actors::swarm::{MetadataHeard, OfMetadata};
use crate::moment::Moment;
use crate::protocol::peer::MetadataMessage;
use crate::protocol::peer::conversation::Event;
use crate::swarm::facts::Outcome;
use crate::swarm::progress::{Progress, Terms};
use crate::swarm::unmeasured::{Kept, Told, Unmeasured};

use super::{Over, Peer, PeerContext, Stage};

/// Swarm -> Peer: ask for this piece of the metadata.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct AskMetadata(pub u32);

/// Swarm -> Peer: the number of pieces is known; this is in force from now on.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct Measured(pub Arc<PeerContext>);

impl Peer {
    /// The handshake is done: from now on the peer tells of its pieces.
    pub(super) fn begin_progress(&mut self, now: Moment) {
        match self.context.yardstick.is_known() {
            true => self.progress = Some(Progress::new(now, self.terms())),
            false => {
                let kept = Unmeasured::new(now, &self.context.unmeasured);
                self.unmeasured = Some(Box::new(kept));
                self.hold_for_metadata(now);
            }
        }
    }

    fn terms(&self) -> Terms {
        Terms {
            yardstick: self.context.yardstick,
            fast: self.conversation.fast(),
            holds_back: self.conversation.family().holds_back_have(),
            may_super_seed: self.conversation.family().may_super_seed(),
            sums: self.context.sums,
            pace: self.context.pace,
        }
    }

    pub(super) fn take_progress(&mut self, now: Moment, event: Event) {
        if let Some(kept) = &mut self.unmeasured {
            let fits = told(event).is_none_or(|told| kept.keep(now, told));
            if !fits {
                self.end(now, Over::Ours(Outcome::Unsettled));
            }
            return;
        }
        let Some(progress) = &mut self.progress else {
            return;
        };
        match event {
            Event::Have(piece) => progress.have(now, piece),
            Event::Bitfield(bits) => progress.bitfield(now, bits),
            Event::HaveAll => progress.have_all(now),
            Event::HaveNone => progress.have_none(now),
            Event::DontHave(piece) => progress.dont_have(now, piece),
            Event::UploadOnly(says_so) => progress.upload_only(now, says_so),
            // They are not of pieces, or come before their number.
            Event::DhtPort(_)
            | Event::RawBitfield(_)
            | Event::Handshake(_)
            | Event::Extended(_)
            | Event::Pex(_)
            | Event::Trackers(_)
            | Event::Metadata(_)
            | Event::Holepunch(_) => {}
        }
    }

    /// The number of pieces is known: what was told until now is read by it.
    fn measured(&mut self, now: Moment, context: Arc<PeerContext>) {
        self.conversation.measured(Arc::clone(&context.greeting));
        self.context = context;
        let Some(kept) = self.unmeasured.take() else {
            return;
        };
        match kept.measure(self.terms(), now) {
            Ok(progress) => {
                self.progress = Some(progress);
                self.review_at = Some(now + self.context.pace.hold_review());
                self.collect_reports(now);
            }
            Err(error) => self.end(now, Over::Broken(error.into())),
        }
    }

    /// Tells the Swarm that the peer has the metadata, if it says so and we have not.
    pub(super) fn note_offer(&mut self) {
        let hello = self.conversation.hello();
        let hello = hello.filter(|it| it.ids.ut_metadata.is_some());
        if let Some(len_bytes) = hello.and_then(|it| it.metadata_size) {
            self.heard_of_metadata(OfMetadata::Offer(len_bytes));
        }
    }

    /// The peer says something of the metadata.
    pub(super) fn take_metadata(&mut self, now: Moment, message: MetadataMessage) {
        if self.unmeasured.is_some() && matches!(message, MetadataMessage::Data { .. }) {
            self.hold_for_metadata(now);
        }
        self.heard_of_metadata(OfMetadata::Said(message));
    }

    fn hold_for_metadata(&mut self, now: Moment) {
        self.review_at = Some(now + self.context.pace.unmeasured_hold());
    }

    /// What was told to a session that ends before the metadata is there.
    pub(super) fn kept(&mut self, now: Moment) -> Option<Box<Kept>> {
        let told = self.unmeasured.take()?;
        Some(Box::new(Kept {
            told: *told,
            ended_at: now,
            remote: self.remote,
            who: self.who()?,
            fast: self.conversation.fast(),
        }))
    }

    /// What a full Swarm does not take is asked for again.
    fn heard_of_metadata(&mut self, heard: OfMetadata) {
        if self.context.yardstick.is_known() {
            return;
        }
        let message = MetadataHeard {
            session: self.session,
            remote: self.remote,
            heard,
        };
        let _ = self.context.metadata.try_send(message);
    }
}

fn told(event: Event) -> Option<Told> {
    Some(match event {
        Event::Have(piece) => Told::Have(piece),
        Event::RawBitfield(bits) => Told::Bitfield(bits),
        Event::HaveAll => Told::HaveAll,
        Event::HaveNone => Told::HaveNone,
        Event::DontHave(piece) => Told::DontHave(piece),
        Event::UploadOnly(says_so) => Told::UploadOnly(says_so),
        _ => return None,
    })
}

impl Handler<AskMetadata> for Peer {
    type Result = ();

    fn handle(&mut self, AskMetadata(piece): AskMetadata, _: &mut Self::Context) {
        let now = self.context.clock.now();
        if matches!(self.stage, Stage::Open(_)) {
            self.conversation.ask_metadata(now, piece);
        }
    }
}

impl Handler<Measured> for Peer {
    type Result = ();

    fn handle(&mut self, Measured(context): Measured, _: &mut Self::Context) {
        let now = self.context.clock.now();
        self.measured(now, context);
    }
}
