//! `bta-dump clients`: which programs the peers run.

use crate::protocol::peer::names;
use crate::report::groups::{Group, Groups};
use crate::report::selection::Selection;
use crate::report::units::percent;
use crate::report::value::{Column, Show, Value};
use crate::store::{Reader, StoreError};

/// A program, or a version of it, and its peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The program; none for peers that never said.
    pub program: Option<String>,
    /// Its version, if versions are kept apart; may be empty.
    pub version: String,
    /// Its peers.
    pub group: Group,
    /// All peers.
    pub of: u64,
}

const PROGRAM: Column<Line> = Column::new("program", "PROGRAM", Show::Text(40), |it: &Line| {
    Value::text(it.program.as_deref().unwrap_or_default())
});
const VERSION: Column<Line> = Column::new("version", "VERSION", Show::Text(20), |it: &Line| {
    Value::text(&it.version)
});
const PEERS: Column<Line> = Column::new("peers", "PEERS", Show::Count, |it: &Line| {
    Value::Count(it.group.peers)
});
const SHARE: Column<Line> = Column::new("share_percent", "SHARE", Show::Percent, |it: &Line| {
    Value::Real(percent(it.group.peers, it.of))
});
const COMPLETE: Column<Line> =
    Column::new("complete_at_first", "COMPLETE", Show::Count, |it: &Line| {
        Value::Count(it.group.complete_at_first)
    });
const CONFIRMED: Column<Line> = Column::new("confirmed", "CONFIRMED", Show::Count, |it: &Line| {
    Value::Count(it.group.confirmed)
});

/// Its columns.
pub const COLUMNS: &[Column<Line>] = &[PROGRAM, PEERS, SHARE, COMPLETE, CONFIRMED];

/// Its columns if versions are kept apart.
pub const COLUMNS_BY_VERSION: &[Column<Line>] =
    &[PROGRAM, VERSION, PEERS, SHARE, COMPLETE, CONFIRMED];

/// The programs of the peers that were seen in the window.
///
/// # Errors
/// The store fails.
pub fn lines(
    reader: &Reader,
    selection: &Selection,
    by_version: bool,
) -> Result<Vec<Line>, StoreError> {
    let mut groups = Groups::default();
    for peer in selection.peers(reader) {
        let (_, row) = peer?;
        let (program, version) = names::program(&row.client);
        let version = if by_version { version } else { "" };
        let key = (program.into_owned(), version.to_owned());
        groups.add((!row.client.is_empty()).then_some(key), row.state);
    }
    let sorted = groups.sorted();
    let of = sorted.iter().map(|(_, group)| group.peers).sum();
    let line = |(key, group): (Option<(String, String)>, Group)| {
        let (program, version) = key.unzip();
        let version = version.unwrap_or_default();
        Line {
            program,
            version,
            group,
            of,
        }
    };
    Ok(sorted.into_iter().map(line).collect())
}
