//! Trackers that answer nonsense, late, or not at all.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bta::lab::Scenario;
use bta::lab::scenario::{TrackerSpec, Transport};
use bta::lab::tracker::manner::Manner;

use crate::world::{HOUR, MINUTE, World, in_virtual_time};

/// A tracker that behaves like that for its first three announces.
fn recovering(number: u8, transport: Transport, first: Manner) -> TrackerSpec {
    TrackerSpec {
        transport,
        at: SocketAddr::from(([44, 1, 2, number], 6969)),
        manner: Manner::Recovers {
            after: 3,
            first: Box::new(first),
        },
        interval: 10 * MINUTE,
    }
}

#[test]
fn a_tracker_that_misbehaves_ends_nothing() {
    let manners = [
        (Transport::Http, Manner::Garbage),
        (Transport::Http, Manner::Huge(50_000_000)),
        (Transport::Http, Manner::Truncated),
        (Transport::Http, Manner::Status(503)),
        (Transport::Http, Manner::Refuses("overloaded".into())),
        (Transport::Http, Manner::Slow(Duration::from_secs(100))),
        (Transport::Http, Manner::Silent),
        (Transport::Udp, Manner::Garbage),
        (Transport::Udp, Manner::Truncated),
        (Transport::Udp, Manner::WrongTransaction),
        (Transport::Udp, Manner::Slow(Duration::from_secs(20))),
        (Transport::Udp, Manner::Silent),
    ];
    in_virtual_time(async {
        let mut scenario = Scenario::sim(21, 60, HOUR);
        scenario.torrents.truncate(1);
        scenario.trackers = (1..)
            .zip(manners)
            .map(|(number, (transport, manner))| recovering(number, transport, manner))
            .collect();
        scenario.torrents[0].trackers = (0..scenario.trackers.len()).collect();
        let world = World::of(&scenario).await;
        world.run(HOUR).await;
        let judgement = world.judge();
        assert!(judgement.wrong.is_empty(), "{:?}", judgement.wrong);
        assert!(judgement.all.confirmed > 0);

        let harvest = world.harvest();
        assert_eq!(harvest.count_events("_restarted"), 0);
        for tracker in world.lab.trackers() {
            let rows = harvest.announces_to(tracker.url()).into_iter();
            let (good, bad): (Vec<_>, Vec<_>) = rows.partition(|it| it.result.is_ok());
            let last_bad = bad.iter().map(|it| it.at).max();
            println!(
                "{}: {} failed, {} answered",
                tracker.url(),
                bad.len(),
                good.len()
            );
            // Over UDP an announce is sent again and outlives most of this.
            let outlives = tracker.url().starts_with("udp");
            assert!(
                outlives || !bad.is_empty(),
                "{} never failed",
                tracker.url()
            );
            assert!(
                good.iter().any(|it| Some(it.at) > last_bad),
                "{} was given up",
                tracker.url()
            );
        }
    });
}

/// The first address of its name is dead; and another tracker has no address.
#[test]
fn a_tracker_is_found_by_its_name() {
    in_virtual_time(async {
        let mut scenario = Scenario::sim(22, 40, 30 * MINUTE);
        scenario.torrents.truncate(1);
        let mut world = World::of(&scenario).await;
        let (dead, http) = ([44, 9, 9, 9], scenario.trackers[0].at);
        world
            .net
            .name("tracker.example", &[IpAddr::from(dead), http.ip()]);
        let named = format!("http://tracker.example:{}/announce", http.port());
        let unknown = "udp://nowhere.example:6969/announce".to_owned();
        world.torrents[0].metainfo.trackers = vec![vec![named.clone()], vec![unknown.clone()]];
        world.run(30 * MINUTE).await;
        let harvest = world.harvest();
        let answers = harvest.announces_to(&named);
        assert!(answers.len() >= 2 && answers.iter().all(|it| it.result.is_ok()));
        let failures = harvest.announces_to(&unknown);
        assert!(failures.len() >= 2);
        for row in failures {
            let failure = row.result.as_ref().unwrap_err();
            assert_eq!(&*failure.label, "no_such_host");
        }
        assert!(harvest.sources().reached > 0);
    });
}
