//! Tells the report of a disk check from a download: some clients announce by HAVE
//! what they find on disk, in the order of the disk and at its speed.

use std::time::Duration;

use crate::moment::Moment;
use crate::swarm::facts::Observation;
use crate::swarm::pace::Pace;
use crate::swarm::yardstick::Yardstick;

/// One HAVE in so many may break the ascending order.
const DISORDER: u32 = 8;

/// The HAVE messages since two moments.
///
/// A window opens only where a gap between messages lies, and is measured from the
/// message before that gap: a client that collects HAVE messages and sends them in
/// one batch took the time since the last batch to download them. A stream without
/// gaps is measured from its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    older: Window,
    newer: Window,
    /// The message before the last gap.
    gap_from: Moment,
    last_piece: u32,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    from: Moment,
    messages: u32,
    descents: u32,
}

impl Window {
    fn since(from: Moment) -> Self {
        Window {
            from,
            messages: 0,
            descents: 0,
        }
    }

    fn disordered(&self) -> bool {
        self.descents * DISORDER > self.messages.max(DISORDER)
    }
}

impl Run {
    pub(super) fn since(start: Moment) -> Self {
        Run {
            older: Window::since(start),
            newer: Window::since(start),
            gap_from: start,
            last_piece: 0,
        }
    }

    /// A HAVE came, `before` being the time of the message before it.
    pub(super) fn have(&mut self, now: Moment, before: Moment, piece: u32, gap: Duration) {
        if now.since(before) >= gap {
            self.gap_from = before;
            if self.newer.messages >= Pace::CHECKING_MESSAGES {
                self.older = self.newer;
                self.newer = Window::since(before);
            }
        }
        let descent = u32::from(piece < self.last_piece);
        self.last_piece = piece;
        for window in [&mut self.older, &mut self.newer] {
            window.messages += 1;
            window.descents += descent;
        }
        if self.newer.disordered() {
            // Not from here: the rest of a batch would look like a run in no time.
            self.newer = Window::since(self.gap_from);
            self.older = self.newer;
        }
    }

    /// Whether the messages up to now are a disk check's.
    pub(super) fn is_checking(&self, now: Moment, by: &Yardstick) -> bool {
        let long = |window: &Window| window.messages >= Pace::CHECKING_MESSAGES;
        let window = if long(&self.newer) {
            self.newer
        } else {
            self.older
        };
        let nothing = Observation {
            at: window.from,
            pieces: 0,
        };
        let all = Observation {
            at: now,
            pieces: window.messages,
        };
        long(&window)
            && !window.disordered()
            && by.bytes_per_s(nothing, all, Duration::ZERO) > Pace::CHECKING_BYTES_PER_S
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: Duration = Duration::from_millis(250);

    /// HAVE messages for `pieces` of 1 MB, sent at the given times.
    fn run(messages: impl Iterator<Item = (u64, u32)>) -> bool {
        let mut run = Run::since(Moment::EPOCH);
        let mut before = Moment::EPOCH;
        for (millis, piece) in messages {
            let now = Moment::from_millis(millis);
            run.have(now, before, piece, GAP);
            before = now;
        }
        run.is_checking(before, &Yardstick::new(10_000, 1_000_000, 980))
    }

    #[test]
    fn an_ascending_stream_at_disk_speed_is_a_check() {
        // 100 MB/s.
        assert!(run((1..=64).map(|n| (n * 10, n as u32))));
        // With a few out of order.
        assert!(run(
            (1..=64).map(|n| (n * 10, n as u32 ^ u32::from(n % 16 == 0)))
        ));
        assert!(!run((1..=63).map(|n| (n * 10, n as u32))));
        // 40 MB/s.
        assert!(!run((1..=640).map(|n| (n * 25, n as u32))));
    }

    #[test]
    fn a_download_in_random_order_is_none() {
        assert!(!run((1..=640).map(|n| (n * 10, (n as u32 * 7919) % 9973))));
    }

    #[test]
    fn a_check_is_found_behind_other_messages() {
        let slow = (1..=100).map(|n| (n * 1_000, (n as u32 * 7919) % 9973));
        let check = (1..=200).map(|n| (160_000 + n, n as u32));
        assert!(!run(slow.clone()));
        // The gap before it, 60 s, counts for the check: 200 MB in 60 s is none yet.
        assert!(!run(slow.clone().chain(check)));
        let check = (1..=5_000).map(|n| (160_000 + n, n as u32));
        assert!(run(slow.chain(check)));
    }

    #[test]
    fn batches_of_a_sequential_download_are_none() {
        // Transmission: 120 pieces (10 MB/s) at once, every 12 s, in order.
        let batches = (0..10 * 120).map(|n| (12_000 * (n / 120 + 1), n as u32));
        assert!(!run(batches));
        // Behind some in another order, in the middle of a batch.
        let mixed = [900, 3, 700, 2, 800, 1, 600, 5].into_iter();
        let batch = mixed.chain(1_000..1_120).map(|piece| (12_000, piece));
        assert!(!run(batch));
    }

    #[test]
    fn a_download_after_a_check_is_a_download() {
        let check = (1..=500).map(|n| (n, n as u32));
        let download = (1..=200).map(|n| (500 + n * 1_000, 500 + n as u32));
        assert!(run(check.clone()));
        assert!(!run(check.chain(download)));
    }
}
