//! How a dial and a session end, and what they count as.

use std::io;

use crate::moment::Moment;
use crate::protocol::peer::Way;
use crate::protocol::peer::error::ConversationError;
use crate::swarm::book::End;
use crate::swarm::facts::Outcome;
use crate::swarm::progress::Progress;
use crate::swarm::schedule::Parting;

use super::outage::is_lost;
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
    /// The session is over, or a dial that never became one. Another dial follows, if
    /// one is worth it; else the link falls, and the end goes to the Swarm.
    pub(super) fn end(&mut self, now: Moment, why: Over) {
        let linked = match self.stage {
            Stage::Dialling(..) => false,
            Stage::Open(_) => true,
            Stage::Over => return,
        };
        // One open at a time.
        self.stage = Stage::Over;
        self.hear_end(now, &why);
        let (outcome, is_lost) = (self.outcome(&why), is_lost(&why));
        match &why {
            _ if self.has_met() => self.ways.over(Outcome::Success, linked),
            Over::Ours(_) => self.ways.over(outcome, linked),
            _ => {
                if let Some(way) = self.ways.fell(outcome, linked) {
                    return self.dial(now, way);
                }
            }
        }
        let (outcome, parting) = match (why, self.ways.most_telling()) {
            (Over::Ours(_), _) if self.has_met() => (outcome, Parting::WeLeft),
            _ if self.has_met() => (outcome, Parting::TheyLeft),
            (Over::Ours(_), _) | (_, None) => (outcome, Parting::NotReached),
            (_, Some(dial)) if dial.is_turned_away() => (dial.outcome, Parting::TurnedAway),
            (_, Some(dial)) => (dial.outcome, Parting::NotReached),
        };
        let lost = match self.has_met() {
            true => is_lost,
            false => parting == Parting::NotReached && outcome.is_silence(),
        };
        let last = self.progress.as_mut().and_then(|it| it.seen(now));
        let end = End {
            outcome,
            parting,
            lost,
            dials: self.ways.dials().collect(),
            family: self.conversation.family(),
            unsettled: self.progress.as_ref().and_then(Progress::unsettled),
            last,
            expected_finish: self.expected_finish(now),
            heard_at: self.heard_at,
            told_at: self.mouth.spoke_at(),
            kept: self.kept(now),
        };
        self.outbox.push(Parcel::Ended(Box::new(end)));
    }

    /// The next dial of the same contact.
    fn dial(&mut self, now: Moment, way: Way) {
        let deadline = now + self.ways.patience(self.context.timeout);
        let dialling = origin::dial(&self.context, self.remote, way);
        self.stage = Stage::Dialling(dialling.until(deadline));
        self.conversation = origin::opening(&self.context, now, self.remote, way);
    }

    /// Whether the handshake was done.
    pub(super) fn has_met(&self) -> bool {
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
