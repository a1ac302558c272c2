//! How a Swarm comes to the metadata of a torrent that was named by a link alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix::prelude::*;
use slog::{info, warn};
use tokio::sync::oneshot;

use crate::actors::peer::{AskMetadata, Measured};
use crate::actors::pex;
use crate::actors::recorder::Write;
use crate::protocol::metainfo::Metainfo;
use crate::protocol::peer::MetadataMessage;
use crate::protocol::peer::conversation::Greeting;
use crate::protocol::peer::metadata::Fetch;
use crate::store::Record;
use crate::swarm::book::SessionId;
use crate::swarm::facts::Outcome;
use crate::swarm::progress::Terms;
use crate::swarm::unmeasured::{Attic, Kept};
use crate::swarm::yardstick::Yardstick;

use super::{MetadataHeard, OfMetadata, Swarm, SwarmPlan};

/// What is under way until everybody knows the metadata; nothing for a torrent that was
/// known from the start.
#[derive(Debug, Default)]
pub(super) struct Seeking {
    fetch: Option<Fetch<SessionId>>,
    /// Sessions that do not know yet that it is there.
    untold: BTreeSet<SessionId>,
    /// What sessions told that ended before.
    attic: Attic,
    /// What is still to be stored of it.
    unsaved: Vec<Record>,
}

impl Seeking {
    pub(super) fn of(plan: &SwarmPlan) -> Self {
        let known = plan.terms.yardstick.is_known();
        Seeking {
            fetch: (!known).then(|| Fetch::new(plan.row.hashes())),
            ..Seeking::default()
        }
    }

    /// A session ended.
    pub(super) fn gone(&mut self, session: SessionId) {
        self.untold.remove(&session);
        if let Some(fetch) = &mut self.fetch {
            fetch.gone(session);
        }
    }

    /// Everything is stored.
    pub(super) fn is_idle(&self) -> bool {
        self.unsaved.is_empty()
    }
}

impl Swarm {
    /// Asks whom there is to ask, tells who is to be told, stores what is to be stored.
    pub(super) fn seek(&mut self, ctx: &mut Context<Self>) {
        self.ask_for_metadata();
        if !self.seeking.untold.is_empty() {
            let context = self.context(ctx);
            let children = &self.children;
            let tell = |it: &SessionId| !children.try_tell(*it, Measured(Arc::clone(&context)));
            self.seeking.untold.retain(tell);
        }
        self.save_metadata(ctx);
    }

    fn ask_for_metadata(&mut self) {
        let now = self.now();
        let Some(fetch) = &mut self.seeking.fetch else {
            return;
        };
        // Each request is one that is under way: there are few for each peer.
        while let Some((session, piece)) = fetch.poll_request(now) {
            // One that is not taken counts as unanswered.
            self.children.try_tell(session, AskMetadata(piece));
        }
    }

    /// What the store has kept of the metadata, if there is any.
    pub(super) fn recall_metadata(&mut self, file: Option<&[u8]>) {
        let stored = file.filter(|_| self.seeking.fetch.is_some());
        let metainfo = stored.and_then(|it| Metainfo::parse(it).ok());
        if let Some(metainfo) = metainfo.filter(|it| it.hashes().contains(self.plan.info_hash)) {
            info!(self.log, "the metadata is in the store");
            self.measure(&metainfo);
        }
    }

    /// The metadata is there, and has the right hash.
    fn metadata_found(&mut self, info: Vec<u8>, ctx: &mut Context<Self>) {
        let metainfo = match Metainfo::parse(&Metainfo::file_of(&info)) {
            Ok(metainfo) if metainfo.hashes().contains(self.plan.info_hash) => metainfo,
            unusable => {
                let why = unusable.map_or_else(
                    |error| error.to_string(),
                    |_| "more than one document".into(),
                );
                warn!(self.log, "the metadata is of no use"; "error" => &why);
                self.record_event("metadata_unusable", &why);
                self.seeking.fetch = None;
                return;
            }
        };
        info!(self.log, "the metadata is there"; "bytes" => info.len(), "pieces" => metainfo.pieces);
        let text = format!(
            "{} bytes from peers: {} pieces",
            info.len(),
            metainfo.pieces
        );
        self.record_event("metadata_found", &text);
        let known = self.plan.row.hashes();
        self.measure(&metainfo);
        for name in metainfo.hashes().iter().filter(|it| !known.contains(*it)) {
            self.start_trackers(name, ctx);
        }
        self.book.measure(self.plan.terms.yardstick);
        self.children.tell_remaining(self.plan.left_bytes);
        self.context = None;
        self.seeking.untold = self.children.open_sessions().collect();
        if metainfo.private {
            self.make_private();
        }
        for kept in self.seeking.attic.take() {
            self.look_back(kept, ctx);
        }
        let metadata = Record::Metadata(self.plan.info_hash, info.into());
        self.seeking.unsaved.insert(0, metadata);
        self.seek(ctx);
    }

