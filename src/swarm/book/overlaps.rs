//! Two sessions at once behind one endpoint and under one client name: one peer
//! whose client will close the one too many, or two peers. Time tells.

use crate::moment::Moment;
use crate::swarm::facts::PeerNumber;
use crate::swarm::pace::Pace;

/// Two peers, until it is known whether they are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overlap {
    /// Whose endpoint it was.
    pub(super) host: PeerNumber,
    /// Who came to it.
    pub(super) guest: PeerNumber,
    /// The hash of address and port.
    pub(super) endpoint: u64,
    /// The guest was reached there by dialling.
    pub(super) guest_dialled: bool,
    /// When the guest was first observed.
    pub(super) since: Moment,
}

impl Overlap {
    fn concerns(&self, peer: PeerNumber) -> bool {
        self.host == peer || self.guest == peer
    }
}

/// The overlaps not yet decided; each peer is in one of them at most.
#[derive(Debug, Default)]
pub(super) struct Overlaps {
    open: Vec<Overlap>,
}

impl Overlaps {
    /// Two sessions stand side by side. False if there is a third: then they are
    /// not one client's.
    pub(super) fn begin(&mut self, overlap: Overlap) -> bool {
        let pair = |it: &Overlap| it.concerns(overlap.host) || it.concerns(overlap.guest);
        let crowd = self.open.iter().any(pair);
        if !crowd {
            self.open.push(overlap);
        }
        !crowd
    }

    /// Takes those that lasted: two peers.
    pub(super) fn lasted(&mut self, now: Moment) -> Vec<Overlap> {
        let lasted = |it: &mut Overlap| now.since(it.since) > Pace::TWIN_WINDOW;
        self.open.extract_if(.., lasted).collect()
    }

    /// Takes the one that this peer is in.
    pub(super) fn take(&mut self, peer: PeerNumber) -> Option<Overlap> {
        let at = self.open.iter().position(|it| it.concerns(peer))?;
        Some(self.open.swap_remove(at))
    }
}
