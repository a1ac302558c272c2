//! Whether our own network is there, told from what comes in, from what goes
//! unanswered, and from whether there is a way out. One machine a family.
//!
//! Silence alone proves nothing: where the last seed leaves, everybody falls silent at
//! once. What proves it is that those are asked who answered before, and not one of
//! them answers while nothing else comes in either. Where no way leads out any more,
//! the system says so.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::moment::Moment;

/// How often [`Outage::look`] is to be called.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A look that comes so late was held up with all else in this process: what went
/// unanswered meanwhile may only be unread.
const LATE_LOOK: Duration = Duration::from_secs(3);

/// Who has not answered in this time does not answer: a lost SYN is sent again after
/// a second.
const PATIENCE: Duration = Duration::from_secs(3);

/// Questions that are older prove nothing together: peers go one after the other.
const TOGETHER: Duration = Duration::from_secs(20);

/// What unanswered questions must weigh together: three peers that answered before, or
/// six callers or nodes of the DHT.
const ENOUGH: u32 = 6;

/// Hosts whose answers are awaited, at most.
const ASKED: usize = 256;

/// A silence that is so many times as long as any of late is looked into.
const UNUSUAL: u32 = 2;

/// "Of late" is this long, or up to twice as long.
const OF_LATE: Duration = Duration::from_secs(5 * 60);

/// Once there is a way out again, somebody is heard within this time, or there is
/// nobody who would speak.
const SETTLING: Duration = Duration::from_secs(5);

/// Whether the network was there is known this long after a moment, unless nobody
/// speaks: what was read just then may have come before.
const CERTAINTY: Duration = Duration::from_secs(1);

/// A failure in a silence that goes on for so long is the other's own: by then an
/// outage is noticed.
const DOUBT: Duration = Duration::from_secs(20);

/// Who is asked something, and who is known to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A peer that answered the last contact.
    Peer,
    /// One that called us lately, and was never called: it may be behind a NAT.
    Caller,
    /// A node in our table of the DHT: one in three or four does not answer.
    Node,
}

/// Why the network is held to be down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The system knows no way out, or its interface has no carrier.
    NoRoute,
    /// Nobody answers who answered before, and nothing comes in.
    Silence,
}

/// A time without network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// When something came in last, or there was a way out last.
    pub since: Moment,
    /// When it was over; None while it lasts.
    pub until: Option<Moment>,
    /// Why it is held to be one.
    pub cause: Cause,
}

/// What a look has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// An unusual silence: those who would answer are to be asked.
    Suspected,
    /// The network is down.
    Down(Gap),
    /// It is up again.
    Up(Gap),
}

/// Whether a failure was the other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The network was there.
    Theirs,
    /// It was not.
    Ours,
    /// That will be known soon.
    Open,
}

/// Whether the network of one family is there.
#[derive(Clone, Debug, Default)]
pub struct Outage {
    /// When something came in last, as of the last look.
    heard_at: Option<Moment>,
    looked_at: Moment,
    /// Who was asked, when, and what it weighs that no answer comes.
    asked: HashMap<IpAddr, (Moment, u32)>,
    lulls: Lulls,
    suspected: bool,
    /// Since when there is no way out.
    blocked_since: Option<Moment>,
    /// Since when there is one again.
    open_since: Option<Moment>,
    /// When the gap was noticed that lasts.
    noticed_at: Moment,
    /// The last gap, be it over or not.
    gap: Option<Gap>,
}

/// The longest silence of late.
#[derive(Clone, Copy, Debug, Default)]
struct Lulls {
    since: Moment,
    before: Duration,
    now: Duration,
}

impl Lulls {
    fn note(&mut self, now: Moment, lull: Duration) {
        if now.since(self.since) >= OF_LATE {
            (self.since, self.before, self.now) = (now, self.now, Duration::ZERO);
        }
        self.now = self.now.max(lull);
    }

    fn longest(&self) -> Duration {
        self.before.max(self.now)
    }
}

impl Asked {
    fn weight(self) -> u32 {
        match self {
            Asked::Peer => 2,
            Asked::Caller | Asked::Node => 1,
        }
    }
}

impl Cause {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Cause::NoRoute => "no route",
            Cause::Silence => "nobody answers",
        }
    }
}

impl Gap {
    /// How long it has lasted.
    pub fn length(&self, now: Moment) -> Duration {
        self.until.unwrap_or(now).since(self.since)
    }

