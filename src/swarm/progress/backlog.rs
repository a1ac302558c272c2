//! What a peer said while our network was away, and what comes when it is back.

use super::Progress;
use crate::moment::Moment;
use crate::swarm::facts::Observation;
use crate::swarm::pace::Pace;

/// The first burst after an outage: what it says may be as old as what was known before.
#[derive(Debug)]
pub(super) struct Backlog {
    known: Observation,
    /// When the burst began, and its last message.
    burst: Option<(Moment, Moment)>,
}

impl Backlog {
    /// Whether a message that comes now belongs to the burst.
    fn takes(&mut self, now: Moment, pace: Pace) -> bool {
        let (began, last) = self.burst.unwrap_or((now, now));
        self.burst = Some((began, now));
        now.since(last) < pace.burst_gap() && now.since(began) < pace.burst_max()
    }
}

impl Progress {
    /// Our network was away for a time, and is back: TCP may yet bring what was said
    /// meanwhile.
    pub fn was_away(&mut self) {
        if self.settled() && self.backlog.is_none() {
            let (known, burst) = (self.observation(), None);
            self.backlog = Some(Box::new(Backlog { known, burst }));
        }
    }

    /// A message comes, which may have waited.
    pub(super) fn heard_late(&mut self, now: Moment) {
        let pace = self.terms.pace;
        self.backlog.take_if(|it| !it.takes(now, pace));
    }

    /// What was known for certain before a message that comes now, which otherwise is
    /// what stands.
    pub(super) fn known_before(&self, stands: Observation) -> Observation {
        self.backlog.as_ref().map_or(stands, |it| it.known)
    }
}
