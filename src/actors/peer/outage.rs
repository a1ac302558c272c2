//! A session in an outage of our own network.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::actors::lifesigns::LifeSigns;
use crate::moment::Moment;
use crate::protocol::address::{IpFamily, canonical_ip};
use crate::protocol::peer::Transport;
use crate::protocol::peer::error::ConversationError;

use super::Peer;
use super::ending::Over;

/// How soon a session notices that the network is back: not all at once.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Over uTP a peer that has given us up need not say so when we speak to it again: one
/// that is silent for so long after an outage has. Transmission speaks every 10 to 12 s.
const PROOF: Duration = Duration::from_secs(13);

/// What an outage leaves with a session.
#[derive(Debug)]
pub(super) struct Absence {
    /// Our network is down: time stands still until then at least.
    pub(super) still_until: Option<Moment>,
    /// It was: when the peer must have said something.
    pub(super) proof_by: Option<Moment>,
    /// How often our network had come back when that was last looked at.
    returns: u32,
}

impl Absence {
    pub(super) fn of(signs: &LifeSigns, remote: SocketAddr) -> Self {
        Absence {
            still_until: None,
            proof_by: None,
            returns: signs.returns(family(remote)),
        }
    }
}

fn family(remote: SocketAddr) -> IpFamily {
    IpFamily::of(canonical_ip(remote.ip()))
}

impl Peer {
    /// Whether time stands still: while our network is down, a peer's silence says
    /// nothing of it. When it is back the first look begins anew, and a word from us
    /// shows which peers have gone.
    pub(super) fn stands_still(&mut self, now: Moment) -> bool {
        let (signs, family) = (&self.context.signs, family(self.remote));
        if self.has_met() && signs.is_down(family) {
            self.absence.still_until = Some(now + LOOK_EVERY);
            return true;
        }
        self.absence.still_until = None;
        let returns = signs.returns(family);
        if std::mem::replace(&mut self.absence.returns, returns) != returns {
            self.opened_at = now;
            self.conversation.revive(now);
            if let Some(progress) = &mut self.progress {
                progress.was_away();
            }
            let utp = self.ways.way().transport == Transport::Utp;
            self.absence.proof_by = utp.then_some(now + PROOF);
        }
        false
    }

    /// Whether it stood still when that was last looked at, with nothing left to say.
    pub(super) fn stood_still(&self) -> bool {
        self.absence.still_until.is_some() && self.outbox.is_idle()
    }

    /// Ends a session that an outage has ended at the other side alone.
    pub(super) fn is_forgotten(&mut self, now: Moment) -> bool {
        let Some(by) = self.absence.proof_by.filter(|by| *by <= now) else {
            return false;
        };
        self.absence.proof_by = None;
        let forgotten = self.heard_at.is_none_or(|at| at + PROOF < by);
        if forgotten {
            self.end(now, Over::Broken(ConversationError::Silent));
        }
        forgotten
    }

    /// Something came from the peer. What comes first after an outage may have been said
    /// long ago.
    pub(super) fn hear(&mut self, now: Moment) {
        let (signs, family) = (&self.context.signs, family(self.remote));
        let away = signs.is_down(family) || signs.returns(family) != self.absence.returns;
        if let Some(progress) = self.progress.as_mut().filter(|_| away) {
            progress.was_away();
        }
        self.is_heard(now);
    }

    pub(super) fn is_heard(&self, now: Moment) {
        self.context.signs.heard(now, self.remote);
    }

    /// It may be a farewell, or a refusal.
    pub(super) fn hear_end(&self, now: Moment, why: &Over) {
        let refused = io::ErrorKind::ConnectionRefused;
        let answers = match why {
            Over::Theirs(_) => !is_lost(why),
            Over::NoLink(kind) => *kind == refused,
            Over::Broken(_) | Over::Ours(_) => false,
        };
        if answers {
            self.is_heard(now);
        }
    }
}

/// Whether the line went dead: nobody answered, and nobody said farewell.
pub(super) fn is_lost(why: &Over) -> bool {
    match why {
        Over::Theirs(kind) | Over::NoLink(kind) => matches!(
            kind,
            io::ErrorKind::TimedOut
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::NetworkDown
                | io::ErrorKind::AddrNotAvailable
        ),
        Over::Broken(error) => matches!(
            error,
            ConversationError::HandshakeTimeout | ConversationError::Silent
        ),
        Over::Ours(_) => false,
    }
}
