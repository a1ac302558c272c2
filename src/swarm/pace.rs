//! How long things take: every limit of settling, holding, knocking and
//! recognising, with its reason, in one place.
//!
//! What only sets the rhythm of a run (settling, holding, knocking, returning)
//! shrinks together by one divisor for `--demo` and tests. What says something of
//! the world (how fast a link can be, for how long an address means one client)
//! does not: a demo must not find a stranger more or less believable.

mod finding;

use std::time::Duration;

/// The rhythm of a run: real time, or real time divided by one factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    divisor: u32,
}

/// Real time.
impl Default for Pace {
    fn default() -> Self {
        Pace::divided_by(1)
    }
}

impl Pace {
    /// The pace of `--demo`.
    pub const DEMO: Pace = Pace::divided_by(10);

    /// Every rhythm divided by `divisor`; 0 is taken as 1.
    pub const fn divided_by(divisor: u32) -> Self {
        Pace {
            divisor: if divisor == 0 { 1 } else { divisor },
        }
    }

    /// By what rhythms are divided: for those that live elsewhere (keep-alives).
    pub const fn divisor(self) -> u32 {
        self.divisor
    }

    /// Any other rhythm, such as an option of the user, at this pace.
    pub fn shrink(self, span: Duration) -> Duration {
        span / self.divisor
    }

    const fn secs(self, secs: u32) -> Duration {
        // Milliseconds are what a Moment can tell apart.
        Duration::from_millis(secs as u64 * 1000 / self.divisor as u64)
    }
}

/// Settling: when a first observation may be believed.
impl Pace {
    /// Silence after which a peer without Fast is taken to hold nothing, until it
    /// shows more: an empty one has no message to say so.
    pub const fn settle_silence(self) -> Duration {
        self.secs(10)
    }

    /// The gap between HAVE messages that ends the opening burst: a lazy bitfield
    /// is filled without a pause. Never below 120 ms: on a busy machine one turn
    /// of a process may take as long, and then a seed would look like a download.
    pub const fn burst_gap(self) -> Duration {
        let millis = 250 / self.divisor as u64;
        Duration::from_millis(if millis < 120 { 120 } else { millis })
    }

    /// The longest opening burst: after that, HAVE messages are news.
    pub const fn burst_max(self) -> Duration {
        self.secs(2)
    }

    /// How long a peer must show nothing to be an honest empty one: a super-seeder
    /// reveals its first piece at once.
    pub const fn honest_empty(self) -> Duration {
        self.secs(5)
    }

    /// How long `upload_only` must stand below the threshold to mean a partial
    /// seed: it may overtake the last HAVE messages, which Transmission sends in
    /// batches every 10–12 s.
    pub const fn partial_seed_wait(self) -> Duration {
        self.secs(15)
    }

    /// The shortest window over which a peer's speed is taken: longer than one
    /// such batch.
    pub const fn speed_window(self) -> Duration {
        self.secs(15)
    }
}

/// Evidence: what can be believed. Not divided.
impl Pace {
    /// Faster than 10 Gbit/s is no download.
    pub const PLAUSIBLE_BYTES_PER_S: u64 = 10_000_000_000 / 8;

    /// The shortest time that a gain of pieces is spread over: Transmission holds
    /// HAVE messages back for 10–12 s.
    pub const PLAUSIBLE_WINDOW: Duration = Duration::from_secs(15);

    /// The same for rTorrent, whose HAVE messages came after 55 and 82 s.
    pub const PLAUSIBLE_WINDOW_HELD_BACK: Duration = Duration::from_secs(90);

    /// So many HAVE messages in nearly ascending order, faster than
    /// [`Pace::CHECKING_BYTES_PER_S`], tell of a disk check.
    pub const CHECKING_MESSAGES: u32 = 64;

    /// A disk is read faster than that, and few lines are.
    pub const CHECKING_BYTES_PER_S: u64 = 50_000_000;

    /// The window of plausibility for a client that does or does not hold HAVE
    /// messages back.
    pub const fn plausible_window(holds_back: bool) -> Duration {
        if holds_back {
            Self::PLAUSIBLE_WINDOW_HELD_BACK
        } else {
            Self::PLAUSIBLE_WINDOW
        }
    }
}

/// Holding: how long a session may last.
impl Pace {
    /// Changes of progress that tell enough of a peer's speed to leave it.
    pub const HOLD_CHANGES: u32 = 2;

    /// A session is held for so long, or until [`Pace::HOLD_CHANGES`] were seen.
    pub const fn hold_min(self) -> Duration {
        self.secs(60)
    }

    /// A session is held while its finish is expected within this time.
    pub const fn hold_expected(self) -> Duration {
        self.secs(600)
    }

    /// A session is held for so long for a torrent whose metadata is not there, after
    /// the handshake or the last piece of metadata that the peer gave: most is there
    /// in seconds, and others may need the slot.
    pub const fn unmeasured_hold(self) -> Duration {
        self.secs(60)
    }

    /// When sessions are short, those that finish within this time keep theirs: who
    /// is left comes up again 30 s later at the earliest, and speeds change.
    pub const fn stays_when_short(self) -> Duration {
        self.secs(60)
    }

    /// How often a held session is looked at again: a download may stall.
    pub const fn hold_review(self) -> Duration {
        self.secs(10)
    }

