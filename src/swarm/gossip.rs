//! How much of what peers gossip is taken (BEP 11): an [`Ear`] for each session
//! bounds what one peer can make us do, before anything leaves the session;
//! [`Rumours`], one a swarm, merges what all of them say. What is too much is
//! dropped and counted: the others say it again.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::moment::Moment;
use crate::protocol::peer::pex::{PeerExchange, PexError, PexFlags};

use super::pace::Pace;

/// What is spent within a span of time that begins with the first of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Budget {
    began: Moment,
    pub(super) spent: usize,
}

impl Budget {
    /// Begins anew if the span is over; whether it did.
    pub(super) fn renew(&mut self, now: Moment, span: Duration) -> bool {
        let over = self.is_over(now, span);
        if over || self.spent == 0 {
            *self = Budget {
                began: now,
                spent: 0,
            };
        }
        over
    }

    /// Whether something was spent, in a span that is over.
    pub(super) fn is_over(&self, now: Moment, span: Duration) -> bool {
        self.spent > 0 && now.since(self.began) >= span
    }

    /// So many of `wanted` may still be spent, and are.
    pub(super) fn spend(&mut self, wanted: usize, most: usize) -> usize {
        let granted = wanted.min(most.saturating_sub(self.spent));
        self.spent += granted;
        granted
    }
}

/// What was not taken of a peer's gossip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Messages that came sooner than any client sends them.
    pub hasty: u32,
    /// Messages that could not be read.
    pub unreadable: u32,
    /// Addresses beyond what one message or one hour may bring.
    pub addresses: u32,
}

impl Refused {
    /// What was refused elsewhere, too.
    pub fn add(&mut self, other: Refused) {
        self.hasty = self.hasty.saturating_add(other.hasty);
        self.unreadable = self.unreadable.saturating_add(other.unreadable);
        self.addresses = self.addresses.saturating_add(other.addresses);
    }
}

/// One session's share of the gossip.
#[derive(Clone, Debug, Default)]
pub struct Ear {
    last: Option<Moment>,
    last_of_trackers: Option<Moment>,
    hour: Budget,
    holes: Budget,
    refused: Refused,
}

impl Ear {
    /// A message came; what may pass of it, if anything.
    pub fn hear(
        &mut self,
        now: Moment,
        message: Result<Box<PeerExchange>, PexError>,
        pace: Pace,
    ) -> Option<Box<PeerExchange>> {
        let most = match self.last {
            None => Pace::GOSSIP_FIRST,
            Some(last) if now.since(last) < pace.gossip_gap() => {
                self.refused.hasty = self.refused.hasty.saturating_add(1);
                return None;
            }
            Some(_) => Pace::GOSSIP_LATER,
        };
        self.last = Some(now);
        let Ok(mut said) = message else {
            self.refused.unreadable = self.refused.unreadable.saturating_add(1);
            return None;
        };
        self.hour.renew(now, pace.gossip_hour());
        let named = said.added.len();
        let taken = self.hour.spend(named.min(most), Pace::GOSSIP_SESSION);
        self.refused.addresses += (named - taken) as u32;
        said.added.truncate(taken);
        said.dropped.truncate(most);
        Some(said)
    }

    /// Whether a message that names trackers (BEP 28) may pass.
    pub fn hears_of_trackers(&mut self, now: Moment, pace: Pace) -> bool {
        let last = self.last_of_trackers;
        let hasty = last.is_some_and(|last| now.since(last) < pace.gossip_gap());
        if hasty {
            self.refused.hasty = self.refused.hasty.saturating_add(1);
        } else {
            self.last_of_trackers = Some(now);
        }
        !hasty
    }

    /// Whether a message of hole punching (BEP 55) may pass: answers to what we ask, and
    /// calls of others.
    pub fn hears_of_holes(&mut self, now: Moment, pace: Pace) -> bool {
        const MOST: usize = Pace::INTRODUCTIONS_RELAY + Pace::CALLS_RELAY;
        self.holes.renew(now, pace.rendezvous_minute());
        let passes = self.holes.spend(1, MOST) == 1;
        self.refused.hasty = self.refused.hasty.saturating_add(u32::from(!passes));
        passes
    }

    /// Whether the peer has said anything yet.
    pub fn has_heard(&self) -> bool {
        self.last.is_some()
    }

