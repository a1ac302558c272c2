//! Lines in the format that was asked for.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::table::Table;
use super::value::{ADDRESS, Column};
use crate::store::StoreError;

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns for people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated, with a head (RFC 4180, lines end in LF).
    Csv,
}

/// A report cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The output fails; a closed pipe among others.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
    /// There is no such torrent.
    #[error("this store has no torrent {0}; `bta-dump torrents` names those that it has")]
    NoSuchTorrent(String),
}

impl ReportError {
    /// The stable name in counters and logs.
    pub fn label(&self) -> &'static str {
        match self {
            ReportError::Store(error) => error.label(),
            ReportError::Output(_) => "output",
            ReportError::NoSuchTorrent(_) => "no_such_torrent",
        }
    }

    /// Whether the reader of our output went away.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, ReportError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<csv::Error> for ReportError {
    fn from(error: csv::Error) -> Self {
        // Not its own conversion: that one hides a closed pipe.
        ReportError::Output(match error.into_kind() {
            csv::ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        })
    }
}

impl From<serde_json::Error> for ReportError {
    fn from(error: serde_json::Error) -> Self {
        ReportError::Output(error.into())
    }
}

/// Where lines go, and how.
pub struct Output<'a> {
    /// Where.
    pub out: &'a mut dyn Write,
    /// How.
    pub format: Format,
    /// Whether the store holds addresses: only then there is such a column.
    pub addresses: bool,
}

impl Output<'_> {
    /// Writes lines, one after the other as they come.
    ///
    /// # Errors
    /// A line cannot be read, or not be written.
    pub fn lines<R>(
        &mut self,
        columns: &[Column<R>],
        lines: impl Iterator<Item = Result<R, StoreError>>,
    ) -> Result<(), ReportError> {
        let columns: Vec<_> = columns
            .iter()
            .filter(|column| self.addresses || column.key != ADDRESS)
            .collect();
        match self.format {
            Format::Table => self.table(columns, lines)?,
            Format::Csv => self.csv(columns, lines)?,
            Format::Jsonl => {
                let columns = with_key(columns);
                for row in lines {
                    self.json(&columns, &row?)?;
                    writeln!(self.out)?;
                }
            }
            Format::Json => {
                let columns = with_key(columns);
                let mut separator = "[\n";
                for row in lines {
                    let row = row?;
                    self.out.write_all(separator.as_bytes())?;
                    self.json(&columns, &row)?;
                    separator = ",\n";
                }
                let end = if separator == "[\n" { "[]\n" } else { "\n]\n" };
                self.out.write_all(end.as_bytes())?;
            }
        }
        Ok(self.out.flush()?)
    }

    fn table<R>(
        &mut self,
        columns: Vec<&Column<R>>,
        lines: impl Iterator<Item = Result<R, StoreError>>,
    ) -> Result<(), ReportError> {
        let columns: Vec<_> = columns
            .into_iter()
            .filter(|column| !column.head.is_empty())
            .collect();
        let right = columns.iter().map(|column| column.show.is_right());
        let mut table = Table::new(self.out, 0, right.collect());
        let heads = columns.iter().map(|column| column.head.to_owned());
        table.row(heads.collect())?;
        for row in lines {
            let row = row?;
            table.row(columns.iter().map(|column| column.cell(&row)).collect())?;
        }
        Ok(table.finish()?)
    }

    fn csv<R>(
        &mut self,
        columns: Vec<&Column<R>>,
        lines: impl Iterator<Item = Result<R, StoreError>>,
    ) -> Result<(), ReportError> {
        let columns = with_key(columns);
        let mut writer = csv::Writer::from_writer(&mut *self.out);
        writer.write_record(columns.iter().map(|column| column.key))?;
        for row in lines {
            let row = row?;
            writer.write_record(columns.iter().map(|column| (column.of)(&row).plain()))?;
        }
        Ok(writer.flush()?)
    }

    fn json<R>(&mut self, columns: &[&Column<R>], row: &R) -> Result<(), ReportError> {
        Ok(serde_json::to_writer(
            &mut *self.out,
            &Object { columns, row },
        )?)
    }
}

fn with_key<R>(columns: Vec<&Column<R>>) -> Vec<&Column<R>> {
    let named = columns.into_iter();
    named.filter(|column| !column.key.is_empty()).collect()
}

/// A row as a JSON object.
struct Object<'a, R> {
    columns: &'a [&'a Column<R>],
    row: &'a R,
}

impl<R> Serialize for Object<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for column in self.columns {
            map.serialize_entry(column.key, &(column.of)(self.row))?;
        }
        map.end()
    }
}
