//! Where an address is and whose network it is in, as far as a location database
//! tells: rounded, so that it names a town and nobody's door.

mod continents;

use std::fmt;
use std::sync::Arc;

pub use continents::continent_of;

/// Where an address is; what is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Two letters: `AF`, `AN`, `AS`, `EU`, `NA`, `OC`, `SA`.
    pub continent: String,
    /// Two letters (ISO 3166-1 alpha-2).
    pub country: String,
    /// The town's English name.
    pub city: String,
    /// Where on the globe.
    pub coordinates: Option<Coordinates>,
}

/// A point on the globe, in tenths of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinates {
    latitude: i16,
    longitude: i16,
}

/// Whose network an address is in; what is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkOwner {
    /// Number of the autonomous system.
    pub asn: Option<u32>,
    /// Who runs it.
    pub organisation: String,
}

/// Place and network as texts: as they are stored, and shared by many peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// A [`Place`].
    pub place: Arc<str>,
    /// A [`NetworkOwner`].
    pub network: Arc<str>,
}

impl Coordinates {
    /// Rounds to a tenth of a degree; `None` for what is no point on the globe.
    pub fn rounded(latitude: f64, longitude: f64) -> Option<Self> {
        let tenths = |degrees: f64, most: f64| {
            let fits = degrees.abs() <= most; // never for what is no number
            fits.then(|| (degrees * 10.0).round() as i16)
        };
        Some(Coordinates {
            latitude: tenths(latitude, 90.0)?,
            longitude: tenths(longitude, 180.0)?,
        })
    }

    /// Degrees north.
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude) / 10.0
    }

    /// Degrees east.
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude) / 10.0
    }
}

impl Place {
    /// Whether anything is known.
    pub fn is_known(&self) -> bool {
        *self != Place::default()
    }

    /// From the text in the store; what is written otherwise tells nothing.
    pub fn read(text: &str) -> Place {
        let fields: Vec<_> = text.splitn(5, ',').collect();
        let [continent, country, latitude, longitude, city] = fields[..] else {
            return Place::default();
        };
        let degrees = latitude.parse().ok().zip(longitude.parse().ok());
        Place {
            continent: continent.to_owned(),
            country: country.to_owned(),
            city: city.to_owned(),
            coordinates: degrees.and_then(|(north, east)| Coordinates::rounded(north, east)),
        }
    }
}

/// `EU,DE,49.6,11.0,Erlangen`: the town is last, because its name may have commas.
/// Nothing if nothing is known.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_known() {
            return Ok(());
        }
        write!(f, "{},{},", self.continent, self.country)?;
        match self.coordinates {
            Some(at) => write!(f, "{:.1},{:.1},", at.latitude(), at.longitude())?,
            None => write!(f, ",,")?,
        }
        f.write_str(&self.city)
    }
}

impl NetworkOwner {
    /// Whether anything is known.
    pub fn is_known(&self) -> bool {
        *self != NetworkOwner::default()
    }

    /// From the text in the store; what is written otherwise tells nothing.
    pub fn read(text: &str) -> NetworkOwner {
        let Some((asn, organisation)) = text.split_once(',') else {
            return NetworkOwner::default();
        };
        NetworkOwner {
            asn: asn.parse().ok(),
            organisation: organisation.to_owned(),
        }
    }
}

/// `64496,Example Networks`. Nothing if nothing is known.
impl fmt::Display for NetworkOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.asn, self.organisation.as_str()) {
            (None, "") => Ok(()),
            (Some(asn), organisation) => write!(f, "{asn},{organisation}"),
            (None, organisation) => write!(f, ",{organisation}"),
        }
    }
}

impl Whereabouts {
    /// As the store has them; `None` if both are empty.
    pub fn stored(place: &Arc<str>, network: &Arc<str>) -> Option<Whereabouts> {
        let whereabouts = Whereabouts {
            place: Arc::clone(place),
            network: Arc::clone(network),
        };
        (!whereabouts.is_blank()).then_some(whereabouts)
    }

    /// Whether both are empty.
    pub fn is_blank(&self) -> bool {
        self.place.is_empty() && self.network.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(text: &str) -> Place {
        Place::read(text)
    }

    #[test]
    fn rounds_to_a_tenth_of_a_degree() {
        let at = |north, east| {
            let at = Coordinates::rounded(north, east)?;
            Some((at.latitude(), at.longitude()))
        };
        assert_eq!(at(51.5142, -0.0931), Some((51.5, -0.1)));
        assert_eq!(at(-89.96, 179.95), Some((-90.0, 180.0)));
        assert_eq!(at(0.04, -0.04), Some((0.0, 0.0)));
        assert_eq!(at(90.1, 0.0), None);
        assert_eq!(at(0.0, -180.1), None);
        assert_eq!(at(f64::NAN, 0.0), None);
        assert_eq!(at(0.0, f64::INFINITY), None);
    }

    #[test]
    fn writes_one_text_and_reads_it_again() {
        let texts = [
            "EU,DE,49.6,11.0,Erlangen",
            "NA,US,38.9,-77.0,Washington, D.C.",
            ",DE,,,",
            "AS,,,,",
            ",,-0.1,0.0,",
            "",
        ];
        for text in texts {
            assert_eq!(place(text).to_string(), text);
        }
        let washington = place(texts[1]);
        assert_eq!(washington.city, "Washington, D.C.");
        assert_eq!(washington.coordinates.map(|it| it.longitude()), Some(-77.0));
        for text in ["64496,Example, Inc.", "64496,", ",Example", ""] {
            assert_eq!(NetworkOwner::read(text).to_string(), text);
        }
        assert_eq!(
            NetworkOwner::read("64496,Example, Inc.").organisation,
            "Example, Inc."
        );
    }

    #[test]
    fn what_is_written_otherwise_tells_nothing() {
        for text in ["Europe/DE", "DE", "a,b,c"] {
            assert!(!place(text).is_known(), "{text}");
        }
        assert!(!NetworkOwner::read("AS64496").is_known());
    }

    proptest! {
        #[test]
        fn never_panics(text: String) {
            let _ = (place(&text), NetworkOwner::read(&text));
        }
    }
}
