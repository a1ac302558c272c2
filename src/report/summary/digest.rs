//! All torrents in one table that can be pasted into a report: aligned as it
//! stands, and a table to whatever reads Markdown.

use super::{Figures, Summary};
use crate::report::reported::ReportedDownloads;
use crate::report::text::{fit, width};
use crate::report::units::count;

/// Behind a torrent's name; all numbers stand to the right.
const HEADS: [&str; 6] = [
    "seen",
    "complete",
    "unknown",
    "confirmed",
    "reported",
    "share",
];
/// Between two columns.
const GAP: &str = " | ";
/// A name is not cut shorter than this, even if the table gets too wide.
const NAME: usize = 12;

/// The lines of the table, at most `room` columns wide, and what its heads mean.
pub(super) fn lines(summary: &Summary, room: usize) -> Vec<String> {
    let mut rows = vec![HEADS.map(str::to_owned)];
    for torrent in &summary.torrents {
        rows.push(cells(&torrent.figures, torrent.reported_downloads.as_ref()));
    }
    let total = summary.total_reported_downloads.as_ref();
    rows.push(cells(&summary.total, total));

    let widest = |column: usize| rows.iter().map(|row| width(&row[column])).max();
    let widths: [usize; HEADS.len()] = std::array::from_fn(|it| widest(it).unwrap_or(0));
    let numbers: usize = widths.iter().map(|it| it + GAP.len()).sum();
    let names = names(summary, room.saturating_sub(numbers).max(NAME));
    let name = names.iter().map(|it| width(it)).max().unwrap_or(0);

    let mut lines: Vec<String> = Vec::new();
    for (first, row) in names.iter().zip(&rows) {
        let mut line = format!("{first}{}", " ".repeat(name - width(first)));
        for (cell, room) in row.iter().zip(widths) {
            line += &format!("{GAP}{cell:>room$}");
        }
        lines.push(line);
    }
    let mut rule = "-".repeat(name + 1);
    for width in widths {
        rule += &format!("|{}:", "-".repeat(width + 1));
    }
    // The last column has no gap behind it.
    rule.pop();
    rule.pop();
    rule.push(':');
    lines.insert(1, rule);
    lines.push(String::new());
    lines.extend(meanings(summary));
    lines
}

fn names(summary: &Summary, room: usize) -> Vec<String> {
    let mut names = vec!["torrent".to_owned()];
    for torrent in &summary.torrents {
        // What divides columns must not stand in one.
        let name = torrent.name.replace('|', "/");
        let name = format!("{} {name}", torrent.torrent_number);
        names.push(fit(&name, room).into_owned());
    }
    names.push("all".to_owned());
    names
}

fn cells(figures: &Figures, reported: Option<&ReportedDownloads>) -> [String; HEADS.len()] {
    let peers = &figures.peers;
    let share = reported.and_then(|it| it.confirmed_percent);
    [
        count(peers.seen),
        count(peers.complete_at_first),
        count(peers.fate_unknown),
        count(figures.confirmed),
        reported.map_or("?".to_owned(), |it| count(it.greatest)),
        share.map_or("-".to_owned(), |it| format!("{it:.1} %")),
    ]
}

fn meanings(summary: &Summary) -> Vec<String> {
    let threshold = summary.threshold_percent;
    let mut meanings = vec![
        "seen: peers; complete: already complete when first observed; unknown: last".to_owned(),
        format!(
            "observed below {threshold} %; confirmed: downloads seen to pass {threshold} %; reported:"
        ),
        "downloads that the tracker counted meanwhile, of several the one that counted".to_owned(),
        "most; share: confirmed of reported.".to_owned(),
    ];
    let resets = summary.total_reported_downloads.map_or(0, |it| it.resets);
    if resets > 0 {
        let resets = count(resets.into());
        meanings.push(format!(
            "A tracker's count fell {resets}×: what it counted before the fall may be missing."
        ));
    }
    meanings
}
