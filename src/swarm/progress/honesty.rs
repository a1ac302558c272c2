//! What a session shows that a super-seeder (BEP 16) would not.
//!
//! A super-seeder claims to hold nothing, then reveals a piece or two by HAVE, and
//! on leaving that mode all of them: to an onlooker, a very fast download.

use super::Terms;
use super::report::{Few, Showing};
use crate::moment::Moment;
use crate::swarm::facts::Observation;
use crate::swarm::pace::Pace;

/// One session's evidence, from strangers' first messages on.
#[derive(Debug)]
pub(super) struct Honesty {
    pub(super) showing: Showing,
    pub(super) revealed: Few,
    /// Pieces came by a message that a super-seeder would not send.
    by_bitfield: bool,
    empty_since: Moment,
    /// Since when it shows more than a super-seeder would.
    many_since: Option<Moment>,
}

impl Honesty {
    pub(super) fn new(now: Moment, terms: &Terms) -> Self {
        Honesty {
            showing: if terms.may_super_seed && terms.yardstick.can_reveal() {
                Showing::Nothing
            } else {
                Showing::Honest
            },
            revealed: Few::default(),
            by_bitfield: false,
            empty_since: now,
            many_since: None,
        }
    }

    /// A single HAVE brought the count to `count`.
    pub(super) fn have(&mut self, piece: u32, count: u32) {
        if !self.by_bitfield && count as usize <= Few::MOST {
            self.revealed.push(piece);
            self.showing = self.showing.max(Showing::Revealed);
        }
    }

    /// A BITFIELD or HAVE_ALL with pieces in it came.
    pub(super) fn bitfield(&mut self) {
        self.by_bitfield = true;
    }

    /// The peer said that it holds nothing.
    pub(super) fn empty(&mut self, now: Moment) {
        self.empty_since = now;
    }

    /// When no piece will have been shown for long enough.
    pub(super) fn proves_empty_at(&self, count: u32, pace: Pace) -> Option<Moment> {
        let open = self.showing == Showing::Nothing && count == 0;
        open.then(|| self.empty_since + pace.honest_empty())
    }

    /// What has stood until now below the threshold counts; what a burst merely
    /// passes through does not. A burst ends at a gap, and after its longest time.
    pub(super) fn judge(&mut self, now: Moment, stands: Observation, pace: Pace) {
        if self.shows_many(stands.pieces) {
            let since = *self.many_since.get_or_insert(stands.at);
            let gap = now.since(stands.at) >= pace.burst_gap();
            if gap || now.since(since) >= pace.burst_max() {
                self.showing = Showing::Honest;
            }
        } else if let Some(due) = self.proves_empty_at(stands.pieces, pace)
            && due <= now
        {
            self.showing = Showing::Empty;
        }
    }

    /// A first observation below the threshold: its burst is over.
    pub(super) fn settled(&mut self, count: u32) {
        if self.shows_many(count) {
            self.showing = Showing::Honest;
        }
    }

    fn shows_many(&self, count: u32) -> bool {
        count as usize > Few::MOST || (self.by_bitfield && count > 0)
    }
}
