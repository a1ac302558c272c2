use super::*;
use crate::report::text::width;
use crate::swarm::address_state::AddressCounts;

fn torrent(number: u32, name: &str, confirmed: u64) -> TorrentSummary {
    TorrentSummary {
        torrent_number: number,
        torrent: "01".repeat(20),
        name: name.to_owned(),
        pieces: None,
        piece_length_bytes: None,
        size_bytes: None,
        figures: Figures {
            confirmed,
            peers: PeerCounts {
                seen: 1_234_567,
                unsettled: 234_567,
                observed: 1_000_000,
                confirmed,
                ..PeerCounts::default()
            },
            ..Figures::default()
        },
        reported_downloads: None,
        reported: Vec::new(),
    }
}

fn summary(torrents: Vec<TorrentSummary>) -> Summary {
    let total = torrents[0].figures.clone();
    Summary {
        store: "output/monday".into(),
        program: Some("bta 0.1.0".into()),
        begun_at: Some(Moment::from_millis(1_795_405_441_250)),
        closed_at: None,
        as_of: None,
        since: None,
        until: Some(Moment::from_millis(1_795_405_441_250)),
        threshold_percent: 97.5,
        keeps_addresses: true,
        remarks: Vec::new(),
        gaps: Gaps::default(),
        torrents,
        total,
        total_reported_downloads: None,
    }
}

#[test]
fn many_torrents_are_a_row_each() {
    let names = [
        "short",
        "a name that goes on and on and on until nobody wants to read it any more",
        "日本語の長い名前は二倍の幅を取るので早く切らなければならない、そうでしょう",
        "four",
        "five",
    ];
    let torrents = names.iter().zip(1..);
    let torrents = torrents.map(|(name, number)| torrent(number, name, u64::from(number) * 999));
    let mut summary = summary(torrents.collect());
    summary.torrents[1].reported_downloads = Some(ReportedDownloads {
        torrents: 1,
        trackers: 3,
        greatest: 12_345,
        sum: 20_000,
        resets: 2,
        confirmed_percent: Some(16.2),
    });
    let reported: Vec<_> = summary
        .torrents
        .iter()
        .map(|it| it.reported_downloads)
        .collect();
    summary.total_reported_downloads = ReportedDownloads::of_all(&reported, 999);
    let page = summary.render_table(false);
    let expected = "\
bta 0.1.0: 5 torrents, threshold 97.5 %
2026-11-23 03:44:01 UTC, no mark of an orderly end
shown: up to 2026-11-23 03:44:01
this store holds peers' addresses (--keep-addresses)

torrent         |      seen | complete | unknown | confirmed | reported |  share
----------------|----------:|---------:|--------:|----------:|---------:|------:
1 short         | 1,234,567 |        0 |       0 |       999 |        ? |      -
2 a name that … | 1,234,567 |        0 |       0 |     1,998 |   12,345 | 16.2 %
3 日本語の長い… | 1,234,567 |        0 |       0 |     2,997 |        ? |      -
4 four          | 1,234,567 |        0 |       0 |     3,996 |        ? |      -
5 five          | 1,234,567 |        0 |       0 |     4,995 |        ? |      -
all             | 1,234,567 |        0 |       0 |       999 |   12,345 |      -

seen: peers; complete: already complete when first observed; unknown: last
observed below 97.5 %; confirmed: downloads seen to pass 97.5 %; reported:
downloads that the tracker counted meanwhile, of several the one that counted
most; share: confirmed of reported.
A tracker's count fell 2×: what it counted before the fall may be missing.

--torrent N shows one of them in full

all torrents

  peers seen               1,234,567
    progress never learnt    234,567
    observed               1,000,000
      already complete             0
      confirmed                  999
      rose, not counted            0
      below 97.5 %                 0
  CONFIRMED DOWNLOADS            999
  reported downloads          12,345  greatest of 3 trackers, sum 20,000
    a tracker's count fell         2  so it is a lower bound
  rises not counted                0
";
    assert_eq!(page, expected);
}

#[test]
fn a_run_that_goes_on_says_since_when_and_until_when() {
    let mut summary = summary(vec![torrent(1, "one", 7)]);
    summary.as_of = Some(Moment::from_millis(1_795_405_441_250 + 128_000));
    let page = summary.render_table(false);
    let line = "2026-11-23 03:44:01 UTC, still running at 2026-11-23 03:46:09 (2m 8s)";
    assert_eq!(page.lines().nth(1), Some(line));
}

#[test]
fn no_line_is_wider_than_80_columns() {
    let mut figures = torrent(1, "", u64::MAX).figures;
    for source in crate::swarm::facts::Source::ALL {
        figures.sources.push(SourceLine {
            source: source.label(),
            counts: SourceCounts {
                received: 1_234_567,
                new: 234_567,
                duplicate: 1_000_000,
                excluded: 1_234,
                contacted: 234_567,
                reached: 98_765,
                confirmed: 43_210,
                came_to: AddressCounts::default(),
            },
        });
    }
    for attempt in crate::swarm::facts::Attempt::ALL {
        figures.attempts.push(AttemptLine {
            attempt: attempt.label(),
            attempts: 1_234_567,
            outcomes: crate::swarm::facts::Outcome::ALL
                .iter()
                .map(|outcome| OutcomeLine {
                    outcome: outcome.label(),
                    count: 1_234_567,
                    share_percent: 100.0,
                })
                .collect(),
        });
    }
    let mut long = torrent(u32::MAX, &"長い".repeat(60), 7);
    long.figures = figures;
    long.reported_downloads = Some(ReportedDownloads {
        torrents: 1,
        trackers: 12,
        greatest: 12_345_678,
        sum: 123_456_789,
        resets: 1_234,
        confirmed_percent: Some(100.0),
    });
    long.reported = vec![Reported {
        tracker: "http://tracker.example".into(),
        at: None,
        seeders: Some(u32::MAX),
        leechers: Some(u32::MAX),
        downloaded: Some(u32::MAX),
        ..Reported::default()
    }];
    let one = summary(vec![long.clone()]).render_table(false);
    long.figures.confirmed = 1_234_567;
    let two = summary(vec![long.clone(), long]).render_table(false);
    let page = one + &two;
    for line in page.lines() {
        assert!(width(line) <= 80, "{} columns: {line}", width(line));
    }
    assert!(page.contains("unknown_info_hash"));
}
