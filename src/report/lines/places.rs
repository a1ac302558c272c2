//! `bta-dump places`: where the peers are, or in whose networks.

use super::whereabouts::Whereabouts;
use crate::report::groups::{Group, Groups};
use crate::report::selection::Selection;
use crate::report::units::percent;
use crate::report::value::{Column, Show, Value};
use crate::store::{Reader, StoreError};
use crate::swarm::place::{NetworkOwner, Place};

/// What makes peers be of one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The same continent.
    Continent,
    /// The same country.
    Country,
    /// The same town.
    City,
    /// The same autonomous system.
    Network,
}

/// A place or a network, and its peers.
#[derive(Clone, Debug)]
pub struct Line {
    at: Whereabouts,
    group: Group,
    /// All peers.
    of: u64,
}

const CONTINENT: Column<Line> =
    Column::new("continent", "CONTINENT", Show::Text(9), |it: &Line| {
        it.at.continent()
    });
const COUNTRY: Column<Line> = Column::new("country", "COUNTRY", Show::Text(7), |it: &Line| {
    it.at.country()
});
const CITY: Column<Line> = Column::new("city", "CITY", Show::Text(30), |it: &Line| it.at.city());
const LATITUDE: Column<Line> = Column::new("latitude", "LATITUDE", Show::Real, |it: &Line| {
    it.at.latitude()
});
const LONGITUDE: Column<Line> = Column::new("longitude", "LONGITUDE", Show::Real, |it: &Line| {
    it.at.longitude()
});
const ASN: Column<Line> = Column::new("asn", "ASN", Show::Text(10), |it: &Line| it.at.asn());
const ORGANISATION: Column<Line> = Column::new(
    "organisation",
    "ORGANISATION",
    Show::Text(40),
    |it: &Line| it.at.organisation(),
);
const PEERS: Column<Line> = Column::new("peers", "PEERS", Show::Count, |it: &Line| {
    Value::Count(it.group.peers)
});
const SHARE: Column<Line> = Column::new("share_percent", "SHARE", Show::Percent, |it: &Line| {
    Value::Real(percent(it.group.peers, it.of))
});
const COMPLETE: Column<Line> =
    Column::new("complete_at_first", "COMPLETE", Show::Count, |it: &Line| {
        Value::Count(it.group.complete_at_first)
    });
const CONFIRMED: Column<Line> = Column::new("confirmed", "CONFIRMED", Show::Count, |it: &Line| {
    Value::Count(it.group.confirmed)
});

impl By {
    /// Its columns.
    pub const fn columns(self) -> &'static [Column<Line>] {
        match self {
            By::Continent => &[CONTINENT, PEERS, SHARE, COMPLETE, CONFIRMED],
            By::Country => &[CONTINENT, COUNTRY, PEERS, SHARE, COMPLETE, CONFIRMED],
            By::City => &[
                CONTINENT, COUNTRY, CITY, LATITUDE, LONGITUDE, PEERS, SHARE, COMPLETE, CONFIRMED,
            ],
            By::Network => &[ASN, ORGANISATION, PEERS, SHARE, COMPLETE, CONFIRMED],
        }
    }

    /// What is left of a place when only this counts; none if that is unknown.
    fn key(self, at: Whereabouts) -> Option<(Place, NetworkOwner)> {
        let Whereabouts { place, network } = at;
        let known = match self {
            By::Continent => !place.continent.is_empty(),
            By::Country => !place.country.is_empty(),
            By::City => !place.city.is_empty() || place.coordinates.is_some(),
            By::Network => network.is_known(),
        };
        let nowhere = Place::default();
        let place = match self {
            By::City => place,
            By::Country => Place {
                continent: place.continent,
                country: place.country,
                ..nowhere
            },
            By::Continent => Place {
                continent: place.continent,
                ..nowhere
            },
            By::Network => nowhere,
        };
        let network = match self {
            By::Network => network,
            By::Continent | By::Country | By::City => NetworkOwner::default(),
        };
        known.then_some((place, network))
    }
}

/// The places of the peers that were seen in the window.
///
/// # Errors
/// The store fails.
pub fn lines(reader: &Reader, selection: &Selection, by: By) -> Result<Vec<Line>, StoreError> {
    let mut groups = Groups::default();
    for peer in selection.peers(reader) {
        let (_, row) = peer?;
        groups.add(by.key(Whereabouts::of(&row)), row.state);
    }
    let sorted = groups.sorted();
    let of = sorted.iter().map(|(_, group)| group.peers).sum();
    let line = |(key, group): (Option<(Place, NetworkOwner)>, Group)| {
        let (place, network) = key.unwrap_or_default();
        let at = Whereabouts { place, network };
        Line { at, group, of }
    };
    Ok(sorted.into_iter().map(line).collect())
}
