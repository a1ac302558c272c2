use super::*;
use crate::report::text::width;

fn torrent(number: u32, name: &str, confirmed: u64) -> TorrentSummary {
    TorrentSummary {
        torrent_number: number,
        torrent: "01".repeat(20),
        name: name.to_owned(),
        pieces: 0,
        piece_length_bytes: 0,
        size_bytes: 0,
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
        since: None,
        until: Some(Moment::from_millis(1_795_405_441_250)),
        threshold_percent: 97.5,
        keeps_addresses: true,
        remarks: Vec::new(),
        torrents,
        total,
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
    let page = summary(torrents.collect()).render_table(false);
    let expected = "\
bta 0.1.0: 5 torrents, threshold 97.5 %
2026-11-23 03:44:01 UTC, no mark of an orderly end
shown: up to 2026-11-23 03:44:01
this store holds peers' addresses (--keep-addresses)

#       SEEN   OBSERVED  COMPLETE  BELOW  CONFIRMED  NAME
1  1,234,567  1,000,000         0      0        999  short
2  1,234,567  1,000,000         0      0      1,998  a name that goes on and on…
3  1,234,567  1,000,000         0      0      2,997  日本語の長い名前は二倍の幅…
4  1,234,567  1,000,000         0      0      3,996  four
5  1,234,567  1,000,000         0      0      4,995  five

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
  rises not counted                0
";
    assert_eq!(page, expected);
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
    long.reported = vec![Reported {
        tracker: "http://tracker.example".into(),
        at: None,
        seeders: Some(u32::MAX),
        leechers: Some(u32::MAX),
        downloaded: Some(u32::MAX),
    }];
    let page = summary(vec![long]).render_table(false);
    for line in page.lines() {
        assert!(width(line) <= 80, "{} columns: {line}", width(line));
    }
    assert!(page.contains("unknown_info_hash"));
}
