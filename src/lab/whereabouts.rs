//! Where the lab's hosts on loopback are: a location database of its own.
//!
//! `whereabouts.mmdb` was written by the test below, with the crate mmdb-writer, from
//! the list there: places that exist, networks that do not (numbers and names that
//! are kept for examples, RFC 5398). Some hosts are in no place, as in life.

use std::io;
use std::path::{Path, PathBuf};

/// The file, in MaxMind's nested layout; places and networks in one.
const DATABASE: &[u8] = include_bytes!("whereabouts.mmdb");

/// Writes the database into a directory that exists.
///
/// # Errors
/// Those of the file system.
pub fn write(dir: &Path) -> io::Result<PathBuf> {
    let path = dir.join("whereabouts.mmdb");
    std::fs::write(&path, DATABASE)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use mmdb_writer::ipnet::IpNet;
    use mmdb_writer::{Value, Writer};

    use super::*;
    use crate::lab::block::BLOCKS;
    use crate::locate::Locator;

    /// Continent, country, town, degrees north and east, number and name of the
    /// network; the first of them has the first 32 addresses of every 256, and so on.
    const HOSTS: &[(&str, &str, &str, f64, f64, u32, &str)] = &[
        (
            "EU",
            "DE",
            "Erlangen",
            49.59,
            11.0,
            64_496,
            "Example University",
        ),
        (
            "NA",
            "US",
            "Seattle",
            47.61,
            -122.33,
            64_497,
            "Example Cable",
        ),
        ("EU", "FR", "Lyon", 45.76, 4.84, 64_498, "Example Telecom"),
        ("AS", "JP", "Osaka", 34.69, 135.5, 64_499, "Example Fiber"),
        ("SA", "BR", "Recife", -8.05, -34.9, 64_500, "Example Sul"),
        ("NA", "US", "Boston", 42.36, -71.06, 64_497, "Example Cable"),
        (
            "AF",
            "ZA",
            "Durban",
            -29.86,
            31.03,
            64_501,
            "Example Wireless",
        ),
    ];

    /// 2026-11-01, so that the file is always the same.
    const BUILT_AT: Duration = Duration::from_secs(1_793_491_200);

    fn database() -> Vec<u8> {
        let mut writer = Writer::builder("bta-lab-City-ASN")
            .description(&[("en", "Invented, for hosts on loopback")])
            .build_epoch(SystemTime::UNIX_EPOCH + BUILT_AT)
            .build();
        for (index, &(continent, country, city, north, east, asn, owner)) in
            HOSTS.iter().enumerate()
        {
            let names = Value::map([("names", Value::map([("en", Value::from(city))]))]);
            let degrees = [
                ("latitude", Value::from(north)),
                ("longitude", Value::from(east)),
            ];
            let record = Value::map([
                ("continent", Value::map([("code", Value::from(continent))])),
                ("country", Value::map([("iso_code", Value::from(country))])),
                ("city", names),
                ("location", Value::map(degrees)),
                ("autonomous_system_number", Value::from(asn)),
                ("autonomous_system_organization", Value::from(owner)),
            ]);
            for (block, high) in (0..BLOCKS).flat_map(|it| (0..4).map(move |high| (it, high))) {
                let network = format!("127.{}.{high}.{}/27", 64 + block, index * 32);
                let network: IpNet = network.parse().unwrap();
                writer.insert_value(network, record.clone()).unwrap();
            }
        }
        writer.to_bytes().unwrap()
    }

    /// After a change that is meant: `BTA_BLESS=1 cargo test whereabouts`.
    #[test]
    fn the_file_holds_the_list() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lab/whereabouts.mmdb");
        if std::env::var_os("BTA_BLESS").is_some() {
            std::fs::write(&path, database()).unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == database());
    }

    #[test]
    fn hosts_are_in_different_places_and_some_in_none() {
        let dir = tempfile::tempdir().unwrap();
        let mut locator = Locator::default();
        locator.add(&write(dir.path()).unwrap()).unwrap();
        let at = |ip: &str| {
            let ip = ip.parse().unwrap();
            format!("{} {}", locator.place(ip), locator.network(ip))
        };
        assert_eq!(
            at("127.64.0.1"),
            "EU,DE,49.6,11.0,Erlangen 64496,Example University"
        );
        assert_eq!(
            at("127.64.1.32"),
            "NA,US,47.6,-122.3,Seattle 64497,Example Cable"
        );
        assert_eq!(
            at("127.79.3.223"),
            "AF,ZA,-29.9,31.0,Durban 64501,Example Wireless"
        );
        assert_eq!(at("127.64.0.230"), " ");
        assert_eq!(at("127.0.0.1"), " ");
    }
}
