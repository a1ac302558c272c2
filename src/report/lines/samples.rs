//! `bta-dump samples`: how the program itself did. Which gauges there are, the
//! run says: each is a column.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::report::selection::Selection;
use crate::report::text::width;
use crate::report::value::{Field, Show, Value};
use crate::store::records::SampleRow;
use crate::store::{Reader, StoreError};

/// Columns of a table; what goes beyond is in the other formats.
const TABLE_WIDTH: usize = 110;
/// Between two columns of a table.
const GAP: usize = 2;
/// Gauges that come before all others, and their heads in tables.
const MAIN: [(&str, &str); 9] = [
    ("sessions_outgoing", "OUTGOING"),
    ("sessions_incoming", "INCOMING"),
    ("crossings_waiting", "CROSSINGS"),
    ("recorder_delay_ms", "DELAY"),
    ("recorder_busy_permille", "RECORDER ‰"),
    ("memory_bytes", "MEMORY"),
    ("descriptors", "FILES"),
    ("load_permille", "LOAD ‰"),
    ("restarts", "RESTARTS"),
];

/// A column of samples.
#[derive(Clone, Debug)]
pub enum Gauge {
    /// When it was taken.
    At,
    /// The gauge of this name.
    Named {
        /// Its name.
        name: Arc<str>,
        /// Its head in tables; empty if they have no room for it.
        head: String,
    },
}

impl Field<SampleRow> for Gauge {
    fn key(&self) -> &str {
        match self {
            Gauge::At => "at",
            Gauge::Named { name, .. } => name,
        }
    }

    fn head(&self) -> &str {
        match self {
            Gauge::At => "AT (UTC)",
            Gauge::Named { head, .. } => head,
        }
    }

    fn show(&self) -> Show {
        match self {
            Gauge::At => Show::Text(19),
            Gauge::Named { name, .. } if name.ends_with("_bytes") => Show::Bytes,
            Gauge::Named { name, .. } if name.ends_with("_ms") => Show::Millis,
            Gauge::Named { name, .. } if name.ends_with("_s") => Show::Seconds,
            Gauge::Named { .. } => Show::Count,
        }
    }

    fn value(&self, row: &SampleRow) -> Value {
        match self {
            Gauge::At => Value::Time(row.at),
            Gauge::Named { name, .. } => {
                let found = row.gauges.iter().find(|(it, _)| it == name);
                Value::count(found.map(|(_, value)| *value))
            }
        }
    }
}

/// The columns of the samples in the window: the time, then each gauge that any of
/// them has, the main ones first, the others in the order of their names.
///
/// # Errors
/// The store fails.
pub fn columns(reader: &Reader, selection: &Selection) -> Result<Vec<Gauge>, StoreError> {
    let mut names = BTreeSet::new();
    for row in lines(reader, selection) {
        names.extend(row?.gauges.into_iter().map(|(name, _)| name));
    }
    Ok(arranged(names))
}

fn arranged(names: BTreeSet<Arc<str>>) -> Vec<Gauge> {
    let place = |name: &Arc<str>| MAIN.iter().position(|(main, _)| **name == **main);
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_by_key(|name| place(name).unwrap_or(MAIN.len()));
    let mut columns = vec![Gauge::At];
    let mut used = 19;
    for name in names {
        let mut head = match place(&name) {
            Some(place) => MAIN[place].1.to_owned(),
            None => name.to_uppercase().replace('_', " "),
        };
        used += GAP + width(&head);
        if used > TABLE_WIDTH {
            head.clear();
        }
        columns.push(Gauge::Named { name, head });
    }
    columns
}

/// Those taken in the window. They are the whole run's, whatever torrent is wanted.
pub fn lines<'a>(
    reader: &'a Reader,
    selection: &'a Selection,
) -> impl Iterator<Item = Result<SampleRow, StoreError>> + 'a {
    let wanted = |row: &SampleRow| selection.holds(row.at);
    let rows = reader.samples();
    rows.filter(move |row| row.as_ref().map_or(true, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_gauges_come_first_and_the_table_has_an_end() {
        let names = [
            "a_gauge",
            "load_permille",
            "memory_bytes",
            "sessions_incoming",
        ];
        let many = (0..9).map(|it| format!("gauge_{it}_of_many"));
        let names = names.into_iter().map(str::to_owned).chain(many);
        let columns = arranged(names.map(Arc::from).collect());
        let keys: Vec<_> = columns.iter().map(Field::key).collect();
        let main = ["at", "sessions_incoming", "memory_bytes", "load_permille"];
        assert_eq!(keys[..4], main);
        assert_eq!((keys[4], keys[13]), ("a_gauge", "gauge_8_of_many"));
        let heads: Vec<_> = columns.iter().map(Field::head).collect();
        assert_eq!(
            heads[..5],
            ["AT (UTC)", "INCOMING", "MEMORY", "LOAD ‰", "A GAUGE"]
        );
        assert_eq!(heads[12..], ["", ""]);
    }
}
