//! How much a table may hold before it is gone through for what can go.

/// A bound that is paid for once in many entries, even where all of them have to stay.
#[derive(Debug)]
pub(super) struct Ceiling {
    pub(super) most: usize,
    /// What it held after the last time, and an eighth more.
    again_at: usize,
}

impl Ceiling {
    pub(super) const fn at(most: usize) -> Self {
        Ceiling { most, again_at: 0 }
    }

    /// Whether a table of so many is to be gone through.
    pub(super) fn is_reached(&self, len: usize) -> bool {
        len >= self.most.max(self.again_at)
    }

    /// It was, and so many are left.
    pub(super) fn cleared(&mut self, len: usize) {
        self.again_at = len + len / 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_in_which_all_stays_is_gone_through_once_in_many_entries() {
        let mut ceiling = Ceiling::at(1_000);
        assert!(!ceiling.is_reached(999));
        let rounds = (1_000..100_000).filter(|&len| {
            let reached = ceiling.is_reached(len);
            if reached {
                ceiling.cleared(len);
            }
            reached
        });
        assert!((30..50).contains(&rounds.count()));
        // Where something went it fills up to its bound.
        ceiling.cleared(750);
        assert!(!ceiling.is_reached(999));
        assert!(ceiling.is_reached(1_000));
    }
}
