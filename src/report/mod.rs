//! Figures from a store: as tables for people, as JSON and CSV for programs.

pub mod lines;
pub mod output;
pub mod reported;
pub mod selection;
pub mod summary;
pub mod table;
pub mod text;
pub mod units;
pub mod value;

pub use output::{Format, ReportError};
pub use selection::Selection;
pub use summary::Summary;
