//! One session's view of one peer's pieces: when it may be believed, and when it
//! reaches the threshold.

mod answers;
mod backlog;
mod checking;
mod growth;
mod held;
mod honesty;
mod report;
mod tempo;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::mem;

pub use self::report::{Crossing, Few, Report, Seen, Showing};
pub use self::terms::Terms;

use self::backlog::Backlog;
use self::held::Held;
pub use self::held::Sums;
use self::honesty::Honesty;
use self::tempo::Tempo;
use super::facts::Observation;
use crate::moment::Moment;
use crate::protocol::peer::bitfield::Bitfield;

/// Rises, and falls, that one session may report: more is a peer that plays.
const RISES_REPORTED: u8 = 4;

/// Coarse steps from none to all.
const STEPS: u32 = 16;

/// One session's view of one peer's pieces.
///
/// A machine without clock or socket. It wants four kinds of call:
///
/// 1. *messages*, as they come: [`bitfield`](Self::bitfield), [`have`](Self::have),
///    [`have_all`](Self::have_all), [`have_none`](Self::have_none),
///    [`dont_have`](Self::dont_have), [`upload_only`](Self::upload_only);
/// 2. [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout)
///    is due. *Feed all that has arrived first*: a message that waits in a buffer
///    while the timer fires belongs to the burst that the timer would end;
/// 3. [`poll_report`](Self::poll_report) until it is empty, after either;
/// 4. questions, at any time.
///
/// A HAVE allocates nothing, but for the first one of an empty peer.
#[derive(Debug)]
pub struct Progress {
    terms: Terms,
    held: Held,
    phase: Phase,
    started: Moment,
    /// The last message about pieces, or the end of the silence that told as much.
    known_at: Moment,
    /// A message said where the peer started from (BITFIELD, HAVE_ALL, HAVE_NONE).
    based: bool,
    honesty: Honesty,
    tempo: Tempo,
    upload_only: Option<Moment>,
    partial_reported: bool,
    below: Option<Observation>,
    step: u32,
    rises: u8,
    falls: u8,
    /// What is to be polled: nothing, most of the time, and sessions are many.
    #[expect(clippy::box_collection)]
    reports: Option<Box<VecDeque<Report>>>,
    /// An outage of our network has just ended.
    backlog: Option<Box<Backlog>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was said of pieces.
    Silent,
    /// Nothing was said for long: 0, until a message tells better.
    Provisional,
    /// The opening burst, since when.
    Opening(Moment, Opening),
    /// What was observed is what the peer holds.
    Settled,
}

/// What an opening burst is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    /// The first observation.
    First,
    /// The first observation in place of a provisional 0.
    Replacing,
    /// HAVE messages that uphold a provisional 0, unless they reach the threshold
    /// at one go.
    Upholding,
}

impl Progress {
    /// A session that has just shaken hands.
    pub fn new(now: Moment, terms: Terms) -> Self {
        let nothing = Observation { at: now, pieces: 0 };
        Progress {
            held: Held::none(terms.yardstick.pieces),
            phase: Phase::Silent,
            started: now,
            known_at: now,
            based: false,
            honesty: Honesty::new(now, &terms),
            tempo: Tempo::since(nothing),
            upload_only: None,
            partial_reported: false,
            below: None,
            step: 0,
            rises: 0,
            falls: 0,
            reports: None,
            backlog: None,
            terms,
        }
    }

    /// BITFIELD: at the start, or again in mid-session (aria2), which is an update.
    pub fn bitfield(&mut self, now: Moment, bits: Bitfield) {
        let before = self.before(now);
        self.held.replace(bits, self.terms.sums);
        self.learnt(now, before, true);
    }

    /// HAVE_ALL (BEP 6).
    pub fn have_all(&mut self, now: Moment) {
        let before = self.before(now);
        self.held.fill();
        self.learnt(now, before, true);
    }

