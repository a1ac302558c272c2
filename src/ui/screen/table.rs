//! The table of torrents: as many columns as there is room for.

use crate::report::text::{harmless, width};
use crate::report::units::count;
use crate::ui::view::{Torrent, View};

use super::styled::{Line, Style, cell};

/// The narrowest column of names.
const NARROWEST_NAME: usize = 14;

/// Figures that not everybody needs are shown only if the names keep this much.
const COMFORTABLE_NAME: usize = 40;

/// Between two columns.
const GAP: usize = 2;

/// A column of figures.
struct Column {
    title: &'static str,
    /// Which go first when there is no room: the greatest.
    rank: u8,
    /// Shown only where there is plenty of room.
    extra: bool,
    value: fn(&Torrent) -> Option<u64>,
}

/// In their order on the screen.
const COLUMNS: [Column; 10] = [
    column("SEEDS", 5, |it| it.seeds),
    column("LEECHERS", 4, |it| it.leechers),
    extra("ADDRESSES", 7, |it| Some(it.addresses)),
    column("SEEN", 2, |it| Some(it.seen)),
    extra("ALREADY COMPLETE", 8, |it| Some(it.complete)),
    column("BELOW", 3, |it| Some(it.below)),
    column("WATCHED", 1, |it| Some(it.watched)),
    extra("ROSE, NOT COUNTED", 9, |it| Some(it.not_counted)),
    column("CONFIRMED", 0, |it| Some(it.confirmed)),
    column("REPORTED", 6, |it| it.reported),
];

const fn column(title: &'static str, rank: u8, value: fn(&Torrent) -> Option<u64>) -> Column {
    Column {
        title,
        rank,
        extra: false,
        value,
    }
}

const fn extra(title: &'static str, rank: u8, value: fn(&Torrent) -> Option<u64>) -> Column {
    Column {
        extra: true,
        ..column(title, rank, value)
    }
}

/// A table whose columns are settled.
pub(super) struct Table {
    name_width: usize,
    columns: Vec<(&'static Column, usize)>,
}

impl Table {
    /// For these rows and their sum. The widths follow all torrents and not only
    /// those shown: they would jump.
    pub(super) fn new(rows: &[&Torrent], all: &Torrent, view: &View, room: usize) -> Self {
        let mut columns: Vec<_> = COLUMNS.iter().collect();
        columns.sort_by_key(|it| it.rank);
        let mut chosen: Vec<(&Column, usize)> = Vec::new();
        let mut left = room;
        for column in columns {
            // No torrent's figure is wider than the sum.
            let needed = column.title.len().max(figure(column, all).len()) + GAP;
            let name = match column.extra {
                true => COMFORTABLE_NAME,
                false => NARROWEST_NAME,
            };
            if left < name + needed {
                break;
            }
            left -= needed;
            chosen.push((column, needed));
        }
        chosen.sort_by_key(|(column, _)| COLUMNS.iter().position(|it| it.title == column.title));
        let names = view.torrents.iter().chain(rows.iter().copied());
        let longest = names.map(|it| width(&harmless(&it.name))).max();
        let longest = longest.unwrap_or(0).max(width(&all.name));
        Table {
            name_width: left.min(longest.max(NARROWEST_NAME)),
            columns: chosen,
        }
    }

    /// The titles.
    pub(super) fn head(&self) -> Line {
        let mut line = cell("TORRENT", self.name_width);
        for (column, width) in &self.columns {
            line += &format!("{:>width$}", column.title);
        }
        Line::of(Style::Strong, line)
    }

    /// A torrent.
    pub(super) fn row(&self, torrent: &Torrent) -> Line {
        self.line(torrent, Style::Plain)
    }

    /// All of them.
    pub(super) fn sum(&self, all: &Torrent) -> Line {
        self.line(all, Style::Strong)
    }

    fn line(&self, torrent: &Torrent, style: Style) -> Line {
        let mut line = Line::of(style, cell(&torrent.name, self.name_width));
        for (column, width) in &self.columns {
            let good = column.title == "CONFIRMED" && torrent.confirmed > 0;
            let style = if good { Style::Good } else { style };
            line = line.with(style, format!("{:>width$}", figure(column, torrent)));
        }
        line
    }
}

fn figure(column: &Column, torrent: &Torrent) -> String {
    (column.value)(torrent).map_or_else(|| "?".to_owned(), count)
}