    /// What was refused since this was last asked.
    pub fn take_refused(&mut self) -> Refused {
        std::mem::take(&mut self.refused)
    }
}

/// What became of the addresses that peers named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RumourCounts {
    /// Passed on.
    pub taken: u64,
    /// Passed on a short while ago, and nothing new was said: once is enough.
    pub repeated: u64,
    /// Beyond what one speaker, or all, may bring.
    pub dropped: u64,
}

/// What one speaker has spent of the minute and of the hour.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    minute: usize,
    hour: usize,
}

/// Who speaks: over IPv6 a line has 2^64 addresses of its own.
fn speaker(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

/// What the peers of one swarm gossip, merged.
#[derive(Debug)]
pub struct Rumours {
    pace: Pace,
    /// To be passed on.
    pending: Vec<(SocketAddr, PexFlags)>,
    /// What was taken a short while ago, and what was said of it: three minutes' budget
    /// at most.
    taken: HashMap<SocketAddr, (Moment, PexFlags)>,
    minute: Budget,
    hour: Budget,
    /// Spent by who spoke within the hour: an hour's budget of speakers at most.
    spent_by: HashMap<IpAddr, Spent>,
    counts: RumourCounts,
}

impl Rumours {
    /// Nothing was heard yet.
    pub fn new(pace: Pace) -> Self {
        Rumours {
            pace,
            pending: Vec::new(),
            taken: HashMap::new(),
            minute: Budget::default(),
            hour: Budget::default(),
            spent_by: HashMap::new(),
            counts: RumourCounts::default(),
        }
    }

    /// A peer at `from` names others.
    pub fn hear(&mut self, now: Moment, from: IpAddr, named: &[(SocketAddr, PexFlags)]) {
        if self.minute.renew(now, self.pace.gossip_minute()) {
            self.spent_by.values_mut().for_each(|it| it.minute = 0);
            let repeat = self.pace.gossip_repeat();
            self.taken.retain(|_, (at, _)| now.since(*at) < repeat);
        }
        if self.hour.renew(now, self.pace.gossip_hour()) {
            self.spent_by.clear();
        }
        for (address, flags) in named {
            match self.weigh(now, from, *address, *flags) {
                Weighed::Taken => {
                    self.counts.taken += 1;
                    self.pending.push((*address, *flags));
                }
                Weighed::Repeated => self.counts.repeated += 1,
                Weighed::TooMuch => self.counts.dropped += 1,
            }
        }
    }

    fn weigh(
        &mut self,
        now: Moment,
        from: IpAddr,
        address: SocketAddr,
        flags: PexFlags,
    ) -> Weighed {
        let taken = self.taken.get(&address).copied();
        let lately = taken.filter(|(at, _)| now.since(*at) < self.pace.gossip_repeat());
        if lately.is_some_and(|(_, said)| said.has(flags)) {
            return Weighed::Repeated;
        }
        if self.pending.len() >= Pace::GOSSIP_SWARM {
            return Weighed::TooMuch;
        }
        let speaker = speaker(from);
        let spent = self.spent_by.get(&speaker).copied().unwrap_or_default();
        let too_much = spent.minute >= Pace::GOSSIP_ADDRESS || spent.hour >= Pace::GOSSIP_SPEAKER;
        if too_much || self.minute.spend(1, Pace::GOSSIP_SWARM) == 0 {
            return Weighed::TooMuch;
        }
        self.hour.spend(1, usize::MAX);
        let spent = Spent {
            minute: spent.minute + 1,
            hour: spent.hour + 1,
        };
        self.spent_by.insert(speaker, spent);
        let (at, said) = lately.unwrap_or((now, PexFlags::default()));
        self.taken.insert(address, (at, said.with(flags)));
        Weighed::Taken
    }

    /// What is to be passed on now.
    pub fn take(&mut self) -> Vec<(SocketAddr, PexFlags)> {
        std::mem::take(&mut self.pending)
    }

    /// It could not be passed on: it comes with the next batch.
    pub fn put_back(&mut self, named: Vec<(SocketAddr, PexFlags)>) {
        self.pending.splice(..0, named);
    }

    /// What became of what was heard so far.
    pub fn counts(&self) -> RumourCounts {
        self.counts
    }
}

enum Weighed {
    Taken,
    Repeated,
    TooMuch,
}

#[cfg(test)]
mod tests;