    /// A complete peer that takes part in peer exchange is held for so long after
    /// the handshake, or until it spoke: libtorrent's first gossip comes after 2 s,
    /// Transmission's after 1 s.
    pub const fn hold_gossip(self) -> Duration {
        self.secs(3)
    }

    /// A peer that is complete is visited again only to see that it still is.
    pub const fn revisit_complete(self) -> Duration {
        self.secs(6 * 3600)
    }

    /// The first return to an address that was not reached; doubled each time. As
    /// soon as is polite: a client that was just left (by a run that is resumed) turns
    /// away who comes back within a second, and is worth a second try.
    pub const fn retry_first(self) -> Duration {
        self.contact_gap()
    }

    /// The longest time between tries of an address that never answered.
    pub const fn retry_longest(self) -> Duration {
        self.secs(30 * 60)
    }

    /// Such an address may be tried this long after the last try once a source
    /// names it anew: somebody has just seen it there.
    pub const fn retry_when_named(self) -> Duration {
        self.secs(120)
    }

    /// No sooner than this after a peer of unknown speed has left: it may have been
    /// restarted, and is up again by then.
    pub const fn revisit_who_left(self) -> Duration {
        self.secs(10)
    }

    /// The first return to a peer of unknown speed; doubled at each visit.
    pub const fn revisit_first(self) -> Duration {
        self.secs(60)
    }
}

/// Knocking: how often a contact may start.
impl Pace {
    /// Dials of one contact (transport × encryption), one open at a time.
    pub const CONTACT_DIALS: u32 = 4;

    /// Contacts to one IP address within [`Pace::address_window`].
    pub const ADDRESS_CONTACTS: u32 = 4;

    /// Early contacts to one address and port within [`Pace::reconnect_window`].
    pub const RECONNECTS: u32 = 3;

    /// Contacts of a run that start within [`Pace::start_window`] at most: a thousand a
    /// second. A sweep of a big swarm takes seconds then, and the tables of a home's
    /// router, which remember each dial for a minute or more, are not filled at once.
    pub const STARTS: u32 = 100;

    /// The time over which [`Pace::STARTS`] are counted.
    pub const fn start_window(self) -> Duration {
        Duration::from_millis(100 / self.divisor as u64)
    }

    /// The time between the starts of two contacts to one address and port.
    pub const fn contact_gap(self) -> Duration {
        self.secs(30)
    }

    /// The exception: an early contact this long after the peer closed a session
    /// that was about to finish (rTorrent closes just before its own completion).
    pub const fn reconnect_gap(self) -> Duration {
        self.secs(5)
    }

    /// Where the last contact is so long ago that no exception is needed, a peer that
    /// closed near its finish is contacted after this.
    pub const fn return_at_once(self) -> Duration {
        self.secs(1)
    }

    /// What "about to finish" means for that exception.
    pub const fn reconnect_expected(self) -> Duration {
        self.secs(120)
    }

    /// The time over which [`Pace::RECONNECTS`] are counted.
    pub const fn reconnect_window(self) -> Duration {
        self.secs(3600)
    }

    /// The time over which [`Pace::ADDRESS_CONTACTS`] are counted: many peers may
    /// live behind one address, and none of them asked for us.
    pub const fn address_window(self) -> Duration {
        self.secs(30)
    }
}

/// Recognising: for how long a mark means the same client. Not divided.
impl Pace {
    /// Once our own network is back, a session that has not been heard since may have
    /// lost its peer for so long without showing it: TCP sends again after up to half
    /// of the gap.
    pub const DOUBT: Duration = Duration::from_secs(60);

    /// The longest gap over which the same address, claimed listen port and client
    /// name mean the same peer: half the world listens on 6881 or 51413.
    pub const IDENTITY_GAP: Duration = Duration::from_secs(3600);

    /// The longest gap over which the same address and dialled port do: most lines
    /// get another address within a day.
    pub const ADDRESS_GAP: Duration = Duration::from_secs(24 * 3600);

    /// Two sessions with the same held pieces within this time are twins.
    pub const TWIN_WINDOW: Duration = Duration::from_secs(5);

    /// Pieces that twins must at least hold, and at least lack: fewer are common
    /// by chance.
    pub const TWIN_PIECES: u32 = 16;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rhythms_shrink_together_and_evidence_does_not() {
        let (real, demo) = (Pace::default(), Pace::DEMO);
        assert_eq!(real.settle_silence(), Duration::from_secs(10));
        assert_eq!(demo.settle_silence(), Duration::from_secs(1));
        assert_eq!(demo.contact_gap(), real.contact_gap() / 10);
        assert_eq!(demo.shrink(Duration::from_secs(600)), demo.hold_expected());
        assert_eq!(Pace::plausible_window(false), Duration::from_secs(15));
        assert_eq!(Pace::plausible_window(true), Duration::from_secs(90));
    }

    #[test]
    fn burst_gap_has_a_floor() {
        assert_eq!(Pace::default().burst_gap(), Duration::from_millis(250));
        assert_eq!(Pace::DEMO.burst_gap(), Duration::from_millis(120));
    }

    #[test]
    fn a_divisor_of_zero_is_real_time() {
        assert_eq!(Pace::divided_by(0), Pace::default());
    }
}
