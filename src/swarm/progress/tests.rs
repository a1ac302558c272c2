//! Behaviour of a session's progress, message by message.

mod honesty;
mod settling;
mod updates;

use super::*;
use crate::swarm::pace::Pace;
use crate::swarm::yardstick::Yardstick;

/// 100 pieces of 1 MB, T = 98.
fn terms(fast: bool) -> Terms {
    Terms {
        yardstick: Yardstick::new(100, 1_000_000, 980),
        fast,
        holds_back: false,
        may_super_seed: true,
        sums: Sums::new(42, 100),
        pace: Pace::default(),
    }
}

/// A session that is driven as an actor drives it: messages at their time, timers
/// when they are due.
struct Session {
    progress: Progress,
    reports: Vec<Report>,
}

impl Session {
    fn new(fast: bool) -> Self {
        Session::with(terms(fast))
    }

    fn with(terms: Terms) -> Self {
        Session {
            progress: Progress::new(at(0), terms),
            reports: Vec::new(),
        }
    }

    /// Lets timers fire up to `millis`, then applies `message`.
    fn at(&mut self, millis: u64, message: impl FnOnce(&mut Progress, Moment)) -> &mut Self {
        while let Some(due) = self.progress.poll_timeout().filter(|it| *it < at(millis)) {
            self.progress.handle_timeout(due);
            let again = self.progress.poll_timeout();
            assert!(again.is_none_or(|it| it > due), "a timer fires once");
        }
        message(&mut self.progress, at(millis));
        while let Some(report) = self.progress.poll_report() {
            self.reports.push(report);
        }
        self
    }

    fn wait(&mut self, millis: u64) -> &mut Self {
        self.at(millis, |_, _| {})
    }

    fn bitfield(&mut self, millis: u64, count: u32) -> &mut Self {
        self.at(millis, |it, now| it.bitfield(now, bits(it, 0..count)))
    }

    fn haves(&mut self, millis: u64, gap: u64, pieces: std::ops::Range<u32>) -> &mut Self {
        for (n, piece) in pieces.enumerate() {
            self.at(millis + n as u64 * gap, |it, now| it.have(now, piece));
        }
        self
    }

    /// (`kind`, milliseconds, pieces) of each report.
    fn told(&self) -> Vec<(&'static str, u64, u32)> {
        let told = self.reports.iter().map(|report| {
            let (kind, seen) = match report {
                Report::Settled(seen) => ("settled", seen),
                Report::Replaced(seen) => ("replaced", seen),
                Report::Step(seen) => ("step", seen),
                Report::Crossed(crossing) => ("crossed", &crossing.seen),
                Report::FellBack(seen) => ("fell back", seen),
                Report::PartialSeed(seen) => ("partial seed", seen),
            };
            (kind, seen.at.as_millis(), seen.pieces)
        });
        told.collect()
    }

    fn last(&self) -> &Report {
        self.reports.last().unwrap()
    }

    fn crossing(&self) -> Crossing {
        match self.last() {
            Report::Crossed(crossing) => *crossing,
            other => panic!("{other:?}"),
        }
    }

    fn seen(&mut self, millis: u64) -> Seen {
        self.wait(millis);
        self.progress.seen(at(millis)).unwrap()
    }
}

fn at(millis: u64) -> Moment {
    Moment::from_millis(millis)
}

fn bits(progress: &Progress, pieces: std::ops::Range<u32>) -> Bitfield {
    let mut bits = Bitfield::empty(progress.terms.yardstick.pieces);
    pieces.for_each(|piece| {
        bits.set(piece);
    });
    bits
}
