//! Who lives at an IPv6 address: hardly ever two of one kind.

use crate::swarm::facts::PeerNumber;
use crate::table::Table;

/// The hosts of one swarm by the hash of their address.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    known: Table<u64, Lodger>,
}

/// Who was seen at a host last.
#[derive(Clone, Copy, Debug)]
struct Lodger {
    peer: PeerNumber,
    /// Two different clients were seen there: the address tells nobody apart.
    shared: bool,
}

impl Hosts {
    /// The peer at this host, if there was never another one.
    pub(super) fn only(&self, host: u64) -> Option<PeerNumber> {
        let lodger = self.known.get(&host)?;
        (!lodger.shared).then_some(lodger.peer)
    }

    /// The peer was seen at this host; `differs` says who is another client.
    pub(super) fn lodge(
        &mut self,
        peer: PeerNumber,
        host: u64,
        differs: impl Fn(PeerNumber) -> bool,
    ) {
        let lodger = self.known.entry(host).or_insert(Lodger {
            peer,
            shared: false,
        });
        lodger.shared |= lodger.peer != peer && differs(lodger.peer);
        lodger.peer = peer;
    }

    /// Where `from` lived lives `to`.
    pub(super) fn redirect(&mut self, from: PeerNumber, host: u64, to: PeerNumber) {
        if let Some(lodger) = self.known.get_mut(&host)
            && lodger.peer == from
        {
            lodger.peer = to;
        }
    }

    /// Forgets those that `lives` does not know.
    pub(super) fn retain(&mut self, lives: impl Fn(u64, PeerNumber) -> bool) {
        self.known.retain(|host, it| lives(*host, it.peer));
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}
