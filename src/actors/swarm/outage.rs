//! What a Swarm does while our own network is down, and what it charges to nobody.

use actix::prelude::*;
use slog::debug;

use crate::moment::Moment;
use crate::protocol::address::IpFamily;
use crate::swarm::book::{End, SessionId};
use crate::swarm::outage::Verdict;
use crate::swarm::schedule::Parting;

use super::Swarm;

/// Ends of which nobody knows yet whose failure they were, at most: more are the
/// others'.
const DOUBTS: usize = 10_000;

/// What waits to be known of the network.
#[derive(Default)]
pub(super) struct Doubts {
    waiting: Vec<Doubt>,
    /// Unusual silences that were heeded, family by family.
    heeded: [u32; FAMILIES.len()],
}

const FAMILIES: [IpFamily; 2] = [IpFamily::V4, IpFamily::V6];

/// A session that has ended, perhaps by our own network.
struct Doubt {
    session: SessionId,
    ended_at: Moment,
    end: Box<End>,
}

impl Swarm {
    /// Sessions and contacts that have not ended.
    pub(super) fn open_sessions(&self) -> usize {
        let unconcluded = self.book.figures().sessions;
        unconcluded.saturating_sub(self.doubts.waiting.len())
    }

    /// A session has ended: it counts as soon as it is known whose failure it was.
    pub(super) fn conclude(&mut self, now: Moment, session: SessionId, end: Box<End>) {
        let doubt = Doubt {
            session,
            ended_at: now,
            end,
        };
        self.judge(now, doubt);
    }

    fn judge(&mut self, now: Moment, mut doubt: Doubt) {
        let (session, lost, ended_at) = (doubt.session, doubt.end.lost, doubt.ended_at);
        let may_wait = lost && !self.stopping && self.doubts.waiting.len() < DOUBTS;
        match self.verdict(now, &doubt) {
            Verdict::Open if may_wait => self.doubts.waiting.push(doubt),
            Verdict::Open | Verdict::Theirs => {
                if let Some(silent) = self.book.ended(ended_at, session, &doubt.end) {
                    self.seek_introduction(silent);
                }
            }
            Verdict::Ours => {
                debug!(self.log, "not charged: the network was down"; "session" => session.0);
                self.book.cut_off(ended_at, session, &mut doubt.end);
            }
        }
    }

    fn verdict(&self, now: Moment, doubt: &Doubt) -> Verdict {
        let (session, ended_at, end) = (doubt.session, doubt.ended_at, &*doubt.end);
        let by_silence = end.lost || end.parting == Parting::TheyLeft;
        let line = self.book.line(session, end).filter(|_| by_silence);
        line.map_or(Verdict::Theirs, |(ip, alive_at)| {
            let signs = &self.plan.shared.signs;
            signs.verdict(now, ip, alive_at, ended_at)
        })
    }

    /// Pauses contacts while the network is down and takes them up when it is back;
    /// asks who is known to answer when it may be down.
    pub(super) fn mind_the_network(&mut self, ctx: &mut Context<Self>) {
        let now = self.now();
        for doubt in std::mem::take(&mut self.doubts.waiting) {
            self.judge(now, doubt);
        }
        let shared = self.plan.shared.clone();
        for (family, heeded) in FAMILIES.into_iter().zip(0..) {
            let heeded: &mut u32 = &mut self.doubts.heeded[heeded];
            let suspicions = shared.signs.suspicions(family);
            if std::mem::replace(heeded, suspicions) != suspicions {
                let calls = shared.signs.take_calls(family);
                let found = self.book.call_on(now, family, calls);
                shared.signs.give_back_calls(family, calls - found);
            }
            let is_down = shared.signs.is_down(family);
            self.book.pause(now, family, is_down);
            if is_down && self.book.is_awaited(family) && shared.signs.may_try(now, family) {
                self.try_one(now, family, ctx);
            }
        }
    }

    /// One contact in an outage: whoever answers tells that it is over.
    fn try_one(&mut self, now: Moment, family: IpFamily, ctx: &mut Context<Self>) {
        if let Some(slot) = self.plan.shared.slots.take(now, self.plan.torrent)
            && let Some(contact) = self.book.next_try(now, family)
        {
            self.begin(contact, slot, ctx);
        }
    }
}
