//! How the torrents of a run share the sessions that it dials.

use std::collections::HashMap;
use std::time::Duration;

use crate::moment::Moment;
use crate::swarm::facts::TorrentNumber;

/// Who could not begin a session, and does not say so again within this time, waits no
/// more. Twice as long as a Swarm takes to look again.
const WAITS: Duration = Duration::from_millis(200);

/// How many sessions each torrent has, and which torrents wait for more.
#[derive(Debug, Default)]
pub struct Shares {
    used: HashMap<TorrentNumber, usize>,
    waiting: HashMap<TorrentNumber, Moment>,
}

impl Shares {
    /// Whether the next session is this torrent's: none that has fewer waits for one.
    pub fn is_next(&mut self, now: Moment, torrent: TorrentNumber) -> bool {
        self.waiting.retain(|_, since| now.since(*since) <= WAITS);
        let used = self.used(torrent);
        let mut others = self.waiting.keys();
        !others.any(|other| *other != torrent && self.used(*other) < used)
    }

    /// The torrent could not begin a session.
    pub fn waits(&mut self, now: Moment, torrent: TorrentNumber) {
        self.waiting.insert(torrent, now);
    }

    /// A session begins.
    pub fn begin(&mut self, torrent: TorrentNumber) {
        self.waiting.remove(&torrent);
        *self.used.entry(torrent).or_default() += 1;
    }

    /// A session is over.
    pub fn end(&mut self, torrent: TorrentNumber) {
        if let Some(used) = self.used.get_mut(&torrent) {
            *used -= 1;
            if *used == 0 {
                self.used.remove(&torrent);
            }
        }
    }

    fn used(&self, torrent: TorrentNumber) -> usize {
        self.used.get(&torrent).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIG: TorrentNumber = TorrentNumber(1);
    const SMALL: TorrentNumber = TorrentNumber(2);

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn who_has_fewer_comes_first_while_it_waits() {
        let mut shares = Shares::default();
        (0..3).for_each(|_| shares.begin(BIG));
        shares.begin(SMALL);
        assert!(shares.is_next(at(0), BIG), "nobody else waits");
        shares.waits(at(0), SMALL);
        shares.waits(at(0), BIG);
        assert!(!shares.is_next(at(100), BIG));
        assert!(shares.is_next(at(100), SMALL));
        shares.begin(SMALL);
        assert!(shares.is_next(at(100), BIG), "it has what it wanted");
    }

    #[test]
    fn who_has_ceased_to_ask_waits_no_more() {
        let mut shares = Shares::default();
        shares.begin(BIG);
        shares.waits(at(0), SMALL);
        assert!(!shares.is_next(at(200), BIG));
        assert!(shares.is_next(at(201), BIG));
        shares.end(BIG);
        shares.waits(at(300), SMALL);
        assert!(shares.is_next(at(300), BIG), "as few as the other");
    }
}
