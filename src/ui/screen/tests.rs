use std::time::Duration;

use super::*;
use crate::moment::Moment;
use crate::report::text::width;
use crate::ui::view::{Attempts, Count, Latest, Rates, Scene, Torrent, Tracker};

const NOW: Moment = Moment::from_millis(1_795_405_441_250);

fn torrent(name: &str, size: u64) -> Torrent {
    Torrent {
        name: name.into(),
        seeds: Some(size * 7),
        leechers: Some(size * 3),
        addresses: size * 11,
        watched: size,
        seen: size * 5,
        complete: size,
        below: size * 2,
        confirmed: size * 2,
        not_counted: 1,
        reported: None,
    }
}

fn latest(seconds_ago: u64, torrent: &str, client: &str) -> Latest {
    Latest {
        at: NOW - Duration::from_secs(seconds_ago),
        torrent: torrent.into(),
        client: client.into(),
        below_pieces: 22,
        pieces: 251,
        total_pieces: 1_256,
        address: None,
    }
}

fn counts(counts: &[(&'static str, u64)]) -> Vec<Count> {
    let counts = counts.iter();
    counts.map(|&(of, count)| Count { of, count }).collect()
}

/// Strangers' names of all kinds, a tracker that fails, one not heard of yet.
fn sample() -> View {
    let film = "日本語の映画 (2015)";
    View {
        folder: "output/2026-11-20T01-41-36Z".into(),
        threshold: "98 %".into(),
        now: NOW,
        running: Duration::from_secs(266_545),
        remaining: Some(Duration::from_secs(7_200)),
        torrents: vec![
            torrent("debian-13.2.0-amd64-netinst.iso", 1_234),
            torrent(film, 18),
            Torrent {
                seeds: None,
                leechers: None,
                ..torrent("evil\x1b[2Jname\u{202e}gpj.exe\n", 0)
            },
            Torrent {
                reported: Some(12),
                ..torrent("🎬 Ein schöner Film, der einen sehr langen Namen hat", 3)
            },
        ],
        sources: counts(&[
            ("trackers", 12_240),
            ("other peers", 1_035),
            ("callers", 310),
        ]),
        reached: counts(&[("trackers", 8_400), ("other peers", 1_021)]),
        confirmed: counts(&[("trackers", 2_102), ("other peers", 300), ("callers", 108)]),
        attempts: vec![
            Attempts {
                title: "Contacts",
                kind: "first tries",
                count: 13_585,
                outcomes: counts(&[
                    ("timed out", 6_000),
                    ("reached", 5_321),
                    ("refused", 2_000),
                    ("closed on us", 200),
                    ("reset", 64),
                ]),
            },
            Attempts {
                title: "",
                kind: "later tries",
                count: 4_100,
                outcomes: counts(&[("reached", 4_100)]),
            },
            Attempts {
                title: "Incoming",
                kind: "calls",
                count: 0,
                outcomes: Vec::new(),
            },
        ],
        unknown: counts(&[("watched", 1_255), ("unreachable", 900), ("vanished", 355)]),
        sessions: 1_250,
        slots: 19_872,
        rates: Rates {
            contacts: 12.5,
            reached: 4.25,
            incoming: 0.02,
        },
        trackers: vec![
            Tracker {
                url: "udp://tracker.example:6969/announce".into(),
                torrents: 4,
                answering: 3,
                failures: vec!["no_such_host"],
                next: Some(Duration::from_millis(723_900)),
            },
            Tracker {
                url: "http://dead.example/announce".into(),
                torrents: 1,
                answering: 0,
                failures: vec!["timeout"],
                next: Some(Duration::from_secs(30)),
            },
            Tracker {
                url: "http://good.example/…/announce".into(),
                torrents: 1,
                answering: 1,
                next: Some(Duration::from_secs(5)),
                ..Tracker::default()
            },
            Tracker {
                url: "http://new.example/announce".into(),
                torrents: 2,
                ..Tracker::default()
            },
        ],
        latest: vec![
            latest(1, film, "qBittorrent/5.0.1"),
            latest(75, "debian-13.2.0-amd64-netinst.iso", "Transmission 4.0.6"),
            latest(90_000, film, "evil\x07client"),
        ],
        ..View::default()
    }
}

/// As the files hold it: no colour, no spaces at the ends.
fn page(view: &View, columns: usize, lines: usize) -> String {
    let lines = screen(view, columns, lines, false);
    lines.join("\n") + "\n"
}

#[test]
fn a_small_terminal_shows_what_matters() {
    let expected = include_str!("../../../tests/data/screen-80x24.txt");
    let page = page(&sample(), 80, 24);
    assert_eq!(page, expected, "\n{page}");
}

#[test]
fn a_large_terminal_shows_all_columns() {
    let expected = include_str!("../../../tests/data/screen-200x50.txt");
    let page = page(&sample(), 200, 50);
    assert_eq!(page, expected, "\n{page}");
}

#[test]
fn nothing_is_wider_or_longer_than_the_terminal() {
    let mut crowded = sample();
    crowded.torrents = vec![torrent("日本語", 1_000_000_000); 30];
    for view in [View::default(), sample(), crowded] {
        for columns in (0..220).step_by(11) {
            for lines in (0..60).step_by(5) {
                let screen = screen(&view, columns, lines, false);
                assert!(screen.len() <= lines, "{columns} x {lines}");
                let widest = screen.iter().map(|it| width(it)).max();
                assert!(widest.unwrap_or(0) < columns.max(1), "{columns} x {lines}");
            }
        }
    }
}

#[test]
fn where_all_torrents_have_no_room_the_liveliest_are_shown_in_their_order() {
    let mut view = sample();
    view.torrents = (0..40)
        .map(|it| torrent(&format!("t{it:02}"), it))
        .collect();
    let page = page(&view, 80, 24);
    let shown = page.lines().filter(|it| it.starts_with('t'));
    let shown: Vec<_> = shown.map(|it| &it[..3]).collect();
    assert_eq!(shown, ["t35", "t36", "t37", "t38", "t39"], "{page}");
    assert!(
        page.contains("\nand 35 more, where less goes on\nall 40 torrents"),
        "{page}"
    );
    assert!(page.contains("\nCONFIRMED: "), "{page}");
    assert_eq!(page.lines().count(), 24, "{page}");
}

#[test]
fn a_tiny_terminal_shows_the_torrents_and_what_was_confirmed() {
    let page = page(&sample(), 40, 10);
    let expected = "\
bta watches 4 tor…  running 3d 02:02:25
results in output/2026-11-20T01-41-36Z
TORRENT              WATCHED  CONFIRMED
";
    assert!(page.starts_with(expected), "{page}");
    assert!(page.contains("\nConfirmed  "), "{page}");
}

#[test]
fn colours_are_used_only_where_they_are_wanted() {
    let mut view = sample();
    let plain = screen(&view, 80, 24, false).concat();
    assert!(!plain.contains('\x1b') && !plain.contains('\u{7}') && !plain.contains('\u{202e}'));
    let coloured = screen(&view, 80, 24, true).concat();
    assert!(coloured.contains("\x1b[32m") && coloured.contains("\x1b[31m"));
    assert!(!coloured.contains("\x1b[2J"));
    view.stopping = true;
    let screen = screen(&view, 80, 24, true);
    assert!(
        screen[0].starts_with("\x1b[31mbta is stopping"),
        "{}",
        screen[0]
    );
    assert!(screen[1].ends_with("Ctrl-C: at once"), "{}", screen[1]);
}

#[test]
fn a_run_that_has_not_begun_to_see_anything_says_so() {
    let mut view = View {
        scene: Scene::Demo,
        threshold: "100 %".into(),
        torrents: vec![Torrent::default()],
        ..View::default()
    };
    let page = page(&view, 80, 24);
    assert!(
        page.starts_with("bta's demo: it watches 1 torrent of scripted peers"),
        "{page}"
    );
    assert!(
        page.contains("Confirmed  none yet since this start"),
        "{page}"
    );
    assert!(page.contains("Trackers   none is named"), "{page}");
    view.torrents.clear();
    assert!(self::page(&view, 80, 24).contains("it watches 0 torrents"));
}
