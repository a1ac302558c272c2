//! Plain tables: aligned columns, two spaces apart.

use std::io::{self, Write};

use super::text::width;

/// Rows that are looked at before the columns' widths are settled; a table of
/// millions of rows then takes no more memory than one of these.
const LOOKED_AT: usize = 1000;
/// Between two columns.
const GAP: &str = "  ";

/// A table on its way to `out`.
pub struct Table<'a> {
    out: &'a mut dyn Write,
    indent: usize,
    right: Vec<bool>,
    widths: Vec<usize>,
    waiting: Vec<Vec<String>>,
    settled: bool,
}

impl<'a> Table<'a> {
    /// A table whose columns stand to the right where `right` says so, behind
    /// `indent` spaces.
    pub fn new(out: &'a mut dyn Write, indent: usize, right: Vec<bool>) -> Self {
        Table {
            out,
            indent,
            widths: vec![0; right.len()],
            right,
            waiting: Vec::new(),
            settled: false,
        }
    }

    /// Adds a row; the first one is the head.
    ///
    /// # Errors
    /// Writing fails.
    pub fn row(&mut self, cells: Vec<String>) -> io::Result<()> {
        if self.settled {
            return self.write(&cells);
        }
        for (room, cell) in self.widths.iter_mut().zip(&cells) {
            *room = (*room).max(width(cell));
        }
        self.waiting.push(cells);
        if self.waiting.len() >= LOOKED_AT {
            self.settle()?;
        }
        Ok(())
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// Writing fails.
    pub fn finish(mut self) -> io::Result<()> {
        self.settle()
    }

    /// Writes what waits for all to see; the widths stay as they are from now on.
    ///
    /// # Errors
    /// Writing fails.
    pub fn flush(&mut self) -> io::Result<()> {
        self.settle()?;
        self.out.flush()
    }

    fn settle(&mut self) -> io::Result<()> {
        self.settled = true;
        for cells in std::mem::take(&mut self.waiting) {
            self.write(&cells)?;
        }
        Ok(())
    }

    fn write(&mut self, cells: &[String]) -> io::Result<()> {
        let mut line = " ".repeat(self.indent);
        let columns = self.widths.iter().zip(&self.right);
        for (index, (cell, (room, right))) in cells.iter().zip(columns).enumerate() {
            if index > 0 {
                line += GAP;
            }
            let padding = " ".repeat(room.saturating_sub(width(cell)));
            if *right {
                line += &padding;
                line += cell;
            } else {
                line += cell;
                line += &padding;
            }
        }
        writeln!(self.out, "{}", line.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> String {
        let mut out = Vec::new();
        let mut table = Table::new(&mut out, 1, vec![true, false, true]);
        table
            .row(["#", "NAME", "N"].map(str::to_owned).into())
            .unwrap();
        for index in 0..count {
            let cells = [index.to_string(), "日本".into(), "7".into()];
            table.row(cells.into()).unwrap();
        }
        table.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn aligns_by_columns_on_the_terminal() {
        let expected = " #  NAME  N\n 0  日本  7\n 1  日本  7\n";
        assert_eq!(rows(2), expected);
        assert_eq!(rows(0), " #  NAME  N\n");
    }

    #[test]
    fn goes_on_past_the_rows_that_it_looks_at() {
        assert_eq!(rows(LOOKED_AT + 5).lines().count(), LOOKED_AT + 6);
    }
}
