//! Who is excluded is left alone, by anyone's word.

use std::net::IpAddr;
use std::sync::Arc;

use bta::lab::Scenario;
use bta::protocol::exclusions::AddressRange;
use bta::store::Reader;
use bta::swarm::facts::{Attempt, Outcome, TorrentNumber};

use crate::world::{HOUR, World, in_virtual_time};

fn only(ip: IpAddr) -> AddressRange {
    ip.to_string().parse().unwrap()
}

/// Trackers and other peers name them, and they call: nobody speaks to them.
#[test]
fn the_excluded_are_left_alone() {
    in_virtual_time(async {
        let mut scenario = Scenario::sim(61, 80, HOUR);
        scenario.torrents.truncate(1);
        let mut world = World::of(&scenario).await;
        let peers = world.lab.truth(world.clock.now()).peers;
        let excluded = |number: usize| number.is_multiple_of(2);
        let half = peers.iter().enumerate().filter(|it| excluded(it.0));
        let half = half.flat_map(|(_, peer)| std::iter::once(peer.address).chain(peer.also));
        let tracker = scenario.trackers[0].at.ip();
        let alone: Vec<IpAddr> = half.map(|it| it.ip()).chain([tracker]).collect();
        world.exclusions = Arc::new(alone.iter().map(|it| only(*it)).collect());
        world.run(HOUR).await;

        let judgement = world.judge();
        let met = |excluded_ones: bool| {
            let peers = judgement.truth.peers.iter().enumerate();
            let peers = peers.filter(|it| excluded(it.0) == excluded_ones);
            peers.filter(|(_, peer)| peer.shown.met.is_some()).count()
        };
        assert_eq!(met(true), 0);
        assert!(met(false) >= 10 && judgement.all.confirmed > 0);

        let harvest = world.harvest();
        let sources = harvest.sources();
        println!("{sources:?}");
        assert!(sources.excluded > 0);
        let counted = sources.new + sources.duplicate + sources.excluded;
        assert_eq!(sources.received, counted);
        assert!(harvest.adds_up());
        let turned_away = harvest
            .outcomes
            .iter()
            .filter(|(_, row)| row.outcome == Outcome::Excluded);
        let turned_away: Vec<_> = turned_away.collect();
        assert!(!turned_away.is_empty());
        for (torrent, row) in turned_away {
            assert_eq!(
                (*torrent, row.counted.attempt()),
                (TorrentNumber(0), Some(Attempt::Incoming))
            );
        }
        let [silent, asked] = [0, 1].map(|it| harvest.announces_to(world.lab.trackers()[it].url()));
        assert_eq!(world.lab.trackers()[0].guest_announces(), 0);
        assert!(silent.len() >= 2 && asked.iter().any(|it| it.result.is_ok()));
        for row in silent {
            let failure = row.result.as_ref().unwrap_err();
            assert_eq!(&*failure.label, "excluded_address");
        }
        let reader = Reader::open(&world.config.output).unwrap();
        let ranges = alone.len().to_string();
        assert_eq!(reader.fact("excluded_ranges").unwrap(), Some(ranges));
    });
}
