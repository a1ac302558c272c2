//! One definition of each column for all formats: its name in JSON and CSV, its
//! head in tables, and its value.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::text::harmless;
use super::units;
use crate::moment::Moment;

/// A value of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Not known, or does not apply: `null`, an empty cell, `-` in tables.
    None,
    /// A text; characters that steer a terminal are replaced in every format.
    Text(String),
    /// A number.
    Count(u64),
    /// A number with a fraction.
    Real(f64),
    /// Yes or no.
    Flag(bool),
    /// A point in time, RFC 3339 in UTC.
    Time(Moment),
    /// Several texts: an array in JSON, separated by spaces elsewhere.
    List(Vec<String>),
}

/// How a table shows a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// As it is, cut at this many columns; to the left.
    Text(usize),
    /// With thousands separated; to the right.
    Count,
    /// As bytes in binary units; to the right.
    Bytes,
    /// As bytes a second; to the right.
    Speed,
    /// As percent; to the right.
    Percent,
    /// Milliseconds as a span of time; to the right.
    Millis,
    /// Seconds as a span of time; to the right.
    Seconds,
}

/// A column of rows of type `R`.
#[derive(Clone, Copy, Debug)]
pub struct Column<R> {
    /// Its name in JSON and CSV; empty for one that only tables have.
    pub key: &'static str,
    /// Its head in tables; empty for one that tables don't have.
    pub head: &'static str,
    /// How tables show it.
    pub show: Show,
    /// Its value.
    pub of: fn(&R) -> Value,
}

/// What `R` has of one column, whatever tells columns of it apart.
pub trait Field<R> {
    /// Its name in JSON and CSV; empty for one that only tables have.
    fn key(&self) -> &str;
    /// Its head in tables; empty for one that tables don't have.
    fn head(&self) -> &str;
    /// How tables show it.
    fn show(&self) -> Show;
    /// Its value.
    fn value(&self, row: &R) -> Value;
}

impl<R> Field<R> for Column<R> {
    fn key(&self) -> &str {
        self.key
    }

    fn head(&self) -> &str {
        self.head
    }

    fn show(&self) -> Show {
        self.show
    }

    fn value(&self, row: &R) -> Value {
        (self.of)(row)
    }
}

/// The only column that stands or falls with `--keep-addresses`.
pub const ADDRESS: &str = "address";

impl<R> Column<R> {
    /// A column of every format.
    pub const fn new(
        key: &'static str,
        head: &'static str,
        show: Show,
        of: fn(&R) -> Value,
    ) -> Self {
        Column {
            key,
            head,
            show,
            of,
        }
    }

    /// A column that tables don't have.
    pub const fn data(key: &'static str, of: fn(&R) -> Value) -> Self {
        Self::new(key, "", Show::Text(0), of)
    }

    /// A column that only tables have.
    pub const fn shown(head: &'static str, show: Show, of: fn(&R) -> Value) -> Self {
        Self::new("", head, show, of)
    }
}

impl Show {
    /// Whether cells stand to the right.
    pub fn is_right(self) -> bool {
        !matches!(self, Show::Text(_))
    }
}

impl Value {
    /// A text, or none if it is empty.
    pub fn text(text: impl Into<String>) -> Value {
        let text = text.into();
        if text.is_empty() {
            Value::None
        } else {
            Value::Text(text)
        }
    }

    /// A number, or none.
    pub fn count(number: Option<impl Into<u64>>) -> Value {
        number.map_or(Value::None, |number| Value::Count(number.into()))
    }

    /// A point in time, or none.
    pub fn time(moment: Option<Moment>) -> Value {
        moment.map_or(Value::None, Value::Time)
    }

    /// The cell in a CSV file.
    pub fn plain(&self) -> String {
        match self {
            Value::None => String::new(),
            Value::Text(text) => harmless(text).into_owned(),
            Value::Count(number) => number.to_string(),
            // As JSON has it: a fraction even if it is zero.
            Value::Real(number) => format!("{number:?}"),
            Value::Flag(flag) => flag.to_string(),
            Value::Time(moment) => moment.to_string(),
            Value::List(texts) => harmless(&texts.join(" ")).into_owned(),
        }
    }

    /// The cell in a table.
    pub fn shown(&self, show: Show) -> String {
        match (self, show) {
            (Value::None, _) => "-".to_owned(),
            (Value::Count(number), Show::Bytes) => units::bytes(*number),
            (Value::Count(number), Show::Speed) => units::speed(*number),
            (Value::Count(number), Show::Millis) => units::span(Duration::from_millis(*number)),
            (Value::Count(number), Show::Seconds) => units::span(Duration::from_secs(*number)),
            (Value::Count(number), Show::Count) => units::count(*number),
            (Value::Real(number), Show::Percent) => format!("{number:.1} %"),
            (Value::Time(moment), _) => units::time(*moment),
            (Value::Flag(flag), _) => if *flag { "yes" } else { "no" }.to_owned(),
            (value, Show::Text(room)) => super::text::fit(&value.plain(), room).into_owned(),
            (value, _) => value.plain(),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::None => serializer.serialize_none(),
            Value::Text(text) => serializer.serialize_str(&harmless(text)),
            Value::Count(number) => serializer.serialize_u64(*number),
            Value::Real(number) => serializer.serialize_f64(*number),
            Value::Flag(flag) => serializer.serialize_bool(*flag),
            Value::Time(moment) => serializer.collect_str(moment),
            Value::List(texts) => serializer.collect_seq(texts.iter().map(|it| harmless(it))),
        }
    }
}
