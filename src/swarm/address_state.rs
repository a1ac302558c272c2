//! What came of an address that a source named.

use super::census::Census;
use super::facts::{Outcome, labels};
use super::schedule::Parting;

/// The best that came of the contacts with an address: each address of a book is in one
/// state, and only ever rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum AddressState {
    /// No contact has come to an end, but by our own doing.
    #[default]
    NotContacted = 0,
    /// Nobody answered: timed out, refused, no route.
    NeverReachable = 1,
    /// Somebody takes the connection and never says a word.
    Mute = 2,
    /// Somebody answers who is no peer of this swarm: another protocol, another torrent.
    NoPeer = 3,
    /// Somebody answered and closed before a handshake, at best.
    TurnedAway = 4,
    /// A handshake was done; who is there left before its progress was learnt.
    Unsettled = 5,
    /// It is ourselves.
    Own = 6,
    /// A peer was met there, or tells that it listens there.
    Met = 7,
}

labels!(AddressState, NotContacted => "not_contacted", NeverReachable => "never_reachable",
    Mute => "mute", NoPeer => "no_peer", TurnedAway => "turned_away", Unsettled => "unsettled", Own => "own",
    Met => "met");

impl AddressState {
    /// What a contact says that ended so; `linked` if there was a connection, `known` if
    /// it was with a peer that the book knows. None: it says nothing.
    pub fn after_contact(
        parting: Parting,
        outcome: Outcome,
        linked: bool,
        known: bool,
    ) -> Option<Self> {
        match (outcome, parting) {
            (Outcome::SelfConnection, _) => Some(AddressState::Own),
            (_, Parting::WeLeft | Parting::TheyLeft) if known => Some(AddressState::Met),
            (_, Parting::WeLeft | Parting::TheyLeft) => Some(AddressState::Unsettled),
            _ if outcome.is_our_doing() => None,
            (Outcome::ProtocolError | Outcome::UnknownInfoHash, _) => Some(AddressState::NoPeer),
            (_, Parting::TurnedAway) => Some(AddressState::TurnedAway),
            (_, Parting::NotReached) if linked => Some(AddressState::Mute),
            (_, Parting::NotReached) => Some(AddressState::NeverReachable),
        }
    }
}

/// So many addresses in each state.
pub type AddressCounts = Census<AddressState, { AddressState::ALL.len() }>;

#[cfg(test)]
mod tests {
    use super::*;
    use AddressState::*;

    #[test]
    fn each_way_to_end_says_what_it_can() {
        let after = |parting, outcome| AddressState::after_contact(parting, outcome, false, false);
        for outcome in [
            Outcome::TimedOut,
            Outcome::Refused,
            Outcome::NoRoute,
            Outcome::Unreachable,
        ] {
            assert_eq!(after(Parting::NotReached, outcome), Some(NeverReachable));
        }
        let mute = AddressState::after_contact(Parting::NotReached, Outcome::TimedOut, true, false);
        assert_eq!(mute, Some(Mute));
        for outcome in [Outcome::Closed, Outcome::Reset] {
            assert_eq!(after(Parting::TurnedAway, outcome), Some(TurnedAway));
        }
        for outcome in [Outcome::ProtocolError, Outcome::UnknownInfoHash] {
            assert_eq!(after(Parting::NotReached, outcome), Some(NoPeer));
        }
        for parting in [Parting::WeLeft, Parting::TheyLeft] {
            assert_eq!(after(parting, Outcome::Unsettled), Some(Unsettled));
            let known = AddressState::after_contact(parting, Outcome::Success, true, true);
            assert_eq!(known, Some(Met));
        }
        assert_eq!(
            after(Parting::NotReached, Outcome::SelfConnection),
            Some(Own)
        );
        for outcome in Outcome::ALL.iter().filter(|it| it.is_our_doing()) {
            assert_eq!(after(Parting::NotReached, *outcome), None);
        }
    }
}
