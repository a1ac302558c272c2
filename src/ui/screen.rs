//! A screen that shows how a run stands: pure, from plain values and the room that
//! there is to lines of text.

mod parts;
mod styled;
mod table;

use super::view::View;
use parts::{
    addresses, attempts, head, latest, legend, rest, sessions, trackers, trackers_in_short, unknown,
};
use styled::Line;
use table::Table;

/// The fewest lines that are kept for the last confirmed downloads, so that the
/// first of them moves nothing; one more for each further eight lines.
const LATEST_LINES: usize = 2;

/// So many torrents are shown before the legend and the empty lines.
const TORRENTS_FIRST: usize = 6;

/// What is left out, the more the lower the terminal is.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Room {
    /// Nothing.
    All,
    /// All of the legend but what the run is about.
    Brief,
    /// The empty lines too.
    Dense,
    /// All of the legend.
    Unexplained,
    /// All but the torrents and what was confirmed.
    Least,
}

impl Room {
    const ALL: [Room; 5] = [
        Room::All,
        Room::Brief,
        Room::Dense,
        Room::Unexplained,
        Room::Least,
    ];
}

/// How many of each kind of line are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shares {
    torrents: usize,
    latest: usize,
    trackers: usize,
}

/// The lines of a screen of this many columns and lines, in colour or not; none is
/// wider than the terminal, and there are no more than fit.
pub fn screen(view: &View, columns: usize, lines: usize, colour: bool) -> Vec<String> {
    // Some terminals wrap at their last column.
    let columns = columns.saturating_sub(1);
    let room = Room::ALL.into_iter().find(|room| {
        let fixed = fixed_lines(view, columns, *room);
        let torrents = match room {
            Room::All | Room::Brief | Room::Dense => view.torrents.len().min(TORRENTS_FIRST),
            Room::Unexplained | Room::Least => 1,
        };
        lines > fixed && share(view, lines - fixed, lines).torrents >= torrents
    });
    let screen = compose(view, columns, lines, room.unwrap_or(Room::Least));
    let painted = screen
        .iter()
        .take(lines)
        .map(|it| it.paint(columns, colour));
    painted.collect()
}

fn compose(view: &View, columns: usize, lines: usize, room: Room) -> Vec<Line> {
    let fixed = fixed_lines(view, columns, room);
    let shares = share(view, lines.saturating_sub(fixed), lines);
    let mut screen = head(view, columns);
    screen.extend(gap(room));
    screen.extend(torrents(view, columns, shares.torrents));
    screen.extend(gap(room));
    if room < Room::Least {
        screen.extend(addresses(view));
        screen.push(sessions(view));
        screen.extend(attempts(view, columns));
        screen.extend(unfinished(view, columns, room));
        screen.push(trackers_in_short(view));
        screen.extend(trackers(view, columns, shares.trackers));
    }
    screen.extend(latest(view, columns, shares.latest));
    screen.extend(explained(view, columns, room));
    screen
}

/// The legend, as far as there is room for it.
fn explained(view: &View, columns: usize, room: Room) -> Vec<Line> {
    let legend = match room {
        Room::All => legend(view, columns, true),
        Room::Brief | Room::Dense => legend(view, columns, false),
        Room::Unexplained | Room::Least => Vec::new(),
    };
    gap(room).into_iter().chain(legend).collect()
}

/// Why nobody knows whether some finished, where there is room for all.
fn unfinished(view: &View, columns: usize, room: Room) -> Option<Line> {
    (room == Room::All)
        .then(|| unknown(view, columns))
        .flatten()
}

/// Between two parts.
fn gap(room: Room) -> Option<Line> {
    (room < Room::Dense).then(Line::default)
}

/// The lines that are there however many torrents, trackers and downloads are shown.
fn fixed_lines(view: &View, columns: usize, room: Room) -> usize {
    let table = 1 + usize::from(view.torrents.len() > 1);
    let figures = match room {
        Room::Least => 0,
        _ => 2 + addresses(view).len() + view.attempts.len(),
    };
    let figures = figures + usize::from(unfinished(view, columns, room).is_some());
    let gaps = 2 * usize::from(gap(room).is_some());
    let explained = explained(view, columns, room).len();
    head(view, columns).len() + gaps + table + figures + explained
}

/// Shares out the lines that are left: torrents, downloads and trackers take turns,
/// the torrents twice as often.
fn share(view: &View, mut left: usize, lines: usize) -> Shares {
    let wanted = Shares {
        torrents: view.torrents.len().max(1),
        latest: LATEST_LINES + lines.saturating_sub(24) / 8,
        trackers: view.trackers.len(),
    };
    let mut shares = Shares::default();
    while left > 0 && shares != wanted {
        for (share, wanted, lines) in [
            (&mut shares.torrents, wanted.torrents, 2),
            (&mut shares.latest, wanted.latest, 1),
            (&mut shares.trackers, wanted.trackers, 1),
        ] {
            let more = lines.min(left).min(wanted - *share);
            *share += more;
            left -= more;
        }
    }
    shares
}

/// The table of the torrents: all, or those where most goes on.
fn torrents(view: &View, columns: usize, lines: usize) -> Vec<Line> {
    let all = view.all();
    let many = view.torrents.len();
    // The last line says how many are left out.
    let shown = match many > lines {
        true => lines.saturating_sub(1),
        false => many,
    };
    let mut liveliest: Vec<usize> = (0..many).collect();
    liveliest.sort_by_key(|index| {
        let it = &view.torrents[*index];
        std::cmp::Reverse((it.watched, it.confirmed, it.seen, it.addresses))
    });
    liveliest.truncate(shown);
    liveliest.sort_unstable();
    let rows: Vec<_> = liveliest.iter().map(|it| &view.torrents[*it]).collect();
    let table = Table::new(&rows, &all, view, columns);
    let mut out = vec![table.head()];
    out.extend(rows.iter().map(|it| table.row(it)));
    if shown < many {
        out.push(rest(many - shown));
    }
    if many > 1 {
        out.push(table.sum(&all));
    }
    out
}

#[cfg(test)]
mod tests;
