//! When to knock, when to stay, when to come back (design: conduct).

mod agenda;
mod knocks;
mod shares;
mod throttle;
mod yielding;

use std::time::Duration;

use crate::moment::Moment;
use crate::protocol::peer::family::Family;

use super::facts::{Direction, PeerState};
use super::pace::Pace;

pub use agenda::{Agenda, Rank};
pub use knocks::Knocks;
pub use shares::Shares;
pub use throttle::Throttle;
pub use yielding::{Callers, Discipline, Offer, Offers};

/// What decides whether an open session is kept.
#[derive(Clone, Copy, Debug)]
pub struct SessionView {
    /// When the handshake was done.
    pub opened_at: Moment,
    /// Who opened it.
    pub direction: Direction,
    /// Whether dialling the peer is known to work. One that came in and cannot
    /// be dialled is lost once it is left.
    pub dialable: bool,
    /// Whether its progress is known, and no proof of it is a matter of seconds.
    pub settled: bool,
    /// Changes of progress seen in this session.
    pub changes: u32,
    /// Whether it stands at or above the threshold.
    pub complete: bool,
    /// Whether its first gossip may still come.
    pub awaits_gossip: bool,
    /// When it will reach the threshold at the speed seen.
    pub expected_finish: Option<Moment>,
    /// The priority of the connection (BEP 40), if it is known.
    pub priority: Option<u32>,
}

/// The earlier forecast of a peer's finish, as long as it is to be reckoned with: speeds
/// change, and some clients tell late of what they have.
pub fn still_due(now: Moment, forecast: Moment, family: Family, pace: Pace) -> Option<Moment> {
    let patience = pace.speed_window() + pace.shrink(family.tells_after());
    (now < forecast + patience).then_some(forecast)
}

/// What to do with an open session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It tells nothing more: give the slot to another.
    Leave,
    /// Stay, and ask again at this moment.
    Until(Moment),
}

/// Whether to keep a session open (design, section 7, "When to hold a session").
pub fn hold(now: Moment, session: &SessionView, by: Discipline, pace: Pace) -> Hold {
    let review = Hold::Until(now + pace.hold_review());
    if by == Discipline::FirstCome && !session.complete {
        return review;
    }
    if session.complete {
        let gossip_by = session.opened_at + pace.hold_gossip();
        return match session.awaits_gossip && now < gossip_by {
            true => Hold::Until(gossip_by),
            false => Hold::Leave,
        };
    }
    if session.direction == Direction::Incoming && !session.dialable {
        return review;
    }
    let first_look_ends = session.opened_at + pace.hold_min();
    if session.changes < Pace::HOLD_CHANGES && now < first_look_ends {
        return Hold::Until(first_look_ends.min(now + pace.hold_review()));
    }
    match session.expected_finish {
        Some(finish) if finish.since(now) <= pace.hold_expected() => review,
        _ => Hold::Leave,
    }
}

/// What the session is worth to those that wait for one; none: it has not told what it
/// can in moments.
pub fn offer(now: Moment, session: &SessionView, pace: Pace) -> Option<Offer> {
    let shy = session.direction == Direction::Incoming && !session.dialable;
    let told = session.settled || session.opened_at + pace.hold_min() <= now;
    told.then_some(Offer {
        finish: session.expected_finish.filter(|_| !session.complete),
        shy: shy && !session.complete,
        priority: session.priority,
    })
}

/// How the last contact with an address ended, as far as the next one cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// Nobody answered, or somebody with whom no handshake is possible.
    NotReached,
    /// Somebody answered and closed before a handshake: a client that is full, or
    /// that has a connection with us already.
    TurnedAway,
    /// We left.
    WeLeft,
    /// The peer closed, or the connection broke.
    TheyLeft,
}

impl Parting {
    /// Whether there was a handshake.
    pub const fn reached(self) -> bool {
        matches!(self, Parting::WeLeft | Parting::TheyLeft)
    }
}

/// What is known of a peer when its next visit is planned.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Where it stands.
    pub state: PeerState,
    /// Its client family.
    pub family: Family,
    /// When it will reach the threshold at the last speed seen.
    pub expected_finish: Option<Moment>,
}

