//! Figures in columns, as they can go into a document.

use bta::report::units;

/// Three digits or more: `0.0421`, `3.14`, `27.1`, `814`, `12,345`.
pub(crate) fn number(figure: f64) -> String {
    match figure.abs() {
        size if !size.is_finite() => "-".to_owned(),
        0.0 => "0".to_owned(),
        size if size < 0.1 => format!("{figure:.4}"),
        size if size < 9.995 => format!("{figure:.2}"),
        size if size < 99.95 => format!("{figure:.1}"),
        size => {
            let sign = if figure < 0.0 { "-" } else { "" };
            sign.to_owned() + &units::count(size.round() as u64)
        }
    }
}

/// A Markdown table: the first column to the left, the others to the right.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Of these columns; their names carry the units.
    pub(crate) fn new<const N: usize>(columns: [&str; N]) -> Self {
        Table {
            rows: vec![columns.map(str::to_owned).into()],
        }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        assert_eq!(N, self.rows[0].len());
        self.rows.push(cells.into());
    }

    pub(crate) fn print(&self) {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            let cells = self.rows.iter().map(|it| it[column].chars().count());
            cells.max().unwrap_or_default().max(3)
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        for (number, row) in self.rows.iter().enumerate() {
            let cells = row.iter().zip(&widths).enumerate();
            let cells = cells.map(|(column, (cell, &width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            println!("| {} |", cells.collect::<Vec<_>>().join(" | "));
            if number == 0 {
                let rules = widths.iter().enumerate().map(|(column, &width)| {
                    let dashes = "-".repeat(width - 1);
                    match column {
                        0 => format!("{dashes}-"),
                        _ => format!("{dashes}:"),
                    }
                });
                println!("| {} |", rules.collect::<Vec<_>>().join(" | "));
            }
        }
        println!();
    }
}
