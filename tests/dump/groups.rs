//! Where peers are and what they run: the same peers, grouped in other ways.

use super::store::{SMALL, filled};
use super::{assert_is, shown};

/// Rows of completions in CSV without the columns that say where the peers are.
pub(crate) fn unlocated(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let kept = heads.iter().position(|it| it == "continent").unwrap();
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| row.iter().take(kept).map(str::to_owned).collect())
        .collect()
}

#[test]
fn places_and_clients_are_grouped_as_asked() {
    let folder = filled(&SMALL);
    for by in ["continent", "city", "network"] {
        let places = shown(folder.path(), &format!("places --by {by} STORE"));
        assert_is(&format!("places-by-{by}.txt"), &places);
    }
    let versions = shown(folder.path(), "clients --by-version STORE");
    assert_is("clients-by-version.txt", &versions);
}

#[test]
fn fates_add_up_to_the_peers() {
    let folder = filled(&SMALL);
    let rows = shown(folder.path(), "fates --format jsonl STORE");
    let mut unknown = 0;
    for row in rows.lines() {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        let sum = |figures: &[&str]| -> u64 {
            let figures = figures.iter().map(|it| row[*it].as_u64().unwrap());
            figures.sum()
        };
        let classes = [
            "unsettled",
            "complete_at_first",
            "confirmed",
            "not_counted",
            "partial_seeds",
            "fate_unknown",
        ];
        assert_eq!(sum(&classes), sum(&["peers"]), "{row}");
        let lost = ["vanished", "unreachable", "undialable"];
        assert_eq!(sum(&lost), sum(&["lost_later"]), "{row}");
        let ours = ["watched", "awaited", "no_slot", "interrupted", "untold"];
        let why = sum(&ours) + sum(&["turned_away", "lost_later"]);
        assert_eq!(why, sum(&["fate_unknown"]), "{row}");
        unknown += why;
    }
    let count = |words: &str| {
        let rows = shown(
            folder.path(),
            &format!("peers {words} --format jsonl STORE"),
        );
        rows.lines().count() as u64
    };
    assert_eq!((unknown, count("--unknown")), (2, 2));
    assert_eq!(count("--unknown=vanished,watched"), 2);
    assert_eq!(count("--unknown=watched"), 0);
}

#[test]
fn places_and_clients_add_up_to_the_peers() {
    let folder = filled(&SMALL);
    let sums = |words: &str| {
        let rows = shown(folder.path(), &format!("{words} --format jsonl STORE"));
        let rows: Vec<serde_json::Value> = rows
            .lines()
            .map(|row| serde_json::from_str(row).unwrap())
            .collect();
        ["peers", "complete_at_first", "confirmed"].map(|figure| {
            let figures = rows.iter().map(|row| row[figure].as_u64().unwrap());
            figures.sum::<u64>()
        })
    };
    for (torrent, expected) in [("", [9, 1, 3]), (" --torrent 2", [3, 0, 1])] {
        for command in [
            "places",
            "places --by continent",
            "places --by city",
            "places --by network",
            "clients",
            "clients --by-version",
        ] {
            assert_eq!(sums(&format!("{command}{torrent}")), expected, "{command}");
        }
    }
}
