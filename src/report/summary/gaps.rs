//! Times without network, added up.

use super::Gaps;
use crate::moment::Moment;
use crate::protocol::address::IpFamily;
use crate::report::selection::Selection;
use crate::report::units::{count, span};
use crate::store::gaps::{self, StoredGap};
use crate::store::{Reader, StoreError};

impl Gaps {
    /// Those that begin in the window. One that nobody has ended lasts until `end`, the
    /// end of the run or of the reading.
    pub(super) fn of(
        reader: &Reader,
        selection: &Selection,
        end: Option<Moment>,
    ) -> Result<Gaps, StoreError> {
        let events = reader.events().collect::<Result<Vec<_>, _>>()?;
        let found = gaps::read(&events);
        let mut sum = Gaps::default();
        for gap in found.iter().filter(|it| selection.holds(it.since)) {
            sum.add(gap, end);
        }
        Ok(sum)
    }

    fn add(&mut self, gap: &StoredGap, end: Option<Moment>) {
        let until = gap.until.or(end).unwrap_or(gap.since);
        let seconds = until.since(gap.since).as_millis().div_ceil(1000) as u64;
        let (number, length) = match gap.family {
            IpFamily::V4 => (&mut self.ipv4, &mut self.ipv4_s),
            IpFamily::V6 => (&mut self.ipv6, &mut self.ipv6_s),
        };
        *number += 1;
        *length += seconds;
    }

    /// In words, if there were any.
    pub(super) fn words(&self) -> Option<String> {
        let of = |number: u64, seconds: u64, family: IpFamily| {
            let gaps = match number {
                0 => return None,
                1 => "1 gap".to_owned(),
                many => format!("{} gaps", count(many)),
            };
            let length = span(std::time::Duration::from_secs(seconds));
            Some(format!("{gaps} of {length} in {}", gaps::name(family)))
        };
        let four = of(self.ipv4, self.ipv4_s, IpFamily::V4);
        let six = of(self.ipv6, self.ipv6_s, IpFamily::V6);
        let both: Vec<_> = four.into_iter().chain(six).collect();
        (!both.is_empty()).then(|| format!("without network: {}", both.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_add_up_by_family() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.words(), None);
        let gap = |family, until| StoredGap {
            family,
            since: Moment::from_millis(1_000),
            until,
        };
        let end = Some(Moment::from_millis(61_500));
        gaps.add(&gap(IpFamily::V4, end), None);
        let words = |it: &Gaps| it.words().unwrap();
        assert_eq!(words(&gaps), "without network: 1 gap of 1m 1s in IPv4");
        gaps.add(&gap(IpFamily::V4, None), end);
        gaps.add(&gap(IpFamily::V6, None), None);
        let expected = "without network: 2 gaps of 2m 2s in IPv4, 1 gap of 0 s in IPv6";
        assert_eq!(words(&gaps), expected);
    }
}
