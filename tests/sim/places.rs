//! Where peers are.

use std::net::IpAddr;
use std::path::Path;

use bta::config::Geoip;
use bta::lab::Scenario;
use bta::store::Reader;
use bta::store::records::PeerRow;
use bta::swarm::facts::PeerState;
use mmdb_writer::ipnet::IpNet;
use mmdb_writer::{Value, Writer};

use crate::world::{MINUTE, World, in_virtual_time};

/// Half of the hosts are here, a quarter there, a quarter nowhere.
fn country(ip: IpAddr) -> &'static str {
    let IpAddr::V4(v4) = ip else { return "" };
    match v4.octets()[0] % 4 {
        0 | 1 => "DE",
        2 => "US",
        _ => "",
    }
}

/// A flat database that says so, and the networks of all.
fn write_database(path: &Path) {
    let mut writer = Writer::new("countries and networks");
    for high in 40..100_u8 {
        let network: IpNet = format!("{high}.0.0.0/8").parse().unwrap();
        let owner = [
            ("asn", Value::from(64_496_u32)),
            ("as_name", Value::from("Example")),
            ("country_code", Value::from(country(network.addr()))),
        ];
        writer.insert_value(network, Value::map(owner)).unwrap();
    }
    std::fs::write(path, writer.to_bytes().unwrap()).unwrap();
}

fn peers(world: &World) -> Vec<PeerRow> {
    let reader = Reader::open(&world.config.output).unwrap();
    let rows = reader.peers(None).map(|row| row.unwrap().1);
    rows.filter(|row| row.state != PeerState::Merged).collect()
}

/// Every peer is where its address is; a run without databases leaves that as it is,
/// and knows nothing of new ones.
#[test]
fn each_peer_is_where_its_address_is() {
    in_virtual_time(async {
        let mut scenario = Scenario::sim(31, 60, 20 * MINUTE);
        scenario.crowd.dual_stack = 0.0;
        let mut world = World::of(&scenario).await;
        let file = world.config.output.with_extension("mmdb");
        write_database(&file);
        world.config.geoip = Geoip::Files(vec![file]);
        world.run(10 * MINUTE).await;
        let located = peers(&world);
        assert!(located.len() > 30, "{}", located.len());
        for row in &located {
            let country = country(row.raw_address.unwrap().ip());
            assert_eq!(row.network.as_ref(), "64496,Example");
            let expected = match country {
                "DE" => "EU,DE,,,",
                "US" => "NA,US,,,",
                _ => "",
            };
            assert_eq!(row.place.as_ref(), expected);
        }
        let countries = ["DE", "US", ""].map(|it| {
            let at = |row: &&PeerRow| country(row.raw_address.unwrap().ip()) == it;
            located.iter().filter(at).count()
        });
        assert!(countries.iter().all(|it| *it > 2), "{countries:?}");

        world.config.geoip = Geoip::Nowhere;
        world.run(5 * MINUTE).await;
        let later = peers(&world);
        let known = later.iter().filter(|row| !row.network.is_empty()).count();
        assert_eq!(known, located.len());
    });
}

/// One that is named and of no use ends the run before it has begun.
#[test]
fn a_database_of_no_use_is_a_bad_command_line() {
    in_virtual_time(async {
        let mut world = World::of(&Scenario::sim(32, 5, MINUTE)).await;
        let file = world.config.output.with_extension("mmdb");
        std::fs::write(&file, "nothing of the kind").unwrap();
        world.config.geoip = Geoip::Files(vec![file.clone()]);
        let error = world.try_begin().await.err().unwrap();
        assert_eq!(error.exit_code(), 2);
        let text = error.to_string();
        assert!(text.contains(&file.display().to_string()), "{text}");
        assert_eq!(text.lines().count(), 1);
        assert!(!world.config.output.exists(), "an empty store was left");
        // One that was found only is left out.
        world.config.geoip = Geoip::Folder(file.parent().unwrap().into());
        world.run(MINUTE).await;
    });
}
