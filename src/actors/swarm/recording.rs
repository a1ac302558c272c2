//! How a Swarm's facts reach the Recorder, and what happens when they do not.
//!
//! Rows are marked when they change and sent in batches; a batch that is not
//! acknowledged marks its rows again. So nothing waits in queues, the newest state
//! of a peer is what is written, and a Recorder may die at any time.

use std::collections::BTreeMap;

use actix::prelude::*;
use slog::{info, warn};
use tokio::sync::oneshot;

use crate::actors::recorder::{Confirm, Write};
use crate::moment::Moment;
use crate::store::Record;
use crate::store::records::EventRow;
use crate::swarm::book::{Book, Hearsay, OutcomeKey, Rising};
use crate::swarm::facts::{PeerNumber, Source};

use super::{Queues, Swarm};

/// Batches of one Swarm on their way to the Recorder at most.
const BATCHES_IN_FLIGHT: usize = 4;

/// Rows of peers in a batch: what the Recorder commits at once.
const ROWS: usize = 200;

/// So many changed rows are sent before their time. Those that changed last wait behind
/// them: a session that has just shown its peer is about to end, which changes the row
/// once more.
const CROWD: usize = 5 * ROWS;

/// What was sent and what waits to be sent.
#[derive(Default)]
pub(super) struct Recording {
    batches_in_flight: usize,
    /// Rises that the Recorder had no room for, or let fall. A Peer that waits says
    /// its own again: it stands here once.
    unsent: BTreeMap<RiseKey, Rising>,
    /// Rises that it has not yet acknowledged.
    unacknowledged: BTreeMap<RiseKey, Rising>,
}

/// Who, and when it was at the threshold.
type RiseKey = (PeerNumber, Moment);

/// What one batch held, to be marked again if it is lost.
struct Manifest {
    peers: Vec<PeerNumber>,
    outcomes: Vec<OutcomeKey>,
    sources: Vec<(u32, Source)>,
    hearsay: Vec<Hearsay>,
}

impl Recording {
    /// Everything was sent and acknowledged.
    pub(super) fn is_idle(&self) -> bool {
        self.batches_in_flight == 0 && self.unsent.is_empty() && self.unacknowledged.is_empty()
    }

    /// A rise of this peer is on its way.
    pub(super) fn awaits(&self, peer: PeerNumber) -> bool {
        let mut on_its_way = self.unsent.keys().chain(self.unacknowledged.keys());
        on_its_way.any(|(of, _)| *of == peer)
    }
}

impl Swarm {
    /// Records the rise that followed from an observation, if one did. `peer_waits`
    /// is answered when it is durable.
    pub(super) fn record(
        &mut self,
        rising: Option<Rising>,
        peer_waits: Option<oneshot::Sender<()>>,
        ctx: &mut Context<Self>,
    ) {
        match (rising, peer_waits) {
            (Some(rising), peer_waits) => self.record_rise(rising, peer_waits, ctx),
            // Nothing to wait for: its row is written with the others.
            (None, Some(peer_waits)) => drop(peer_waits.send(())),
            (None, None) => {}
        }
    }

    fn record_rise(
        &mut self,
        mut rising: Rising,
        peer_waits: Option<oneshot::Sender<()>>,
        ctx: &mut Context<Self>,
    ) {
        self.locate(rising.peer);
        let whereabouts = self.book.peer(rising.peer).map(|it| &it.whereabouts);
        rising.record.whereabouts = whereabouts.cloned().flatten();
        let rows = self.rows;
        let key = (rising.peer, rising.rise.reached.at);
        let (done, receipt) = oneshot::channel();
        let confirm = Confirm {
            records: Box::new([
                rows.peer(rising.peer, &rising.record),
                Record::Completion(rows.torrent, rising.peer, rows.completion(&rising)),
            ]),
            peer_waits,
            done: Some(done),
        };
        if self.recorder.confirms.try_send(confirm).is_err() {
            // The Peer's reply falls with the message: it will say it again too,
            // which writes the same row once more.
            self.recording.unsent.insert(key, rising);
            return;
        }
        self.recording.unacknowledged.insert(key, rising);
        ctx.spawn(receipt.into_actor(self).map(move |answer, it, _| {
            let Some(rising) = it.recording.unacknowledged.remove(&key) else {
                return;
            };
            match answer {
                Ok(()) => it.recorded(&rising),
                Err(_) => drop(it.recording.unsent.insert(key, rising)),
            }
        }));
    }