impl Standing {
    /// Nothing more is expected of such a peer.
    pub fn is_complete(&self) -> bool {
        matches!(
            self.state,
            PeerState::CompleteAtFirst | PeerState::Confirmed | PeerState::NotCounted
        )
    }

    /// Without a forecast of what is farther away than `span`.
    pub fn forecast_within(self, now: Moment, span: Duration) -> Self {
        let near = |finish: &Moment| finish.since(now) <= span;
        Standing {
            expected_finish: self.expected_finish.filter(near),
            ..self
        }
    }

    /// When it will reach the threshold, if that is still to come: a forecast that
    /// has not come true says nothing any more.
    pub fn finishes_after(&self, now: Moment) -> Option<Moment> {
        self.expected_finish.filter(|finish| *finish > now)
    }
}

/// The contacts with one address and port.
#[derive(Clone, Debug, Default)]
pub struct ContactHistory {
    /// Contacts so far.
    pub contacts: u32,
    /// When the last one started.
    pub last_start: Moment,
    /// Contacts in a row that did not reach it, while something is expected of it.
    pub failures: u32,
    /// The last of these was answered.
    turned_away: bool,
    /// Sessions in a row after which its speed was unknown.
    pub idle_visits: u32,
    /// The exceptions made within the last hour: contacts 5 s after a close.
    quick_returns: Vec<Moment>,
    /// The contact that is planned or under way comes early.
    early: Option<Early>,
}

/// A contact soon after the peer closed near its finish: that it finds nobody says
/// little of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Early {
    /// The first; the peer closed then.
    AfterClose(Moment),
    /// What makes up for a first one that was too early, or needed an exception.
    Last,
}

impl ContactHistory {
    /// A contact starts.
    pub fn start(&mut self, now: Moment) {
        self.contacts = self.contacts.saturating_add(1);
        self.last_start = now;
    }

    /// The earliest moment at which a contact may start by the 30-second rule.
    pub fn earliest(&self, pace: Pace) -> Moment {
        if self.contacts == 0 {
            return Moment::EPOCH;
        }
        self.last_start + pace.contact_gap()
    }

    /// Whether nobody answered, at the last contact.
    pub fn is_silent(&self) -> bool {
        self.failures > 0 && !self.turned_away
    }

    /// When to contact it again, after a contact that ended `now`.
    ///
    /// `delay` is the longest time between visits to an unfinished peer (`-d`).
    pub fn next(
        &mut self,
        now: Moment,
        parting: Parting,
        standing: Option<&Standing>,
        delay: Duration,
        pace: Pace,
    ) -> Moment {
        let complete = standing.is_some_and(Standing::is_complete);
        let early = self.early.take();
        self.turned_away = parting == Parting::TurnedAway;
        self.failures = match parting.reached() || complete {
            // Where nothing more is expected, nothing is missed either.
            true => 0,
            false if early.is_some() => self.failures,
            false => self.failures.saturating_add(1),
        };
        let wanted = if complete {
            now + pace.revisit_complete()
        } else if !parting.reached() {
            if let Some(Early::AfterClose(closed_at)) = early
                && let Some(soon) = self.exception(now, closed_at + pace.reconnect_gap(), pace)
            {
                return soon;
            }
            self.after_back_off(now, standing, delay, pace)
        } else if let Some(soon) = self.quick_return(now, parting, standing, pace) {
            return soon;
        } else {
            let finish = standing.and_then(|it| it.finishes_after(now));
            now + self.between_visits(now, parting, finish, delay, pace)
        };
        wanted.max(self.earliest(pace))
    }

    /// When to contact a peer that called us and has left `now`. Where nobody answered
    /// before, that it called does not mean that it can be called: then no sooner than
    /// if it had not, unless it may have finished.
    pub fn after_call(
        &mut self,
        now: Moment,
        parting: Parting,
        standing: Option<&Standing>,
        delay: Duration,
        pace: Pace,
    ) -> Moment {
        let silent = self.is_silent();
        let complete = standing.is_some_and(Standing::is_complete);
        if !silent || complete {
            return self.next(now, parting, standing, delay, pace);
        }
        if let Some(soon) = self.quick_return(now, parting, standing, pace) {
            return soon;
        }
        self.after_back_off(now, standing, delay, pace)
            .max(self.earliest(pace))
    }

