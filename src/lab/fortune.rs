//! Turns what becomes of a peer into its curve, its breaks and its leaving.

use std::time::Duration;

use rand::Rng;
use rand::rngs::SmallRng;

use super::peer::Fate;
use super::peer::client::{Client, Haves};
use super::peer::curve::{Curve, How};
use super::scenario::{Scenario, TorrentSpec};
use super::torrent::Torrent;
use crate::moment::Moment;

/// Before the first piece a client finds peers and is unchoked, in real life.
const WARM_UP_S: (f64, f64) = (1.0, 8.0);
/// Who leaves soon stays so long, in real life.
const LINGER_S: (f64, f64) = (5.0, 60.0);
/// Who leaves soon, and must be seen to have completed, stays so long.
const LONG_LINGER_S: (f64, f64) = (20.0, 60.0);
/// Who leaves at once is gone after this, in real life.
const FLIGHT_S: (f64, f64) = (0.2, 1.0);
/// A client that hides its completion does so before it, in real life.
const HIDE: Duration = Duration::from_secs(2);
/// A disk check reads so much a second, in real life.
const CHECK_BYTES_PER_S: f64 = 400e6;

/// What a peer's fortune depends on.
pub(super) struct Fortune<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) torrent: &'a Torrent,
    pub(super) spec: &'a TorrentSpec,
    pub(super) client: Client,
    pub(super) arrives: Moment,
    /// Nobody completes later.
    pub(super) horizon: Moment,
    /// What it has at first, 0 to 1.
    pub(super) progress: f64,
    /// How fast it downloads, bytes per second of real life.
    pub(super) speed: f64,
}

/// What is told of a peer.
pub(super) struct Told {
    /// Lazy, where there was too little time for another one.
    pub(super) fate: Fate,
    pub(super) curve: Curve,
    pub(super) leaves: Option<Moment>,
    pub(super) breaks: Vec<Moment>,
    pub(super) unmasks: Option<Moment>,
}