    /// What is on its way.
    pub(super) fn queues(&self) -> Queues {
        let (observations, crossings) = self.permits.in_use();
        let recording = &self.recording;
        Queues {
            observations,
            crossings,
            rows: self.book.dirty(),
            batches: recording.batches_in_flight,
            rises: recording.unsent.len() + recording.unacknowledged.len(),
        }
    }

    /// A rise is on disk: now it may be told.
    fn recorded(&mut self, rising: &Rising) {
        let rise = &rising.rise;
        info!(self.log, "rise recorded"; "verdict" => rise.verdict.label(), "peer" => rising.peer.0,
            "client" => &*rising.record.client, "below_pieces" => rise.below.pieces,
            "pieces" => rise.reached.pieces, "evidence" => rise.evidence.label());
        if rising.is_confirmed() {
            self.shown.confirmed(self.rows, rising);
        }
    }

    /// Sends what has changed since the last time.
    pub(super) fn flush(&mut self, ctx: &mut Context<Self>) {
        for rising in std::mem::take(&mut self.recording.unsent).into_values() {
            self.record_rise(rising, None, ctx);
        }
        self.send_rows(0, ctx);
    }

    /// Sends batches as long as so many peers' rows are to be stored.
    fn send_rows(&mut self, at_least: usize, ctx: &mut Context<Self>) {
        while self.recording.batches_in_flight < BATCHES_IN_FLIGHT && self.book.dirty() >= at_least
        {
            let Some((records, manifest)) = self.gather() else {
                return;
            };
            let (done, receipt) = oneshot::channel();
            let write = Write {
                records,
                done: Some(done),
            };
            if self.recorder.writes.try_send(write).is_err() {
                restore(&mut self.book, &manifest);
                return;
            }
            self.recording.batches_in_flight += 1;
            ctx.spawn(receipt.into_actor(self).map(move |answer, it, ctx| {
                it.recording.batches_in_flight -= 1;
                match answer {
                    Ok(()) => it.flush_crowd(ctx),
                    Err(_) => restore(&mut it.book, &manifest),
                }
            }));
        }
    }

    /// Sends what is too much to wait for the tick; the rest may yet change.
    pub(super) fn flush_crowd(&mut self, ctx: &mut Context<Self>) {
        self.send_rows(CROWD, ctx);
    }

    /// Leaves a note for the reader of the figures.
    pub(super) fn record_event(&self, kind: &str, text: &str) {
        let event = EventRow {
            at: self.now(),
            kind: kind.into(),
            text: text.into(),
            torrent: Some(self.plan.torrent),
        };
        let write = Write {
            records: vec![Record::Event(event)],
            done: None,
        };
        if self.recorder.writes.try_send(write).is_err() {
            warn!(self.log, "an event was not recorded"; "kind" => kind, "text" => text);
        }
    }

    fn gather(&mut self) -> Option<(Vec<Record>, Manifest)> {
        let peers = self.book.take_dirty(ROWS);
        for number in &peers {
            self.locate(*number);
        }
        let (book, rows) = (&mut self.book, self.rows);
        let mut records: Vec<_> = peers
            .iter()
            .filter_map(|number| Some(rows.peer(*number, book.peer(*number)?)))
            .collect();
        let outcomes = book.tally().take_outcomes();
        records.extend(
            outcomes
                .iter()
                .map(|(key, count)| rows.outcome(key, *count)),
        );
        let sources = book.tally().take_sources();
        records.extend(
            sources
                .iter()
                .map(|(hour, source, tally)| rows.source(*hour, *source, tally)),
        );
        let hearsay = book.take_hearsay(ROWS - peers.len());
        records.extend(hearsay.iter().map(|it| rows.hearsay(it)));
        let manifest = Manifest {
            peers,
            outcomes: outcomes.into_iter().map(|it| it.0).collect(),
            sources: sources.into_iter().map(|it| (it.0, it.1)).collect(),
            hearsay,
        };
        (!records.is_empty()).then_some((records, manifest))
    }

    /// Looks up where a peer is, once, as its first row is made.
    fn locate(&mut self, number: PeerNumber) {
        let (atlas, locator) = (&mut self.atlas, &self.plan.shared.locator);
        if !locator.is_empty() {
            self.book.locate(number, |ip| atlas.look_up(locator, ip));
        }
    }
}

fn restore(book: &mut Book, manifest: &Manifest) {
    book.mark_dirty(&manifest.peers);
    book.tally().untake(&manifest.outcomes, &manifest.sources);
    book.put_back_hearsay(&manifest.hearsay);
}