    /// When to contact it again after a contact that our own network ended: it says
    /// nothing of the peer.
    pub fn after_outage(&mut self, now: Moment, pace: Pace) -> Moment {
        self.early = None;
        self.earliest(pace).max(now)
    }

    /// After a close near the finish: one contact at once, if the last one is long
    /// enough ago, and a second one should that be too early (rTorrent closes just
    /// before it completes, and may not be back); otherwise the exception.
    fn quick_return(
        &mut self,
        now: Moment,
        parting: Parting,
        standing: Option<&Standing>,
        pace: Pace,
    ) -> Option<Moment> {
        let near = standing.is_some_and(|it| finishing_soon(now, it, pace));
        if parting != Parting::TheyLeft || !near {
            return None;
        }
        self.idle_visits = 0;
        let earliest = self.earliest(pace);
        if earliest <= now + pace.reconnect_gap() {
            self.early = Some(Early::AfterClose(now));
            return Some(earliest.max(now + pace.return_at_once()));
        }
        self.exception(now, now + pace.reconnect_gap(), pace)
    }

    /// A contact at `due` that is not 30 s after the last one, if one is left.
    fn exception(&mut self, now: Moment, due: Moment, pace: Pace) -> Option<Moment> {
        self.quick_returns
            .retain(|it| now.since(*it) < pace.reconnect_window());
        if self.quick_returns.len() >= Pace::RECONNECTS as usize {
            return None;
        }
        self.quick_returns.push(now);
        self.early = Some(Early::Last);
        Some(due.max(now))
    }

    /// Half of the remaining time; unknown speed: doubling, and sooner if it was the
    /// peer that left, with more to tell perhaps; at most `delay`.
    fn between_visits(
        &mut self,
        now: Moment,
        parting: Parting,
        finish: Option<Moment>,
        delay: Duration,
        pace: Pace,
    ) -> Duration {
        let wanted = match finish {
            Some(finish) => {
                self.idle_visits = 0;
                finish.since(now) / 2
            }
            None => {
                let before = self.idle_visits;
                self.idle_visits = before.saturating_add(1);
                match parting {
                    Parting::TheyLeft => {
                        let due = self.last_start + doubled(pace.retry_first(), before);
                        due.since(now).max(pace.revisit_who_left())
                    }
                    _ => doubled(pace.revisit_first(), before),
                }
            }
        };
        wanted.min(delay)
    }

    /// Back-off after contacts that reached nobody, from the start of the last one: a
    /// time-out is no reason to come later than after a refusal. Where somebody answers
    /// it grows half as fast: rTorrent turns away who comes at a bad moment. A peer that
    /// was seen below the threshold is worth more tries: its fate is what the count is
    /// about.
    fn after_back_off(
        &self,
        now: Moment,
        standing: Option<&Standing>,
        delay: Duration,
        pace: Pace,
    ) -> Moment {
        let longest = standing.map_or(pace.retry_longest(), |_| delay);
        let steps = self.failures.saturating_sub(1);
        let steps = if self.turned_away { steps / 2 } else { steps };
        let wait = doubled(pace.retry_first(), steps).min(longest);
        (self.last_start + wait).max(now)
    }
}

/// Whether the finish was near when the peer closed. rTorrent closes just before
/// its own completion and holds HAVE back until then, so that its last known
/// progress says nothing of when (it closes at 31 of 256 pieces as at 237).
fn finishing_soon(now: Moment, peer: &Standing, pace: Pace) -> bool {
    let near = pace.reconnect_expected();
    peer.family.holds_back_have()
        || peer
            .expected_finish
            .is_some_and(|finish| finish.since(now) <= near && now.since(finish) <= near)
}

fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1 << times.min(16))
}

#[cfg(test)]
mod tests;
