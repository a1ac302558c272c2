//! What limits the count: addresses at which nobody was met, and peers of whom nobody
//! knows whether they finished.

use super::Figures;
use super::render::Page;
use crate::swarm::address_state::AddressState;
use crate::swarm::presence::Presence;

impl Page {
    /// Addresses by what came of them; the rare kinds only where there are some.
    pub(super) fn addresses(&mut self, figures: &Figures) {
        let addresses = &figures.addresses;
        if addresses.total() == 0 {
            return;
        }
        self.line("");
        self.figure(0, "addresses named", addresses.total(), "");
        for (state, count) in addresses.iter() {
            let (name, rare) = match state {
                AddressState::NotContacted => ("never contacted", true),
                AddressState::NeverReachable => ("never reachable", false),
                AddressState::Mute => ("said nothing", true),
                AddressState::NoPeer => ("no peer of the swarm", true),
                AddressState::TurnedAway => ("turned us away", false),
                AddressState::Unsettled => ("left before telling", true),
                AddressState::Own => ("our own", true),
                AddressState::Met => ("a peer met there", false),
            };
            if count > 0 || !rare {
                self.figure(1, name, count, "");
            }
        }
    }

    /// Why the fate of some peers is unknown.
    pub(super) fn unknown(&mut self, figures: &Figures) {
        for (why, count) in figures.peers.fate_unknown_why.iter() {
            let (name, remark) = match why {
                Presence::Watched => ("watched", "to the last"),
                Presence::Awaited => ("awaited", "its next visit was to come"),
                Presence::NoSlot => ("no slot", "for its next visit"),
                Presence::Vanished => ("vanished", "it left, not tried since"),
                Presence::Unreachable => ("unreachable", "since it left nobody answers"),
                Presence::TurnedAway => ("turned us away", "answers, and hangs up"),
                Presence::Undialable => ("undialable", "it called, and cannot be called"),
                Presence::Interrupted => ("interrupted", "not met since an earlier run"),
                Presence::Untold => ("untold", "by an earlier version of bta"),
            };
            if count > 0 {
                self.figure(4, name, count, remark);
            }
        }
    }
}
