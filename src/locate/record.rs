//! One record of a location database, in any of the layouts in use.
//!
//! Sources: MaxMind's nested one (<https://dev.maxmind.com/geoip/docs/databases/>),
//! which DB-IP follows (<https://db-ip.com/db/format/ip-to-location-isp/mmdb.html>);
//! the flat ones of ip-location-db (<https://github.com/sapics/ip-location-db>),
//! IPinfo (<https://ipinfo.io/developers/ipinfo-lite-database>, and its older
//! country and ASN file) and IPLocate (<https://github.com/iplocate/ip-address-databases>).

use maxminddb::{LookupResult, PathElement};
use serde::Deserialize;

use crate::swarm::place::{Coordinates, NetworkOwner, Place, continent_of};

/// Where a field may stand; the first place that holds it counts.
type Paths = &'static [&'static [&'static str]];

const CONTINENT: Paths = &[&["continent", "code"], &["continent_code"], &["continent"]];
const COUNTRY: Paths = &[&["country", "iso_code"], &["country_code"], &["country"]];
const CITY: Paths = &[&["city", "names", "en"], &["city"], &["city_name"]];
const LATITUDE: Paths = &[&["location", "latitude"], &["latitude"], &["lat"]];
const LONGITUDE: Paths = &[&["location", "longitude"], &["longitude"], &["lng"]];
const ASN: Paths = &[
    &["autonomous_system_number"],
    &["traits", "autonomous_system_number"],
    &["asn"],
];
const ORGANISATION: Paths = &[
    &["autonomous_system_organization"],
    &["traits", "autonomous_system_organization"],
    &["as_name"],
    &["org"],
    &["name"],
];

/// Longest name that is kept, bytes.
const MAX_NAME_BYTES: usize = 120;

/// One record.
pub(super) struct Record<'a>(pub(super) LookupResult<'a, Vec<u8>>);

impl Record<'_> {
    pub(super) fn place(&self) -> Place {
        let country = self.code(COUNTRY);
        let continent = self.code(CONTINENT);
        let of_country = || continent_of(country.as_deref()?).map(str::to_owned);
        let degrees = self.degrees(LATITUDE).zip(self.degrees(LONGITUDE));
        Place {
            continent: continent.or_else(of_country).unwrap_or_default(),
            city: self.name(CITY),
            // Null Island is what stands for "nowhere" in some of them.
            coordinates: degrees
                .filter(|degrees| *degrees != (0.0, 0.0))
                .and_then(|(north, east)| Coordinates::rounded(north, east)),
            country: country.unwrap_or_default(),
        }
    }

    pub(super) fn network(&self) -> NetworkOwner {
        let asn = self.each(ASN).find_map(Scalar::asn);
        // A name alone may be anybody's.
        let organisation = asn.map(|_| self.name(ORGANISATION));
        NetworkOwner {
            asn,
            organisation: organisation.unwrap_or_default(),
        }
    }

    /// The fields that are there.
    fn each(&self, paths: Paths) -> impl Iterator<Item = Scalar> {
        paths.iter().filter_map(|path| {
            let path: Vec<_> = path.iter().map(|key| PathElement::Key(key)).collect();
            self.0.decode_path(&path).ok().flatten()
        })
    }

    /// Two letters; under the same key others have a name.
    fn code(&self, paths: Paths) -> Option<String> {
        let is_code = |it: &String| it.len() == 2 && it.bytes().all(|it| it.is_ascii_uppercase());
        self.each(paths).filter_map(Scalar::text).find(is_code)
    }

    fn name(&self, paths: Paths) -> String {
        let text = self.each(paths).find_map(Scalar::text).unwrap_or_default();
        let mut kept = String::new();
        for it in text.trim().chars().filter(|it| !it.is_control()) {
            if kept.len() + it.len_utf8() > MAX_NAME_BYTES {
                break;
            }
            kept.push(it);
        }
        kept
    }

    fn degrees(&self, paths: Paths) -> Option<f64> {
        self.each(paths).find_map(Scalar::degrees)
    }
}

/// A field that is no map: vendors differ in how they write numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Whole(u32),
    Real(f64),
}

impl Scalar {
    fn text(self) -> Option<String> {
        match self {
            Scalar::Text(text) => Some(text),
            Scalar::Whole(_) | Scalar::Real(_) => None,
        }
    }

    /// `64496`, or `AS64496`.
    fn asn(self) -> Option<u32> {
        let number = match self {
            Scalar::Text(text) => text.trim_start_matches("AS").parse().ok()?,
            Scalar::Whole(number) => number,
            Scalar::Real(_) => return None,
        };
        (number != 0).then_some(number)
    }

    fn degrees(self) -> Option<f64> {
        match self {
            Scalar::Text(text) => text.parse().ok(),
            Scalar::Whole(number) => Some(number.into()),
            Scalar::Real(number) => Some(number),
        }
    }
}
