//! How a session ends, and what it counts as.

use std::io;

use crate::moment::Moment;
use crate::protocol::peer::error::ConversationError;
use crate::swarm::book::End;
use crate::swarm::facts::Outcome;
use crate::swarm::progress::Progress;
use crate::swarm::schedule::Parting;

use super::outbox::Parcel;
use super::{Peer, Stage, origin};

/// Why a session is over.
pub(super) enum Over {
    /// The peer closed, or the connection broke.
    Theirs(io::ErrorKind),
    /// No link came about.
    NoLink(io::ErrorKind),
    /// It broke the protocol, or a time limit.
    Broken(ConversationError),
    /// We leave.
    Ours(Outcome),
}

impl Peer {
    /// The session is over: its link falls, its end goes to the Swarm.
    pub(super) fn end(&mut self, now: Moment, why: Over) {
        if matches!(self.stage, Stage::Over) {
            return;
        }
        self.stage = Stage::Over;
        let parting = match why {
            Over::Theirs(_) if !self.has_met() => Parting::TurnedAway,
            _ if !self.has_met() => Parting::NotReached,
            Over::Ours(_) => Parting::WeLeft,
            Over::Theirs(_) | Over::NoLink(_) | Over::Broken(_) => Parting::TheyLeft,
        };
        let outcome = self.outcome(&why);
        let last = self.progress.as_mut().and_then(|it| it.seen(now));
        let end = End {
            outcome,
            parting,
            family: self.conversation.family(),
            unsettled: self.progress.as_ref().and_then(Progress::unsettled),
            last,
            expected_finish: self.expected_finish(now),
            heard_at: self.heard_at,
            told_at: self.mouth.spoke_at(),
            kept: self.kept(now),
        };
        self.outbox.push(Parcel::Ended(self.session, Box::new(end)));
    }

    /// Whether the handshake was done.
    fn has_met(&self) -> bool {
        self.progress.is_some() || self.unmeasured.is_some()
    }

    fn outcome(&self, why: &Over) -> Outcome {
        let settled = self.progress.as_ref().is_some_and(Progress::settled);
        match why {
            Over::Ours(Outcome::Duplicate) => Outcome::Duplicate,
            _ if settled => Outcome::Success,
            Over::Ours(outcome) => *outcome,
            Over::Broken(ConversationError::HandshakeTimeout) => Outcome::TimedOut,
            Over::Broken(ConversationError::SelfConnection) => Outcome::SelfConnection,
            Over::Broken(ConversationError::WrongInfoHash { .. }) => Outcome::UnknownInfoHash,
            Over::Broken(ConversationError::Silent) => Outcome::Unsettled,
            Over::Broken(_) => Outcome::ProtocolError,
            Over::NoLink(kind) => origin::outcome(*kind),
            Over::Theirs(_) if self.has_met() => Outcome::Unsettled,
            Over::Theirs(io::ErrorKind::ConnectionReset) => Outcome::Reset,
            Over::Theirs(_) => Outcome::Closed,
        }
    }
}
