//! Times without network, as events: how they are written, and read again.

use crate::moment::Moment;
use crate::protocol::address::IpFamily;
use crate::swarm::outage::{Cause, Gap};

use super::records::EventRow;

/// The kind of the event that a gap begins with, dated at its beginning.
pub const DOWN: &str = "network_down";

/// The kind of the event that it ends with, dated at its end.
pub const UP: &str = "network_up";

/// A time without network, as the store has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredGap {
    /// Of which family.
    pub family: IpFamily,
    /// From when.
    pub since: Moment,
    /// Until when; None if nobody stored that it was over.
    pub until: Option<Moment>,
}

/// A gap begins.
pub fn down(family: IpFamily, gap: &Gap) -> EventRow {
    event(gap.since, DOWN, family, gap.cause.words())
}

/// It is over. None while it lasts.
pub fn up(family: IpFamily, gap: &Gap) -> Option<EventRow> {
    let until = gap.until?;
    let seconds = gap.length(until).as_millis().div_ceil(1000);
    let text = match gap.cause {
        Cause::NoRoute => format!("a route again after {seconds} s"),
        Cause::Silence => format!("somebody answers again after {seconds} s"),
    };
    Some(event(until, UP, family, &text))
}

fn event(at: Moment, kind: &str, family: IpFamily, text: &str) -> EventRow {
    EventRow {
        at,
        kind: kind.into(),
        text: format!("{}: {text}", name(family)).into(),
        torrent: None,
    }
}

/// The gaps among events, which come in the order of their times.
pub fn read<'a>(events: impl IntoIterator<Item = &'a EventRow>) -> Vec<StoredGap> {
    let mut gaps: Vec<StoredGap> = Vec::new();
    for event in events {
        let named = |it: &IpFamily| event.text.split(':').next() == Some(name(*it));
        let Some(family) = [IpFamily::V4, IpFamily::V6].into_iter().find(named) else {
            continue;
        };
        let mut last = gaps.iter_mut().rev();
        let last = last.find(|it| it.family == family && it.until.is_none());
        match (&*event.kind, last) {
            (DOWN, _) => gaps.push(StoredGap {
                family,
                since: event.at,
                until: None,
            }),
            (UP, Some(gap)) => gap.until = Some(event.at),
            _ => {}
        }
    }
    gaps
}

/// What people call it.
pub const fn name(family: IpFamily) -> &'static str {
    match family {
        IpFamily::V4 => "IPv4",
        IpFamily::V6 => "IPv6",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(since: u64, until: Option<u64>) -> Gap {
        Gap {
            since: Moment::from_millis(since),
            until: until.map(Moment::from_millis),
            cause: Cause::NoRoute,
        }
    }

    #[test]
    fn gaps_are_read_as_they_were_written() {
        let (four, six) = (gap(1_000, Some(61_500)), gap(2_000, None));
        let mut other = down(IpFamily::V4, &four);
        other.kind = "store_closed".into();
        let events = [
            down(IpFamily::V4, &four),
            down(IpFamily::V6, &six),
            other,
            up(IpFamily::V4, &four).unwrap(),
        ];
        assert_eq!(&*events[0].text, "IPv4: no route");
        assert_eq!(&*events[3].text, "IPv4: a route again after 61 s");
        assert_eq!(up(IpFamily::V6, &six), None);
        let stored = |family, it: Gap| StoredGap {
            family,
            since: it.since,
            until: it.until,
        };
        let expected = [stored(IpFamily::V4, four), stored(IpFamily::V6, six)];
        assert_eq!(read(&events), expected);
    }

    #[test]
    fn a_run_that_was_killed_in_a_gap_leaves_it_open() {
        let (first, second) = (gap(1_000, None), gap(9_000, Some(10_000)));
        let events = [
            down(IpFamily::V4, &first),
            down(IpFamily::V4, &second),
            up(IpFamily::V4, &second).unwrap(),
        ];
        let untils: Vec<_> = read(&events).iter().map(|it| it.until).collect();
        assert_eq!(untils, [None, second.until]);
    }
}