    /// HAVE_NONE (BEP 6).
    pub fn have_none(&mut self, now: Moment) {
        let before = self.before(now);
        self.held.clear();
        self.learnt(now, before, true);
    }

    /// HAVE.
    pub fn have(&mut self, now: Moment, piece: u32) {
        let before = self.before(now);
        if !self.held.add(piece, self.terms.sums) {
            return;
        }
        self.honesty.have(piece, self.held.count());
        if self.phase == Phase::Settled {
            self.tempo.have(now, before.at, piece, &self.terms);
        }
        self.learnt(now, before, false);
    }

    /// `lt_donthave` (BEP 54).
    pub fn dont_have(&mut self, now: Moment, piece: u32) {
        let before = self.before(now);
        if self.held.remove(piece, self.terms.sums) {
            self.learnt(now, before, false);
        }
    }

    /// `upload_only` (BEP 21), in the extension handshake or as a message: a hint,
    /// never an observation.
    pub fn upload_only(&mut self, now: Moment, says_so: bool) {
        self.upload_only = says_so.then(|| self.upload_only.unwrap_or(now));
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Moment> {
        let deadlines = [
            self.settles_at(),
            self.proves_empty_at(),
            self.partial_seed_at(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Moment) {
        if let Some(due) = self.settles_at().filter(|due| *due <= now) {
            self.settle(due);
        }
        if self.proves_empty_at().is_some_and(|due| due <= now) {
            self.judge(now);
            self.report(Report::Step);
        }
        if self.partial_seed_at().is_some_and(|due| due <= now) {
            self.partial_reported = true;
            self.report(Report::PartialSeed);
        }
    }

    /// What the book should learn, oldest first.
    pub fn poll_report(&mut self) -> Option<Report> {
        let report = self.reports.as_mut()?.pop_front();
        if report.is_none() {
            self.reports = None;
        }
        report
    }

    fn say(&mut self, report: Report) {
        self.reports.get_or_insert_default().push_back(report);
    }

    fn report(&mut self, of: impl FnOnce(Seen) -> Report) {
        let report = of(self.as_seen());
        self.say(report);
    }

    /// What stands before a message.
    fn before(&mut self, now: Moment) -> Observation {
        self.judge(now);
        self.heard_late(now);
        self.observation()
    }

    /// The pieces held may have changed.
    fn learnt(&mut self, now: Moment, before: Observation, base: bool) {
        let first_base = base && !mem::replace(&mut self.based, true);
        self.known_at = now;
        match self.phase {
            Phase::Silent => self.phase = Phase::Opening(now, Opening::First),
            Phase::Provisional if base && self.count() == 0 => {
                self.phase = Phase::Settled;
                self.report(Report::Step);
            }
            Phase::Provisional if base => self.reopen(now),
            Phase::Provisional => self.phase = Phase::Opening(now, Opening::Upholding),
            Phase::Opening(_, Opening::Upholding) if first_base => self.reopen(now),
            Phase::Opening(_, what) if first_base => self.phase = Phase::Opening(now, what),
            Phase::Opening(..) => {}
            Phase::Settled => self.changed(before, base),
        }
        if base && self.count() > 0 {
            self.honesty.bitfield();
        } else if first_base && self.terms.fast {
            self.honesty.empty(now);
        }
        if matches!(self.phase, Phase::Opening(..)) && self.reached() {
            self.settle(now);
        }
    }

    /// The silence was no 0: the session opens only now.
    fn reopen(&mut self, now: Moment) {
        self.phase = Phase::Opening(now, Opening::Replacing);
        self.honesty = Honesty::new(now, &self.terms);
    }

    /// The first observation stands, as of `at`.
    fn settle(&mut self, at: Moment) {
        let phase = mem::replace(&mut self.phase, Phase::Settled);
        let before = self.observation();
        self.judge(at);
        self.known_at = at;
        let is = self.observation();
        if !self.reached() {
            self.honesty.settled(is.pieces);
        }
        let upheld = phase_is(phase, Opening::Upholding) && !self.reached();
        if upheld {
            self.tempo.grew(before, is, &self.terms);
        } else {
            self.tempo.restart(is);
        }
        self.note_below();
        self.step = is.pieces / self.step_pieces();
        match phase {
            Phase::Silent => {
                self.phase = Phase::Provisional;
                self.report(Report::Settled);
            }
            Phase::Opening(_, Opening::First) => self.report(Report::Settled),
            _ if upheld => self.report(Report::Step),
            _ => self.report(Report::Replaced),
        }
    }

    /// Progress after it settled.
    fn changed(&mut self, before: Observation, base: bool) {
        let is = self.observation();
        if is.pieces > before.pieces {
            self.tempo.grew(before, is, &self.terms);
        } else if is.pieces < before.pieces {
            self.fell(is, before, base);
        }
        if self.reached() && !self.terms.yardstick.reached(before.pieces) {
            self.cross(before);
        }
        self.note_below();
        self.note_step(is.pieces);
    }

    fn fell(&mut self, is: Observation, before: Observation, base: bool) {
        self.tempo.restart(is);
        let was_above = self.terms.yardstick.reached(before.pieces);
        // Single pieces lost below the threshold are no news of their own.
        let news = !self.reached() && (base || was_above);
        if news && self.falls < RISES_REPORTED {
            self.falls += 1;
            self.step = is.pieces / self.step_pieces();
            self.report(Report::FellBack);
        }
    }

    fn cross(&mut self, from: Observation) {
        if self.rises == RISES_REPORTED {
            return;
        }
        self.rises += 1;
        let from = self.known_before(from);
        let seen = self.as_seen();
        let checking = self.tempo.is_checking(seen.at, &self.terms);
        self.say(Report::Crossed(Crossing {
            from,
            seen,
            checking,
        }));
    }

    fn note_below(&mut self) {
        if !self.reached() {
            self.below = Some(self.observation());
        }
    }

    fn note_step(&mut self, pieces: u32) {
        let step = pieces / self.step_pieces();
        if step > self.step && !self.reached() {
            self.step = step;
            self.report(Report::Step);
        }
    }

    fn judge(&mut self, now: Moment) {
        if self.settled() && !self.reached() {
            let stands = self.observation();
            self.honesty.judge(now, stands, self.terms.pace);
        }
    }

    /// When silence, or the opening burst, ends.
    fn settles_at(&self) -> Option<Moment> {
        let pace = self.terms.pace;
        let silence_over = self.started + pace.settle_silence();
        match self.phase {
            // With Fast an empty peer says so: silence is unknown, for ever.
            Phase::Silent => (!self.terms.fast).then_some(silence_over),
            Phase::Opening(since, what) => {
                let end = (self.known_at + pace.burst_gap()).min(since + pace.burst_max());
                // HAVE messages alone may be the first of more.
                let unbased = what == Opening::First && !self.based;
                Some(if unbased { end.max(silence_over) } else { end })
            }
            Phase::Provisional | Phase::Settled => None,
        }
    }

    fn proves_empty_at(&self) -> Option<Moment> {
        let proof = self.honesty.proves_empty_at(self.count(), self.terms.pace);
        proof.filter(|_| self.settled())
    }

    fn partial_seed_at(&self) -> Option<Moment> {
        let open = self.phase == Phase::Settled && !self.partial_reported && !self.reached();
        let since = self
            .upload_only
            .filter(|_| open)?
            .max(self.tempo.changed_at());
        Some(since + self.terms.pace.partial_seed_wait())
    }

    fn reached(&self) -> bool {
        self.terms.yardstick.reached(self.count())
    }

    fn step_pieces(&self) -> u32 {
        (self.terms.yardstick.pieces / STEPS).max(1)
    }
}

fn phase_is(phase: Phase, what: Opening) -> bool {
    matches!(phase, Phase::Opening(_, it) if it == what)
}
