//! Lines in the format that was asked for.

use std::io::{self, Write};
use std::marker::PhantomData;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::table::Table;
use super::value::{ADDRESS, Field};
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
    pub fn lines<R, F: Field<R>>(
        &mut self,
        fields: &[F],
        lines: impl Iterator<Item = Result<R, StoreError>>,
    ) -> Result<(), ReportError> {
        let mut sheet = self.sheet(fields)?;
        for row in lines {
            sheet.row(&row?)?;
        }
        sheet.finish()
    }

    /// Begins lines of these fields.
    ///
    /// # Errors
    /// The head cannot be written.
    pub fn sheet<'s, R, F: Field<R>>(
        &'s mut self,
        fields: &'s [F],
    ) -> Result<Sheet<'s, R, F>, ReportError> {
        let in_table = self.format == Format::Table;
        let is_wanted = |field: &&F| {
            let name = if in_table { field.head() } else { field.key() };
            !name.is_empty() && (self.addresses || field.key() != ADDRESS)
        };
        let fields: Vec<_> = fields.iter().filter(is_wanted).collect();
        let out: &'s mut dyn Write = &mut *self.out;
        let form = match self.format {
            Format::Table => {
                let right = fields.iter().map(|field| field.show().is_right());
                let mut table = Table::new(out, 0, right.collect());
                table.row(fields.iter().map(|field| field.head().to_owned()).collect())?;
                Form::Table(table)
            }
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                writer.write_record(fields.iter().map(|field| field.key()))?;
                Form::Csv(Box::new(writer))
            }
            Format::Jsonl => Form::Jsonl(out),
            Format::Json => Form::Json { out, empty: true },
        };
        let of = PhantomData;
        Ok(Sheet { fields, form, of })
    }
}

/// Lines on their way out.
pub struct Sheet<'a, R, F> {
    fields: Vec<&'a F>,
    form: Form<'a>,
    of: PhantomData<R>,
}

enum Form<'a> {
    Table(Table<'a>),
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
    Jsonl(&'a mut dyn Write),
    Json { out: &'a mut dyn Write, empty: bool },
}

impl<R, F: Field<R>> Sheet<'_, R, F> {
    /// Writes a line.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn row(&mut self, row: &R) -> Result<(), ReportError> {
        let fields = &self.fields;
        let object = Object { fields, row };
        match &mut self.form {
            Form::Table(table) => {
                let cells = fields.iter().map(|it| it.value(row).shown(it.show()));
                table.row(cells.collect())?;
            }
            Form::Csv(writer) => {
                writer.write_record(fields.iter().map(|it| it.value(row).plain()))?;
            }
            Form::Jsonl(out) => {
                serde_json::to_writer(&mut **out, &object)?;
                writeln!(out)?;
            }
            Form::Json { out, empty } => {
                let separator = if *empty { "[\n" } else { ",\n" };
                out.write_all(separator.as_bytes())?;
                serde_json::to_writer(&mut **out, &object)?;
                *empty = false;
            }
        }
        Ok(())
    }

    /// Lets all lines so far be seen: more may be long in coming.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn flush(&mut self) -> Result<(), ReportError> {
        match &mut self.form {
            Form::Table(table) => table.flush()?,
            Form::Csv(writer) => writer.flush()?,
            Form::Jsonl(out) | Form::Json { out, .. } => out.flush()?,
        }
        Ok(())
    }

    /// Writes the end.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> Result<(), ReportError> {
        if let Form::Json { out, empty } = &mut self.form {
            let end = if *empty { "[]\n" } else { "\n]\n" };
            out.write_all(end.as_bytes())?;
        }
        self.flush()
    }
}

/// A row as a JSON object.
struct Object<'a, R, F> {
    fields: &'a [&'a F],
    row: &'a R,
}

impl<R, F: Field<R>> Serialize for Object<'_, R, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for field in self.fields {
            map.serialize_entry(field.key(), &field.value(self.row))?;
        }
        map.end()
    }
}