impl Fortune<'_> {
    /// Draws it.
    pub(super) fn tell(&self, fate: Fate, rng: &mut SmallRng) -> Told {
        let all = self.torrent.pieces;
        let haves = self.client.habits().haves;
        let patient = !self.scenario.crowd.unseen_leavers && matches!(haves, Haves::Batched(..));
        let (fate, curve) = match fate {
            Fate::LeavesAtOnce if patient => self.download(Fate::LeavesSoon, rng),
            Fate::Seeds | Fate::SuperSeeds => (fate, self.starting(all)),
            Fate::PartialSeed => (fate, self.starting(self.below(rng.random_range(0.1..0.9)))),
            Fate::Rechecks => (fate, self.recheck(rng)),
            Fate::Lies => (fate, self.lie(rng)),
            _ => self.download(fate, rng),
        };
        let completes = curve.downloaded(all);
        let mut breaks = self.churn(rng);
        if self.client.habits().hides_completion {
            let hide = self.scenario.pace.of(HIDE);
            breaks.extend(completes.map(|it| it - hide));
        }
        let unmasks = (fate == Fate::SuperSeeds && rng.random_bool(0.5)).then(|| {
            let left = self.horizon.since(self.arrives);
            self.arrives + left.mul_f64(rng.random_range(0.3..0.9))
        });
        let leaves = match fate {
            Fate::LeavesSoon if patient => completes.map(|it| it + self.span(LONG_LINGER_S, rng)),
            Fate::LeavesSoon => completes.map(|it| it + self.span(LINGER_S, rng)),
            Fate::LeavesAtOnce => completes.map(|it| it + self.span(FLIGHT_S, rng)),
            Fate::Aborts => Some(curve.end().0 + self.span(FLIGHT_S, rng)),
            _ => None,
        };
        Told {
            fate,
            curve,
            leaves,
            breaks,
            unmasks,
        }
    }

    fn download(&self, fate: Fate, rng: &mut SmallRng) -> (Fate, Curve) {
        let (all, first) = (self.torrent.pieces, self.below(self.progress));
        let curve = self.starting(first).pause(self.span(WARM_UP_S, rng));
        let threshold = self.torrent.threshold;
        let target = match fate {
            Fate::Aborts | Fate::Lazy => self.below(rng.random_range(0.05..0.95)).max(first),
            Fate::StopsShort => rng.random_range(threshold..all.max(threshold + 1)),
            _ => all,
        };
        let risen = match fate {
            Fate::FallsBack => self.fall(curve.clone(), first, rng),
            _ => self.climb(curve.clone(), target, rng),
        };
        if risen.end().0 <= self.horizon {
            return (fate, risen);
        }
        // Too little time: it gets as far as it can, but not to the threshold.
        let left = self.horizon.since(curve.end().0);
        let span = self.duration(all - first);
        let part = left.as_secs_f64() / span.as_secs_f64().max(f64::MIN_POSITIVE);
        let gain = f64::from(all - first) * part;
        let least = first.max((f64::from(threshold) * 0.9) as u32);
        let last = first.saturating_add(gain as u32).min(least);
        (Fate::Lazy, curve.leg(last, left, How::Download))
    }

    /// Loses pieces on the way, or after it had them all.
    fn fall(&self, curve: Curve, first: u32, rng: &mut SmallRng) -> Curve {
        let all = self.torrent.pieces;
        let (before, after) = if rng.random() {
            (self.below(rng.random_range(0.5..0.9)).max(first), 0.4)
        } else {
            (all, 0.7)
        };
        let after = (f64::from(before) * after) as u32;
        let curve = self
            .climb(curve, before, rng)
            .pause(self.span((5.0, 20.0), rng));
        let curve = curve.leg(after, Duration::ZERO, How::Loss);
        self.climb(curve.pause(self.span((5.0, 20.0), rng)), all, rng)
    }

    /// Downloads up to `last`, by fits and starts.
    fn climb(&self, mut curve: Curve, last: u32, rng: &mut SmallRng) -> Curve {
        let (_, first) = curve.end();
        let gain = last.saturating_sub(first);
        let span = self.duration(gain);
        let legs = rng.random_range(1..=4);
        for leg in 1..=legs {
            let part = f64::from(leg) / f64::from(legs);
            let pieces = first + (f64::from(gain) * part) as u32;
            let time = span.mul_f64(rng.random_range(0.7..1.3) / f64::from(legs));
            curve = curve.leg(pieces, time, How::Download);
            if leg < legs && rng.random_bool(0.2) {
                curve = curve.pause(span.mul_f64(0.1));
            }
        }
        curve
    }

    fn recheck(&self, rng: &mut SmallRng) -> Curve {
        let (all, first) = (self.torrent.pieces, self.below(rng.random_range(0.0..0.3)));
        let missing = u64::from(all - first) * self.torrent.piece_length;
        let check = Duration::from_secs_f64(missing as f64 / CHECK_BYTES_PER_S);
        let left = self.horizon.since(self.arrives);
        let wait = left.mul_f64(rng.random_range(0.2..0.5));
        let check = self.scenario.pace.of(check).min(left / 4);
        self.starting(first).pause(wait).leg(all, check, How::Check)
    }

    /// Gains a little now and then, and claims the rest at once.
    fn lie(&self, rng: &mut SmallRng) -> Curve {
        let first = self.below(rng.random_range(0.02..0.3));
        let left = self.horizon.since(self.arrives);
        let wait = left.mul_f64(rng.random_range(0.3..0.8));
        let curve = self.starting(first).leg(first + 12, wait, How::Download);
        curve.leg(self.torrent.pieces, Duration::ZERO, How::Claim)
    }

    fn starting(&self, pieces: u32) -> Curve {
        Curve::starting(self.arrives, pieces)
    }

    /// A share of all pieces, but never enough for a download.
    fn below(&self, share: f64) -> u32 {
        let pieces = (f64::from(self.torrent.pieces) * share) as u32;
        pieces.min(self.torrent.threshold.saturating_sub(16))
    }

    /// How long so many pieces take.
    fn duration(&self, pieces: u32) -> Duration {
        let share = f64::from(pieces) / f64::from(self.torrent.pieces);
        let real = self.spec.nominal_bytes as f64 / self.speed;
        let span = self.scenario.pace.of(Duration::from_secs_f64(real));
        span.max(self.spec.shortest).mul_f64(share)
    }

    fn span(&self, (least_s, most_s): (f64, f64), rng: &mut SmallRng) -> Duration {
        let real = Duration::from_secs_f64(rng.random_range(least_s..most_s));
        self.scenario.pace.of(real)
    }

    /// Moments at which its connections break for no reason.
    fn churn(&self, rng: &mut SmallRng) -> Vec<Moment> {
        let Some(mean) = self.scenario.crowd.churn else {
            return Vec::new();
        };
        let mut breaks = Vec::new();
        let mut next = self.arrives;
        while next < self.horizon {
            let draw: f64 = rng.random_range(f64::MIN_POSITIVE..1.0);
            let span = self.scenario.pace.of(mean).mul_f64(-draw.ln());
            next = next + span.max(Duration::from_secs(1));
            breaks.push(next);
        }
        breaks
    }
}
