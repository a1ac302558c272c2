//! The parts of a screen around its table.

use std::time::Duration;

use crate::report::text::{fit, harmless, width};
use crate::report::units::{clock, count, span, time};
use crate::ui::view::{Count, Latest, Scene, Tracker, View};

use super::styled::{Line, Style, cell, wrap};

/// Where the figures begin, behind the name of what they are of.
const INDENT: usize = 11;

/// Where a line has this much room, it says all that it could say.
const PLENTY: usize = 90;

/// Where it has less than this, only what matters most.
const SCANTY: usize = 55;

/// A download older than this is so many days old; a younger one has a time of day.
const TODAY: Duration = Duration::from_secs(24 * 3600);

/// A text that is cut shorter than this says nothing.
const SHORTEST: usize = 16;

/// What is going on, since when and until when; and where it goes.
pub(super) fn head(view: &View, columns: usize) -> Vec<Line> {
    let torrents = match view.torrents.len() {
        1 => "1 torrent".to_owned(),
        many => format!("{} torrents", count(many as u64)),
    };
    let what = match view.scene {
        Scene::World => format!("bta watches {torrents} and counts who completes them"),
        Scene::Demo => format!("bta's demo: it watches {torrents} of scripted peers"),
    };
    let (style, what, stop) = match (view.stopping, view.network_down) {
        (false, None) => (Style::Strong, what, "Ctrl-C ends it"),
        (false, Some(down)) => (
            Style::Bad,
            format!("the network is down since {}: bta waits", span(down)),
            "Ctrl-C ends it",
        ),
        (true, _) => (
            Style::Bad,
            "bta is stopping: it says goodbye to peers and trackers".to_owned(),
            "Ctrl-C: at once",
        ),
    };
    let stop = match view.remaining.filter(|_| !view.stopping) {
        Some(remaining) => format!("{} to go; {stop}", clock(remaining)),
        None => stop.to_owned(),
    };
    let running = format!("running {}", clock(view.running));
    let folder = format!("results in {}", harmless(&view.folder));
    vec![
        both_ends(style, &what, running, columns),
        both_ends(Style::Plain, &folder, stop, columns),
    ]
}

/// A text to the left and one to the right; where both have no room, the left one.
fn both_ends(style: Style, left: &str, right: String, columns: usize) -> Line {
    let room = columns.saturating_sub(width(&right) + 2);
    if room < SHORTEST {
        return Line::of(style, left);
    }
    Line::of(style, cell(left, room)).with(Style::Plain, format!("  {right}"))
}

fn titled(title: &str) -> Line {
    Line::of(Style::Strong, format!("{title:INDENT$}"))
}

/// How many torrents are not shown.
pub(super) fn rest(torrents: usize) -> Line {
    let text = format!("and {} more, where less goes on", count(torrents as u64));
    Line::of(Style::Faint, text)
}

/// Addresses known, and who named them; what came of those that each named first.
pub(super) fn addresses(view: &View) -> Vec<Line> {
    let listed = |counts: &[Count]| {
        let words = counts
            .iter()
            .map(|it| format!("{} {}", it.of, count(it.count)));
        words.collect::<Vec<_>>().join(", ")
    };
    let known = count(view.all().addresses);
    let text = format!("{known} known; by {}", listed(&view.sources));
    let mut lines = vec![titled("Addresses").with(Style::Plain, text)];
    for (what, counts) in [("reached", &view.reached), ("confirmed", &view.confirmed)] {
        if !counts.is_empty() {
            let text = format!("{what}: by {}", listed(counts));
            lines.push(titled("").with(Style::Plain, text));
        }
    }
    lines
}

/// Sessions in use, and how fast they come and go.
pub(super) fn sessions(view: &View) -> Line {
    let rate = |a_second: f64| count((a_second * 60.0).round() as u64);
    let text = format!(
        "{} of {} open; a minute {} dialled, {} reached, {} incoming",
        count(view.sessions as u64),
        count(view.slots as u64),
        rate(view.rates.contacts),
        rate(view.rates.reached),
        rate(view.rates.incoming),
    );
    titled("Sessions").with(Style::Plain, text)
}

/// Why nobody knows whether some peers finished.
pub(super) fn unknown(view: &View, columns: usize) -> Option<Line> {
    let room = columns.saturating_sub(INDENT);
    let text = frequent(&view.unknown, room);
    (!text.is_empty()).then(|| titled("Unfinished").with(Style::Plain, text))
}

/// How contacts ended, one line a kind.
pub(super) fn attempts(view: &View, columns: usize) -> Vec<Line> {
    let lines = view.attempts.iter().map(|it| {
        let head = format!("{} {}", count(it.count), it.kind);
        let room = columns.saturating_sub(INDENT + width(&head) + 2);
        let outcomes = frequent(&it.outcomes, room);
        let text = match outcomes.is_empty() {
            true => head,
            false => format!("{head}: {outcomes}"),
        };
        titled(it.title).with(Style::Plain, text)
    });
    lines.collect()
}

/// As many as there is room for, the others in one number.
fn frequent(counts: &[Count], room: usize) -> String {
    let texts = counts
        .iter()
        .map(|it| format!("{} {}", count(it.count), it.of));
    let texts: Vec<_> = texts.collect();
    for shown in (0..=texts.len()).rev() {
        let others: u64 = counts[shown..].iter().map(|it| it.count).sum();
        let mut parts = texts[..shown].to_vec();
        if others > 0 {
            parts.push(format!("{} other", count(others)));
        }
        let text = parts.join(", ");
        if width(&text) <= room {
            return text;
        }
    }
    String::new()
}

