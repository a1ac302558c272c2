//! `bta-dump meta`: facts about the run.

use crate::report::value::{Column, Show, Value};

/// A fact: name, value.
pub type Line = (String, String);

/// Its columns.
pub const COLUMNS: &[Column<Line>] = &[
    Column::new("name", "NAME", Show::Text(40), |(name, _)| {
        Value::text(name)
    }),
    Column::new("value", "VALUE", Show::Text(200), |(_, value)| {
        Value::text(value)
    }),
];
