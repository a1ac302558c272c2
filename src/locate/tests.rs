use std::io::Write as _;

use mmdb_writer::ipnet::IpNet;
use mmdb_writer::{IpVersion, Value, Writer};
use tempfile::NamedTempFile;

use super::*;

/// A test database of MaxMind's; see `tests/data/location/README.md`.
fn given(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/location")
        .join(name)
}

fn locator(files: &[&Path]) -> Locator {
    let mut locator = Locator::default();
    for file in files {
        locator.add(file).unwrap();
    }
    locator
}

/// A database with these records, each a flat list of texts.
fn flat(kind: &str, records: &[(&str, &[(&str, &str)])]) -> NamedTempFile {
    let records = records.iter().map(|(network, fields)| {
        let fields = fields
            .iter()
            .map(|(key, value)| (*key, Value::from(*value)));
        (*network, Value::map(fields))
    });
    written(Writer::new(kind), records)
}

fn written<'a>(
    mut writer: Writer,
    records: impl IntoIterator<Item = (&'a str, Value)>,
) -> NamedTempFile {
    for (network, value) in records {
        let network: IpNet = network.parse().unwrap();
        writer.insert_value(network, value).unwrap();
    }
    file(&writer.to_bytes().unwrap())
}

fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn place(locator: &Locator, ip: &str) -> String {
    locator.place(ip.parse().unwrap()).to_string()
}

fn network(locator: &Locator, ip: &str) -> String {
    locator.network(ip.parse().unwrap()).to_string()
}

#[test]
fn knows_the_places_of_maxminds_test_addresses() {
    let locator = locator(&[&given("GeoLite2-City-Test.mmdb")]);
    for (ip, expected) in [
        ("81.2.69.142", "EU,GB,51.5,-0.1,London"),
        ("2.125.160.216", "EU,GB,51.8,-1.3,Boxford"),
        ("89.160.20.112", "EU,SE,58.4,15.6,Linköping"),
        ("216.160.83.56", "NA,US,47.3,-122.3,Milton"),
        ("175.16.199.1", "AS,CN,43.9,125.3,Changchun"),
        ("67.43.156.7", "AS,BT,27.5,90.5,"),
        ("2001:218::1", "AS,JP,35.7,139.8,"),
        ("2a02:d180::1", "EU,DE,51.5,10.5,"),
        // An address of IPv4, written as one of IPv6.
        ("::ffff:81.2.69.142", "EU,GB,51.5,-0.1,London"),
        ("127.0.0.1", ""),
        ("192.0.2.1", ""),
    ] {
        assert_eq!(place(&locator, ip), expected, "{ip}");
        assert_eq!(network(&locator, ip), "", "{ip}");
    }
}

#[test]
fn knows_the_networks_of_maxminds_test_addresses() {
    let locator = locator(&[&given("GeoLite2-ASN-Test.mmdb")]);
    for (ip, expected) in [
        ("1.0.0.1", "15169,Google Inc."),
        ("1.128.0.1", "1221,Telstra Pty Ltd"),
        ("31.224.0.1", "3320,Deutsche Telekom AG"),
        ("12.82.0.1", "7018,"),
        ("127.0.0.1", ""),
    ] {
        assert_eq!(network(&locator, ip), expected, "{ip}");
        assert_eq!(place(&locator, ip), "", "{ip}");
    }
}

#[test]
fn learns_the_kind_from_the_file() {
    let tells = |file: &Path| locator(&[file]).databases[0].edition.tells;
    let of = |country, city, network| Tells {
        country,
        city,
        network,
    };
    let cases = [
        ("GeoLite2-City-Test.mmdb", of(true, true, false)),
        ("GeoLite2-Country-Test.mmdb", of(true, false, false)),
        ("GeoLite2-ASN-Test.mmdb", of(false, false, true)),
    ];
    for (name, expected) in cases {
        assert_eq!(tells(&given(name)), expected, "{name}");
    }
    let edition = &locator(&[&given("GeoLite2-ASN-Test.mmdb")]).databases[0].edition;
    assert_eq!(edition.kind, "GeoLite2-ASN");
    assert!(edition.built_at > Moment::parse("2015-01-01T00:00:00Z").unwrap());

    // In an ASN database a country is that of the network's owner.
    let asn = [
        ("asn", "AS64496"),
        ("name", "EXAMPLE"),
        ("country_code", "DE"),
    ];
    let iplocate = flat("iplocate ip-to-asn", &[("192.0.2.0/24", &asn)]);
    assert_eq!(tells(iplocate.path()), of(false, false, true));
}

#[test]
fn reads_the_flat_layouts() {
    let country = flat(
        "ipv4 country",
        &[("192.0.2.0/24", &[("country_code", "AU")])],
    );
    let lite = flat(
        "ipinfo ipinfo_lite.mmdb",
        &[(
            "192.0.2.0/24",
            &[
                ("country", "Canada"),
                ("country_code", "CA"),
                ("continent", "North America"),
                ("continent_code", "NA"),
                ("asn", "AS64496"),
                ("as_name", "Example Communications"),
                ("as_domain", "example.com"),
            ],
        )],
    );
    let older = flat(
        "ipinfo country_asn.mmdb",
        &[(
            "192.0.2.0/24",
            &[
                ("country", "JP"),
                ("country_name", "Japan"),
                ("continent", "AS"),
                ("continent_name", "Asia"),
                ("asn", "AS64497"),
                ("as_name", "Example Corporation"),
            ],
        )],
    );
    let named = flat(
        "iplocate ip-to-asn",
        &[(
            "192.0.2.0/24",
            &[("asn", "64498"), ("org", "Example, Inc.")],
        )],
    );
    for (file, expected) in [
        (country, ("OC,AU,,,", "")),
        (lite, ("NA,CA,,,", "64496,Example Communications")),
        (older, ("AS,JP,,,", "64497,Example Corporation")),
        (named, ("", "64498,Example, Inc.")),
    ] {
        let locator = locator(&[file.path()]);
        let found = (place(&locator, "192.0.2.7"), network(&locator, "192.0.2.7"));
        assert_eq!((&*found.0, &*found.1), expected);
        assert_eq!(place(&locator, "198.51.100.7"), "");
    }
}