/// How many trackers answer.
pub(super) fn trackers_in_short(view: &View) -> Line {
    let (some, answering) = (view.trackers.len(), view.answering());
    let text = match some {
        0 => "none is named".to_owned(),
        1 => format!("{answering} of 1 answers"),
        _ => format!(
            "{} of {} answer",
            count(answering as u64),
            count(some as u64)
        ),
    };
    let line = titled("Trackers").with(Style::Plain, text);
    let failures = view.trackers.iter().filter(|it| !it.failures.is_empty());
    match failures.count() {
        0 => line,
        failing => line.with(Style::Bad, format!("; {} failing", count(failing as u64))),
    }
}

/// One line a tracker, those that fail first.
pub(super) fn trackers(view: &View, columns: usize, lines: usize) -> Vec<Line> {
    let shown = || view.trackers.iter().take(lines);
    let states: Vec<Line> = shown().map(state).collect();
    let widest = states.iter().map(Line::width).max().unwrap_or(0);
    let longest = shown().map(|it| width(&harmless(&it.url))).max();
    let room = columns.saturating_sub(INDENT + widest + 2);
    let room = room.max(SHORTEST).min(longest.unwrap_or(0));
    let urls = shown().map(|it| titled("").with(Style::Plain, cell(&it.url, room) + "  "));
    urls.zip(states)
        .map(|(url, state)| url.and(state))
        .collect()
}

/// How a tracker stands, in words.
fn state(it: &Tracker) -> Line {
    let Some(next) = it.next else {
        return Line::of(Style::Faint, "is being asked");
    };
    let next = format!(", again in {}", span(Duration::from_secs(next.as_secs())));
    let failing = it.torrents.saturating_sub(it.answering);
    let state = match (it.failures.is_empty(), it.torrents) {
        (true, 1) => Line::of(Style::Plain, "answers"),
        (true, all) => Line::of(
            Style::Plain,
            format!("answers for {} of {all}", it.answering),
        ),
        (false, all) => {
            let of_torrents = match all {
                1 => String::new(),
                all => format!(" for {failing} of {all}"),
            };
            let why = it.failures.join(", ").replace('_', " ");
            Line::of(Style::Bad, format!("fails{of_torrents}: {why}"))
        }
    };
    state.with(Style::Plain, next)
}

/// The last confirmed downloads, always in so many lines.
pub(super) fn latest(view: &View, columns: usize, lines: usize) -> Vec<Line> {
    let room = columns.saturating_sub(INDENT);
    let mut out: Vec<_> = (view.latest.iter().take(lines))
        .map(|it| completion(it, view, room))
        .collect();
    if out.is_empty() {
        let none = "none yet since this start";
        out.push(Line::of(Style::Faint, none));
    }
    out.resize(lines, Line::default());
    for (index, line) in out.iter_mut().enumerate() {
        let title = if index == 0 { "Confirmed" } else { "" };
        *line = titled(title).and(std::mem::take(line));
    }
    out
}

fn completion(it: &Latest, view: &View, room: usize) -> Line {
    let ago = view.now.since(it.at);
    let when = match ago < TODAY {
        true => time(it.at).split_off(11),
        false => format!(
            "{:<8}",
            format!("{} d ago", ago.as_secs() / TODAY.as_secs())
        ),
    };
    let (below, pieces) = (count(it.below_pieces.into()), count(it.pieces.into()));
    let total = count(it.total_pieces.into());
    let pieces = match room {
        ..SCANTY => format!("{below} to {pieces}"),
        SCANTY..PLENTY => format!("{below} to {pieces} of {total}"),
        _ => format!("{below} to {pieces} of {total} pieces"),
    };
    let whose = it.address.as_ref().filter(|_| room >= PLENTY);
    let whose = whose.map(|it| format!("  {it}")).unwrap_or_default();
    let taken = width(&when) + width(&pieces) + width(&whose) + 6;
    let names = room.saturating_sub(taken);
    let client = harmless(&it.client);
    let client = fit(&client, names / 2);
    let torrent = names - width(&client);
    let named = view.torrents.iter().map(|it| width(&harmless(&it.name)));
    let torrent = torrent.min(named.max().unwrap_or(0));
    Line::of(
        Style::Plain,
        format!("{when}  {}  ", cell(&it.torrent, torrent)),
    )
    .with(Style::Good, pieces)
    .with(Style::Plain, format!("  {client}{whose}"))
}

/// What the words mean; or, in short, what it is all about.
pub(super) fn legend(view: &View, columns: usize, in_full: bool) -> Vec<Line> {
    let mut text = format!(
        "CONFIRMED: peers seen first below {} of the pieces and later at or above it.",
        view.threshold
    );
    if in_full {
        text += " SEEN: peers met; BELOW: not finished when last seen; WATCHED: of these, \
            connected now. SEEDS, LEECHERS: as trackers say; REPORTED: downloads meanwhile by \
            the trackers' own count. bta itself asks for no content and sends none.";
    }
    let lines = wrap(&text, columns).into_iter();
    lines.map(|it| Line::of(Style::Faint, it)).collect()
}
