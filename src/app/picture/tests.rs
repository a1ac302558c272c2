use super::*;
use crate::actors::swarm::{self, Queues, TrackerCounts};
use crate::config::Surroundings;
use crate::protocol::peer::family::Family;
use crate::swarm::book::{Figures, OutcomeKey, SourceTally, Tally};
use crate::swarm::counted::Counted;
use crate::swarm::reported::Reported;

const BEGUN: Moment = Moment::from_millis(1_000_000);

fn after(seconds: u64) -> Moment {
    BEGUN + Duration::from_secs(seconds)
}

fn picture() -> Picture {
    let args = ["bta", "--output", "here", "--duration", "90", "a.torrent"];
    let around = Surroundings {
        now: BEGUN,
        no_color: false,
    };
    let args = crate::cli::parse("bta", args.iter().map(Into::into)).unwrap();
    Picture::new(&Config::new(args, &around).unwrap(), BEGUN)
}

fn tracker(url: &str, seeders: Option<u32>, failure: Option<&'static str>) -> TrackerFigures {
    TrackerFigures {
        tracker: url.into(),
        counts: TrackerCounts {
            seeders,
            ..TrackerCounts::default()
        },
        reported: Reported::default(),
        failure,
        scrape_failure: None,
        next_at: Some(after(100)),
    }
}

/// A swarm in which so many contacts were started, and as many timed out.
fn swarm(torrent: u32, contacted: u64, trackers: Vec<TrackerFigures>) -> SwarmFigures {
    let mut tally = Tally::default();
    let counts = SourceTally {
        contacted,
        ..SourceTally::default()
    };
    tally.restore_source(0, Source::Tracker, counts);
    let key = OutcomeKey {
        hour: 0,
        counted: Counted::Attempt(Attempt::First),
        family: Family::Other,
        outcome: Outcome::TimedOut,
    };
    tally.restore_outcome(key, contacted);
    SwarmFigures {
        torrent: TorrentNumber(torrent),
        name: format!("t{torrent}").into(),
        measured: true,
        figures: Figures {
            observed: 5,
            unsettled: 2,
            confirmed: 1,
            ..Figures::default()
        },
        totals: *tally.totals(),
        trackers,
        latest: vec![swarm::Latest {
            at: after(torrent.into()),
            client: "qBittorrent".into(),
            below_pieces: 1,
            pieces: 99,
            total_pieces: 100,
            address: None,
        }],
        queues: Queues::default(),
    }
}

#[test]
fn says_what_the_swarms_say() {
    let mut picture = picture();
    picture.take(
        after(1),
        vec![swarm(2, 4, vec![]), swarm(1, 3, vec![])],
        (7, 100),
    );
    let view = picture.view(after(30), false);
    assert_eq!(
        (view.running.as_secs(), view.remaining),
        (30, Some(Duration::from_secs(60)))
    );
    assert_eq!((&*view.folder, &*view.threshold), ("here", "98 %"));
    assert_eq!((view.sessions, view.slots), (7, 100));
    let names: Vec<_> = view.torrents.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["t1", "t2"]);
    assert_eq!((view.torrents[0].seen, view.torrents[0].seeds), (7, None));
    let first = &view.attempts[0];
    assert_eq!((first.count, first.outcomes[0].of), (7, "timed out"));
    let latest: Vec<_> = view.latest.iter().map(|it| &*it.torrent).collect();
    assert_eq!(latest, ["t2", "t1"], "the newest first");
}

#[test]
fn a_swarm_that_does_not_answer_stands_as_it_was() {
    let mut picture = picture();
    picture.take(
        after(1),
        vec![swarm(1, 60, vec![]), swarm(2, 60, vec![])],
        (0, 0),
    );
    picture.take(after(2), vec![swarm(1, 60, vec![])], (0, 0));
    let view = picture.view(after(2), false);
    assert_eq!(view.torrents.len(), 2);
    assert!(view.rates.contacts.abs() < f64::EPSILON);
}

#[test]
fn rates_are_those_of_the_last_minute() {
    let mut picture = picture();
    for second in 0u64..=300 {
        // Two a second, then five a second.
        let contacted = 2 * second + 3 * second.saturating_sub(200);
        picture.take(after(second), vec![swarm(1, contacted, vec![])], (0, 0));
        if second == 100 {
            assert!((picture.rates().contacts - 2.0).abs() < 1e-9);
        }
    }
    assert!((picture.rates().contacts - 5.0).abs() < 1e-9);
    assert!(picture.samples.len() <= 62);
}

#[test]
fn what_is_reported_is_the_greatest_of_the_trackers_and_unknown_before_a_scrape() {
    let silent = tracker("http://silent.example/", None, None);
    let mut few = tracker("http://few.example/", None, None);
    let mut many = tracker("http://many.example/", None, None);
    [100, 102].iter().for_each(|it| few.reported.note(*it));
    [7, 12].iter().for_each(|it| many.reported.note(*it));
    let swarms = vec![
        swarm(1, 0, vec![silent.clone(), few, many]),
        swarm(2, 0, vec![silent]),
    ];
    let mut picture = picture();
    picture.take(after(1), swarms, (0, 0));
    let view = picture.view(after(1), false);
    let reported: Vec<_> = view.torrents.iter().map(|it| it.reported).collect();
    assert_eq!(reported, [Some(5), None]);
}

#[test]
fn a_tracker_of_several_torrents_is_one_line_and_the_greatest_count_is_shown() {
    let (good, bad) = ("http://good.example/", "udp://bad.example/");
    let asked = TrackerFigures {
        next_at: None,
        ..tracker(bad, None, None)
    };
    let swarms = vec![
        swarm(
            1,
            0,
            vec![
                tracker(good, Some(3), None),
                tracker(bad, Some(9), Some("timeout")),
            ],
        ),
        swarm(2, 0, vec![tracker(good, Some(4), None), asked]),
        swarm(3, 0, vec![tracker(bad, None, Some("timeout"))]),
    ];
    let mut picture = picture();
    picture.take(after(1), swarms, (0, 0));
    let view = picture.view(after(40), false);
    assert_eq!(
        (view.torrents[0].seeds, view.torrents[2].seeds),
        (Some(9), None)
    );
    let next = Some(Duration::from_secs(60));
    let expected = [
        Tracker {
            url: bad.into(),
            torrents: 3,
            answering: 0,
            failures: vec!["timeout"],
            next,
        },
        Tracker {
            url: good.into(),
            torrents: 2,
            answering: 2,
            failures: vec![],
            next,
        },
    ];
    assert_eq!(view.trackers, expected);
}
