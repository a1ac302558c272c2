//! What of an address outlasts the book: told to the next one.

use std::net::SocketAddr;

use crate::moment::Moment;

use super::{Address, AddressState, Addresses, KnownAddress, Named, Risen};

impl Address {
    fn known(&self, address: SocketAddr) -> KnownAddress {
        KnownAddress {
            address,
            source: self.first_source,
            hour: self.hour,
            state: self.state,
        }
    }
}

impl Addresses {
    /// All, as a successor has to know them.
    pub(in crate::swarm::book) fn iter(&self) -> impl Iterator<Item = KnownAddress> + '_ {
        self.known.iter().map(|(at, it)| it.known(*at))
    }

    /// This came of a contact with an address, or of a call that named it. Answers if it
    /// is better than what had come of it.
    pub(in crate::swarm::book) fn came(
        &mut self,
        at: SocketAddr,
        to: AddressState,
    ) -> Option<Risen> {
        let address = self.known.get_mut(&at).filter(|it| it.state < to)?;
        let known = address.known(at);
        address.state = to;
        Some(Risen { known, to })
    }

    /// An address as the book of this swarm's predecessor knew it; when the next contact
    /// may be.
    pub(in crate::swarm::book) fn recall(&mut self, due: Moment, it: &KnownAddress) {
        if self.name(due, it.address, it.source) == Named::New
            && let Some(address) = self.known.get_mut(&it.address)
        {
            (address.hour, address.state) = (it.hour, it.state);
        }
    }
}
