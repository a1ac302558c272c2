//! How often we look for peers, and how many a stranger may name.

use std::time::Duration;

use super::Pace;

/// Gossip: how many addresses a stranger's word may bring.
impl Pace {
    /// Addresses taken from a session's first message: all that a peer is
    /// connected to; libtorrent and Transmission have 200 connections at most.
    pub const GOSSIP_FIRST: usize = 200;

    /// Addresses taken from a later one: BEP 11 permits 50, libtorrent sends up to
    /// 100, and none of them twice.
    pub const GOSSIP_LATER: usize = 100;

    /// Addresses taken from one session within [`Pace::gossip_hour`]: five times
    /// over all that a client is connected to.
    pub const GOSSIP_SESSION: usize = 1_000;

    /// Addresses taken from one IP address (of IPv6, a /64) within
    /// [`Pace::gossip_minute`]: a fifth of all, so that who connects again and again silences nobody.
    pub const GOSSIP_ADDRESS: usize = 1_000;

    /// Addresses taken from it within [`Pace::gossip_hour`]: five sessions' worth. What
    /// it names in a day, after which it is forgotten, does not fill a book.
    pub const GOSSIP_SPEAKER: usize = 5_000;

    /// Addresses taken in one swarm within [`Pace::gossip_minute`]: the largest
    /// swarm of the thesis (45,000 peers) is still named within ten minutes.
    pub const GOSSIP_SWARM: usize = 5_000;

    /// The shortest time between two messages of a session: BEP 11 asks for 60 s,
    /// and clocks differ.
    pub const fn gossip_gap(self) -> Duration {
        self.secs(30)
    }

    /// Those added, and those dropped, in one message of ours (BEP 11).
    pub const GOSSIP_TOLD: usize = 50;

    /// Between two messages of ours to one peer: BEP 11 asks for 60 s, and who is reached
    /// sooner by the jitter of the network may take it for a flood.
    pub const fn gossip_told_gap(self) -> Duration {
        self.secs(65)
    }

    /// Where there is nothing to tell a peer, news are looked for after this; twice as
    /// long each time, up to eight times.
    pub const fn gossip_look(self) -> Duration {
        self.secs(1)
    }

    /// Whom we dialled and left is told of for so long: it is there still, most likely.
    pub const fn gossip_recent(self) -> Duration {
        self.secs(5 * 60)
    }

    /// The time over which [`Pace::GOSSIP_SESSION`] is counted.
    pub const fn gossip_hour(self) -> Duration {
        self.secs(3600)
    }

    /// The time over which [`Pace::GOSSIP_SWARM`] is counted.
    pub const fn gossip_minute(self) -> Duration {
        self.secs(60)
    }

    /// An address that is named again within this time is no news: before that it
    /// would not be tried anew ([`Pace::retry_when_named`]).
    pub const fn gossip_repeat(self) -> Duration {
        self.retry_when_named()
    }

    /// Gossip is passed on in batches, this long apart.
    pub const fn gossip_batch(self) -> Duration {
        self.secs(1)
    }
}

/// Hole punching (BEP 55): how often others are asked to introduce us, and may be.
impl Pace {
    /// Introductions asked for in one swarm within [`Pace::rendezvous_minute`]: each makes
    /// a relay send two messages, and a peer dial us.
    pub const INTRODUCTIONS: usize = 60;

    /// The same of one relay: it is somebody's client, and no server.
    pub const INTRODUCTIONS_RELAY: usize = 6;

    /// Introductions asked for to one address within [`Pace::rendezvous_hour`], each of
    /// another relay.
    pub const INTRODUCTIONS_TARGET: usize = 3;

    /// Peers that one relay may have us dial because they ask for it, within
    /// [`Pace::rendezvous_minute`]: a liar would have us dial strangers.
    pub const CALLS_RELAY: usize = 6;

    /// The same in one swarm, of all relays: who connects again and again is a new one each
    /// time.
    pub const CALLS: usize = 60;

    /// Relays held in one swarm, beyond what they show themselves, for those whom they named
    /// and nobody has reached yet.
    pub const RELAYS_HELD: usize = 2;

    /// The time over which [`Pace::INTRODUCTIONS`] are counted.
    pub const fn rendezvous_minute(self) -> Duration {
        self.secs(60)
    }

    /// The time over which [`Pace::INTRODUCTIONS_TARGET`] are counted.
    pub const fn rendezvous_hour(self) -> Duration {
        self.secs(3600)
    }

    /// A relay's answer is awaited for so long: what comes later was not asked for.
    pub const fn rendezvous_wait(self) -> Duration {
        self.secs(10)
    }

    /// Who names others is not left before its Swarm can have said whether to hold it.
    pub const fn await_orders(self) -> Duration {
        self.secs(1)
    }

    /// How long such a relay is held: until a contact that nobody answers is over, and
    /// another may start.
    pub const fn hold_relay(self) -> Duration {
        self.secs(45)
    }
}

/// Looking up: how often the DHT is asked for a torrent's peers.
impl Pace {
    /// From the beginning of a lookup to that of the next, a tenth more or less: those
    /// after the first begin with the closest nodes of the one before, and take some ten
    /// messages; who has just announced is found within a minute.
    pub const fn lookup_gap(self) -> Duration {
        self.secs(48)
    }

    /// With many torrents that gap grows by so much for each: no more than two lookups
    /// a second.
    pub const fn lookup_share(self) -> Duration {
        Duration::from_millis(500 / self.divisor as u64)
    }

    /// Where no node has answered, the lookup is tried again after this; no end of a lookup
    /// is closer to the next.
    pub const fn lookup_retry(self) -> Duration {
        self.secs(10)
    }

    /// From an announce to the next, as libtorrent: nodes keep peers for 30 to 45 min.
    pub const fn dht_announce(self) -> Duration {
        self.secs(15 * 60)
    }

    /// Where the DHT's first nodes do not answer they are asked again after this; twice
    /// as long each time.
    pub const fn join_first(self) -> Duration {
        self.secs(5)
    }

    /// The longest such wait.
    pub const fn join_longest(self) -> Duration {
        self.secs(5 * 60)
    }
}

/// Local discovery: how often we announce ourselves to our neighbours.
impl Pace {
    /// From one announce of a torrent to the next (BEP 14).
    pub const fn lsd_interval(self) -> Duration {
        self.secs(5 * 60)
    }

    /// From one announce to the next, whatever torrents it names (BEP 14).
    pub const fn lsd_gap(self) -> Duration {
        self.secs(60)
    }
}