    /// A session ended that did not know the metadata yet.
    pub(super) fn keep(&mut self, kept: Kept, ctx: &mut Context<Self>) {
        match self.seeking.fetch {
            Some(_) => self.seeking.attic.keep(kept),
            // It came while the session ended.
            None if self.plan.terms.yardstick.is_known() => self.look_back(kept, ctx),
            None => {}
        }
    }

    /// Takes in what a session told that is over: the first observation of its peer.
    fn look_back(&mut self, kept: Kept, ctx: &mut Context<Self>) {
        let now = self.now();
        let terms = Terms {
            yardstick: self.plan.terms.yardstick,
            fast: false,
            holds_back: false,
            may_super_seed: true,
            sums: self.context(ctx).sums,
            pace: self.plan.terms.pace,
        };
        let remote = kept.remote;
        if let Some((first, observed)) = kept.observed(terms) {
            let replayed = self.book.replayed(now, remote, &first, &observed);
            self.record(replayed.and_then(|it| it.rising), None, ctx);
        }
    }

    /// From now on all goes by what the metadata says.
    fn measure(&mut self, metainfo: &Metainfo) {
        let plan = &mut self.plan;
        plan.name = metainfo.name.as_str().into();
        plan.left_bytes = metainfo.total_len_bytes;
        plan.row = plan.row.clone().measured(metainfo);
        plan.terms.yardstick = Yardstick::new(
            metainfo.pieces,
            metainfo.mean_piece_bytes(),
            plan.threshold_permille,
        );
        plan.greeting = Arc::new(Greeting {
            other_hash: metainfo.hashes().other_than(plan.info_hash),
            pieces: Some(metainfo.pieces),
            gossip: !metainfo.private,
            ..Greeting::clone(&plan.greeting)
        });
        self.rows.total_pieces = metainfo.pieces;
        self.seeking.fetch = None;
        self.seeking.unsaved = vec![Record::Torrent(plan.torrent, plan.row.clone())];
    }

    /// BEP 27: from now on its own trackers alone name peers.
    fn make_private(&mut self) {
        if let Some(pex) = self.children.pex() {
            // Its mailbox is full: gossip that still comes is not handed on to the book.
            let _ = pex.try_send(pex::Finish);
        }
        self.unlearn();
        for session in self.book.make_private() {
            self.children.dismiss(session, Outcome::Stopped);
        }
        // Root has our nodes of the DHT forget it.
        self.snapshot();
    }

    fn save_metadata(&mut self, ctx: &mut Context<Self>) {
        if self.seeking.unsaved.is_empty() {
            return;
        }
        let records = std::mem::take(&mut self.seeking.unsaved);
        let (done, receipt) = oneshot::channel();
        let write = Write {
            records: records.clone(),
            done: Some(done),
        };
        if self.recorder.writes.try_send(write).is_err() {
            self.seeking.unsaved = records;
            return;
        }
        ctx.spawn(receipt.into_actor(self).map(move |answer, it, _| {
            if answer.is_err() {
                it.seeking.unsaved = records;
            }
        }));
    }
}

impl Handler<MetadataHeard> for Swarm {
    type Result = ();

    fn handle(&mut self, message: MetadataHeard, ctx: &mut Self::Context) {
        let (now, session) = (self.now(), message.session);
        let Some(fetch) = &mut self.seeking.fetch else {
            return;
        };
        let whole = match message.heard {
            OfMetadata::Offer(len_bytes) => {
                fetch.offer(now, session, message.remote, len_bytes);
                None
            }
            OfMetadata::Said(MetadataMessage::Reject(piece)) => {
                fetch.reject(now, session, piece);
                None
            }
            OfMetadata::Said(MetadataMessage::Data {
                piece,
                total_bytes,
                bytes,
            }) => fetch.data(session, piece, total_bytes, bytes),
            OfMetadata::Said(MetadataMessage::Request(_)) => None,
        };
        match whole {
            Some(info) => self.metadata_found(info, ctx),
            None => self.ask_for_metadata(),
        }
    }
}
