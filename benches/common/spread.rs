//! The median of several runs, with the least and the most of them.

use std::fmt;

use super::number;

/// How often a figure is measured.
pub(crate) const RUNS: usize = 5;

/// Figures of several runs. Shown as `median (least..most)`, or with `{:#}` the median alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spread {
    sorted: Vec<f64>,
}

impl Spread {
    /// Of so many runs, each told its number.
    pub(crate) fn of(runs: usize, run: impl FnMut(usize) -> f64) -> Self {
        (0..runs).map(run).collect()
    }

    pub(crate) fn median(&self) -> f64 {
        let (low, high) = ((self.sorted.len().max(1) - 1) / 2, self.sorted.len() / 2);
        (self.at(low) + self.at(high)) / 2.0
    }

    pub(crate) fn min(&self) -> f64 {
        self.at(0)
    }

    pub(crate) fn max(&self) -> f64 {
        self.at(usize::MAX)
    }

    /// The least figure that so much of all (0 to 1) do not exceed.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.sorted.len() as f64).ceil() as usize;
        self.at(rank.max(1) - 1)
    }

    /// The same in another unit.
    pub(crate) fn map(&self, convert: impl Fn(f64) -> f64) -> Self {
        self.sorted.iter().map(|it| convert(*it)).collect()
    }

    fn at(&self, index: usize) -> f64 {
        let last = self.sorted.len().max(1) - 1;
        *self.sorted.get(index.min(last)).unwrap_or(&f64::NAN)
    }
}

impl FromIterator<f64> for Spread {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Self {
        let mut sorted: Vec<_> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Spread { sorted }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let median = number(self.median());
        match f.alternate() {
            true => write!(f, "{median}"),
            false => write!(
                f,
                "{median} ({}..{})",
                number(self.min()),
                number(self.max())
            ),
        }
    }
}
