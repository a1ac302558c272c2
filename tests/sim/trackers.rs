//! Trackers that answer nonsense, late, or not at all.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bta::actors::root::RunEnd;
use bta::input::Named;
use bta::lab::Scenario;
use bta::lab::scenario::{TrackerSpec, Transport};
use bta::lab::tracker::manner::Manner;
use bta::swarm::reported::Reported;

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
            let mut rows = harvest.announces_to(tracker.url());
            // The goodbye is sent once: over UDP it may get lost.
            rows.pop();
            let rows = rows.into_iter();
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
        let Named::Metainfo(metainfo) = &mut world.torrents[0].named else {
            panic!("a file was read");
        };
        metainfo.trackers = vec![vec![named.clone()], vec![unknown.clone()]];
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

/// Each kind of tracker is scraped after each announce and once at the end, and what it
/// counts is what it was told.
#[test]
fn what_trackers_count_is_scraped_over_the_whole_run() {
    in_virtual_time(async {
        let mut scenario = Scenario::sim(23, 120, HOUR);
        scenario.torrents.truncate(1);
        scenario.trackers.push(TrackerSpec {
            transport: Transport::Https,
            at: SocketAddr::from(([44, 1, 1, 3], 8_443)),
            ..scenario.trackers[0].clone()
        });
        scenario.torrents[0].trackers = vec![0, 1, 2];
        let mut world = World::of(&scenario).await;
        let authority = world.config.output.with_file_name("authority");
        std::fs::create_dir(&authority).unwrap();
        world.config.ca_files = vec![world.lab.write_authority(&authority).unwrap()];
        let running = world.begin().await;
        world.pass(HOUR).await;
        let info_hash = world.lab.torrents()[0].info_hash;
        let trackers = world.lab.trackers().iter();
        let counts: Vec<_> = trackers.map(|it| it.count(&info_hash).unwrap()).collect();
        let end = world.stop(running).await;
        assert!(matches!(end, RunEnd::Stopped), "{end:?}");

        let harvest = world.harvest();
        for (tracker, count) in world.lab.trackers().iter().zip(counts) {
            let announced = harvest.announces_to(tracker.url()).len();
            let rows = harvest.scrapes_of(tracker.url());
            // The last announce is the goodbye, and the last scrape precedes it.
            assert_eq!((announced >= 4, rows.len()), (true, announced));
            let mut reported = Reported::default();
            let answers = rows.iter().map(|it| it.result.as_ref().unwrap());
            answers.for_each(|it| reported.note(it.downloaded.unwrap()));
            let first = rows[0].result.as_ref().unwrap();
            let last = rows[rows.len() - 1].result.as_ref().unwrap();
            let near = |a: Option<u32>, b: u32| a.unwrap().abs_diff(b) <= 1;
            assert!(
                near(last.downloaded, count.downloaded),
                "{last:?} {count:?}"
            );
            assert!(near(last.seeders, count.seeders), "{last:?} {count:?}");
            // Among its leechers are we.
            assert!(
                near(last.leechers, count.leechers - 1),
                "{last:?} {count:?}"
            );
            let rise = last.downloaded.unwrap() - first.downloaded.unwrap();
            assert!(rise > 10, "{} reports {rise}", tracker.url());
            assert_eq!(reported.total(), Some(rise.into()));
            assert_eq!(reported.resets(), 0);
        }
        assert!(world.lab.truth(world.clock.now()).offences.is_empty());
    });
}