    fn overlaps(&self, from: Moment, to: Moment) -> bool {
        self.since <= to && self.until.is_none_or(|until| from <= until)
    }
}

impl Outage {
    /// Somebody is asked who is known to answer.
    pub fn asked(&mut self, now: Moment, ip: IpAddr, whom: Asked) {
        if self.asked.len() < ASKED {
            self.asked.entry(ip).or_insert((now, whom.weight()));
        }
    }

    /// The gap that lasts.
    pub fn gap(&self) -> Option<Gap> {
        self.gap.filter(|it| it.until.is_none())
    }

    /// Whether somebody may be asked while it lasts: not where the system knows no way.
    pub fn is_worth_a_try(&self) -> bool {
        let blocked = |it: Gap| it.cause == Cause::NoRoute && self.open_since.is_none();
        !self.gap().is_some_and(blocked)
    }

    /// Looks at how things stand: when something last came in from outside, if ever,
    /// and whether there is a way out, as far as the system tells.
    pub fn look(
        &mut self,
        now: Moment,
        heard_at: Option<Moment>,
        route: Option<bool>,
    ) -> Option<News> {
        let looked_at = std::mem::replace(&mut self.looked_at, now);
        let before = self.heard_at;
        self.heard_at = heard_at;
        // Who was never heard cannot have fallen silent.
        let heard_at = heard_at?;
        self.asked.retain(|_, (at, _)| {
            // The clocks of many threads: an answer and a question may cross.
            *at >= heard_at && now.since(*at) < TOGETHER
        });
        match route {
            Some(false) => _ = self.blocked_since.get_or_insert(now),
            Some(true) | None => self.blocked_since = None,
        }
        if let Some(gap) = self.gap() {
            return self.look_for_end(now, gap, heard_at, route);
        }
        if let Some(before) = before.filter(|it| *it < heard_at) {
            self.suspected = false;
            self.lulls.note(now, looked_at.since(before));
        }
        if now.since(looked_at) >= LATE_LOOK {
            self.asked.clear();
            return None;
        }
        if let Some(blocked) = self.blocked_since {
            // A lease that is renewed may take the route away for a moment.
            let since = heard_at.max(blocked - LOOK_EVERY);
            return (blocked < now).then(|| self.begin(now, since, Cause::NoRoute));
        }
        let patient = |it: &&(Moment, u32)| now.since(it.0) >= PATIENCE;
        let unanswered = self.asked.values().filter(patient).map(|it| it.1);
        if unanswered.sum::<u32>() >= ENOUGH {
            return Some(self.begin(now, heard_at, Cause::Silence));
        }
        let unusual = PATIENCE.max(self.lulls.longest() * UNUSUAL);
        if !self.suspected && now.since(heard_at) >= unusual {
            self.suspected = true;
            return Some(News::Suspected);
        }
        None
    }

    fn begin(&mut self, now: Moment, since: Moment, cause: Cause) -> News {
        let gap = Gap {
            since,
            until: None,
            cause,
        };
        (self.noticed_at, self.open_since) = (now, None);
        self.asked.clear();
        self.gap = Some(gap);
        News::Down(gap)
    }

    fn look_for_end(
        &mut self,
        now: Moment,
        mut gap: Gap,
        heard_at: Moment,
        route: Option<bool>,
    ) -> Option<News> {
        let heard = heard_at > self.noticed_at;
        let until = match gap.cause {
            Cause::Silence => heard.then_some(now),
            Cause::NoRoute if route == Some(false) => {
                self.open_since = None;
                None
            }
            Cause::NoRoute => {
                let open = *self.open_since.get_or_insert(now);
                let heard = heard && heard_at + LOOK_EVERY >= open;
                let settled = heard || now.since(open) >= SETTLING;
                settled.then_some(open)
            }
        };
        gap.until = Some(until?);
        (self.gap, self.suspected) = (Some(gap), false);
        self.asked.clear();
        Some(News::Up(gap))
    }

    /// Whose failure it was that somebody was silent from `from` to `to`, where
    /// something last came in at `heard_at`.
    pub fn verdict(
        &self,
        now: Moment,
        from: Moment,
        to: Moment,
        heard_at: Option<Moment>,
    ) -> Verdict {
        if self.gap.is_some_and(|it| it.overlaps(from, to)) {
            return Verdict::Ours;
        }
        let open = heard_at.is_some_and(|it| it < to + CERTAINTY) && now.since(to) < DOUBT;
        match open {
            true => Verdict::Open,
            false => Verdict::Theirs,
        }
    }
}