#[test]
fn reads_flat_numbers() {
    let city = Value::map([
        ("country_code", Value::from("BR")),
        ("city", Value::from("São Paulo")),
        ("latitude", Value::from(-23.5475_f32)),
        ("longitude", Value::from(-46.6361_f32)),
    ]);
    let asn = Value::map([
        ("autonomous_system_number", Value::from(64_499_u32)),
        ("autonomous_system_organization", Value::from("Exemplo")),
    ]);
    // A file of IPv4 alone has nothing to say of IPv6, and that is no failure.
    let v4 = Writer::builder("city").ip_version(IpVersion::V4).build();
    let city = written(v4, [("192.0.2.0/24", city)]);
    let asn = written(Writer::new("asn"), [("192.0.2.0/24", asn)]);
    let located = locator(&[asn.path(), city.path()]);
    assert_eq!(place(&located, "192.0.2.7"), "SA,BR,-23.5,-46.6,São Paulo");
    assert_eq!(network(&located, "192.0.2.7"), "64499,Exemplo");
    assert_eq!(place(&located, "2001:db8::7"), "");
    for number in [Value::from(7_u16), Value::from(7_u64), Value::from("AS7")] {
        let record = Value::map([("asn", number)]);
        let file = written(Writer::new("asn"), [("192.0.2.0/24", record)]);
        assert_eq!(network(&locator(&[file.path()]), "192.0.2.7"), "7,");
    }
}

#[test]
fn towns_come_before_countries() {
    let country = flat("country", &[("81.2.69.0/24", &[("country_code", "FR")])]);
    let also = flat("country", &[("198.51.100.0/24", &[("country_code", "FR")])]);
    let city = given("GeoLite2-City-Test.mmdb");
    let locator = locator(&[country.path(), also.path(), &city]);
    assert_eq!(place(&locator, "81.2.69.142"), "EU,GB,51.5,-0.1,London");
    assert_eq!(place(&locator, "198.51.100.7"), "EU,FR,,,");
    assert_eq!(place(&locator, "81.2.69.7"), "EU,FR,,,");
}

#[test]
fn nonsense_in_a_record_is_left_out() {
    let record = [
        ("country_code", "Germany"),
        ("city", "\x1b[31mErlangen\n"),
        ("latitude", "north"),
        ("asn", "AS-SET"),
        ("as_name", "nobody"),
    ];
    let file = flat("city", &[("192.0.2.0/24", &record)]);
    let locator = locator(&[file.path()]);
    assert_eq!(place(&locator, "192.0.2.7"), ",,,,[31mErlangen");
    assert_eq!(network(&locator, "192.0.2.7"), "");
}

#[test]
fn a_file_of_no_use_is_named_with_the_reason() {
    let add = |path: &Path| Locator::default().add(path).unwrap_err();
    let missing = add(Path::new("/nowhere/GeoLite2-City.mmdb"));
    assert_eq!(missing.label(), "read");
    assert_eq!(
        missing.to_string(),
        "cannot read the location database /nowhere/GeoLite2-City.mmdb: \
         No such file or directory (os error 2)"
    );
    let text = file(b"Not a database.\n");
    let broken = add(text.path());
    assert_eq!(broken.label(), "not_a_database");
    assert!(
        broken.to_string().contains("no location database"),
        "{broken}"
    );
    assert_eq!(broken.to_string().lines().count(), 1);

    let domains = flat(
        "GeoIP2-Domain",
        &[("192.0.2.0/24", &[("domain", "a.example")])],
    );
    let other = add(domains.path());
    assert_eq!(other.label(), "other_kind");
    assert!(other.to_string().contains("GeoIP2-Domain"), "{other}");

    assert_eq!(add(&std::env::temp_dir()).label(), "read");
}

#[test]
fn damage_makes_addresses_unknown_and_nothing_worse() {
    let whole = fs::read(given("GeoLite2-City-Test.mmdb")).unwrap();
    for at in (0..whole.len()).step_by(97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        let mut locator = Locator::default();
        if locator.add(file(&bytes).path()).is_ok() {
            for ip in ["81.2.69.142", "2001:218::1"] {
                let (place, network) = (place(&locator, ip), network(&locator, ip));
                assert!(place.len() + network.len() < 400);
            }
        }
    }
}

#[test]
fn finds_the_databases_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.mmdb", "a.mmdb", "list.txt"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let found = Locator::files_in(folder.path());
    let names: Vec<_> = found.iter().filter_map(|it| it.file_name()).collect();
    assert_eq!(names, ["a.mmdb", "b.mmdb"]);
    assert_eq!(
        Locator::files_in(Path::new("/nowhere")),
        [""; 0].map(PathBuf::from)
    );
}

#[test]
fn without_databases_nothing_is_known() {
    let locator = Locator::default();
    assert!(locator.is_empty());
    assert_eq!(
        (place(&locator, "81.2.69.142"), network(&locator, "1.0.0.1")),
        Default::default()
    );
}
