//! The columns that say where a peer's address is.

use crate::report::value::Value;
use crate::store::records::PeerRow;
use crate::swarm::place::{Coordinates, NetworkOwner, Place};

/// Where a peer is, read from its row; nothing without one.
#[derive(Clone, Debug, Default)]
pub struct Whereabouts {
    /// Where.
    pub place: Place,
    /// In whose network.
    pub network: NetworkOwner,
}

impl Whereabouts {
    /// Those of a peer.
    pub fn of(row: &PeerRow) -> Whereabouts {
        Whereabouts {
            place: Place::read(&row.place),
            network: NetworkOwner::read(&row.network),
        }
    }

    pub(super) fn continent(&self) -> Value {
        Value::text(&self.place.continent)
    }

    pub(super) fn country(&self) -> Value {
        Value::text(&self.place.country)
    }

    pub(super) fn city(&self) -> Value {
        Value::text(&self.place.city)
    }

    pub(super) fn latitude(&self) -> Value {
        degrees(self.place.coordinates.map(Coordinates::latitude))
    }

    pub(super) fn longitude(&self) -> Value {
        degrees(self.place.coordinates.map(Coordinates::longitude))
    }

    pub(super) fn asn(&self) -> Value {
        Value::count(self.network.asn)
    }

    pub(super) fn organisation(&self) -> Value {
        Value::text(&self.network.organisation)
    }
}

fn degrees(degrees: Option<f64>) -> Value {
    degrees.map_or(Value::None, Value::Real)
}
