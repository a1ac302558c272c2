//! Which addresses are forgotten.

use std::net::SocketAddr;
use std::time::Duration;

use crate::moment::Moment;
use crate::swarm::facts::Source;

use super::Addresses;

/// An address that nobody named for so long, nor was reached, is forgotten when
/// room is short; one that was tried in vain at once.
const FORGET_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Room is looked for at most this often: a liar's names cost us no more.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

impl Addresses {
    /// Forgets the addresses that no tracker, no link and no connection named; answers
    /// with all of them.
    pub(in crate::swarm::book) fn forget_hearsay(&mut self) -> Vec<SocketAddr> {
        let hearsay = self.known.iter();
        let hearsay = hearsay.filter(|(_, it)| it.sources.iter().all(Source::is_hearsay));
        let hearsay: Vec<_> = hearsay.map(|(at, _)| *at).collect();
        for at in &hearsay {
            self.known.remove(at);
            self.agenda.cancel(*at);
        }
        hearsay
    }

    /// Whether one more may be kept.
    pub(super) fn has_room(&mut self, now: Moment) -> bool {
        let swept_lately = self
            .swept_at
            .is_some_and(|swept_at| now.since(swept_at) < SWEEP_EVERY);
        if self.known.len() >= self.most && !swept_lately {
            self.swept_at = Some(now);
            self.forget_stale(now);
        }
        self.known.len() < self.most
    }

    fn forget_stale(&mut self, now: Moment) {
        let agenda = &mut self.agenda;
        self.known.retain(|at, it| {
            let in_vain = it.peer.is_none() && it.contacts.failures > 0;
            let stale = in_vain || now.since(it.known_at) > FORGET_AFTER;
            let forgotten = stale && !it.busy;
            if forgotten {
                agenda.cancel(*at);
            }
            !forgotten
        });
    }
}
