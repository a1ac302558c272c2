//! What the small store holds of hearsay.

use bta::store::records::HearsayRow;
use bta::swarm::facts::{PeerNumber, Source};

use super::after;

pub(super) fn rows() -> impl Iterator<Item = (PeerNumber, HearsayRow)> {
    let said = [
        (1, 60, Source::Pex, 0x10, false),
        (1, 90, Source::Pex, 0x13, true),
        (2, 95, Source::Dht, 0, true),
    ];
    said.into_iter()
        .map(|(peer, seconds, source, flags, seed)| {
            let row = HearsayRow {
                at: after(seconds),
                source,
                flags,
                seed: Some(seed),
            };
            (PeerNumber(peer), row)
        })
}
