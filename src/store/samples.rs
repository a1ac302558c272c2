//! The monitor's samples: those of the last day stand in places that are used again,
//! those of all other days in the order of their times.

use std::iter::from_fn;

use super::error::StoreError;
use super::reader::Rows;
use super::records::SampleRow;

/// Samples in the order of their times. `entries` say whether a sample stands in such
/// a place: these come first, less than a day of them.
pub(super) fn in_order<'a>(
    entries: impl Iterator<Item = Result<(bool, SampleRow), StoreError>> + 'a,
) -> Rows<'a, SampleRow> {
    let mut entries = entries;
    let mut recent = Vec::new();
    let mut first = None;
    for entry in entries.by_ref() {
        match entry {
            Ok((true, row)) => recent.push(row),
            entry => {
                first = Some(entry.map(|(_, row)| row));
                break;
            }
        }
    }
    recent.sort_by_key(|row| row.at);
    let mut recent = recent.into_iter().peekable();
    let rest = entries.map(|entry| entry.map(|(_, row)| row));
    let mut kept = first.into_iter().chain(rest).peekable();
    Box::new(from_fn(move || match (kept.peek(), recent.peek()) {
        (Some(Ok(row)), Some(other)) if other.at < row.at => recent.next().map(Ok),
        (Some(_), _) => kept.next(),
        (None, _) => recent.next().map(Ok),
    }))
}
