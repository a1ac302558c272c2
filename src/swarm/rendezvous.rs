//! Who may introduce us to a peer that cannot be dialled, and how often (BEP 55).
//!
//! A relay is a peer that takes part in hole punching, with whom a session is open. It can
//! introduce those whom it is connected to, and it says who they are (BEP 11). It has to
//! see us where we accept connections, for it tells the other peer to dial us where it
//! sees us: one that we dialled by TCP is dialled anew by uTP before it is asked.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;

use crate::moment::Moment;
use crate::protocol::address::canonical;
use crate::protocol::peer::holepunch::Refusal;

use super::book::SessionId;
use super::gossip::Budget;
use super::pace::Pace;

/// Addresses remembered as named by all relays together; what is named beyond that is
/// reached by other means or not at all.
const MOST_NAMED: usize = 50_000;

/// Addresses remembered as asked for: an hour of [`Pace::INTRODUCTIONS`].
const MOST_TARGETS: usize = 60 * Pace::INTRODUCTIONS;

/// What an introduction by a relay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Introduction {
    /// We asked for it.
    Wanted,
    /// The other peer wants to reach us.
    Called,
    /// More of these came than a relay may bring.
    TooMuch,
}

/// What to do to be introduced to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// This session's peer is to be asked for the one at this address.
    Ask(SessionId, SocketAddr),
    /// This session is to be given up, and its peer dialled by uTP.
    Redial(SessionId),
}

/// Where a relay sees us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Where we accept connections.
    #[default]
    AtHome,
    /// Elsewhere: we dialled it by TCP.
    Abroad,
}

/// One session's peer, which may introduce us.
#[derive(Debug, Default)]
struct Relay {
    /// Whom it is connected to.
    named: HashSet<SocketAddr>,
    view: View,
    /// What it was asked for within the minute.
    asked: Budget,
    /// Who called through it within the minute.
    called: Budget,
    /// It is held until then, to introduce us.
    held: Option<Moment>,
}

/// An address that we asked to be introduced to.
#[derive(Debug, Default)]
struct Target {
    /// How often within the hour.
    hour: Budget,
    /// By whom, within the hour.
    asked: Vec<SessionId>,
    /// Whose answer may come until when.
    awaits: Option<(SessionId, Moment)>,
    /// It knows nothing of hole punching.
    hopeless: bool,
}

impl Target {
    /// Whether nobody is to be asked for it within this hour.
    fn is_spent(&self, now: Moment, pace: Pace) -> bool {
        let enough = self.hopeless || self.hour.spent >= Pace::INTRODUCTIONS_TARGET;
        enough && !self.hour.is_over(now, pace.rendezvous_hour())
    }
}

/// The relays of one swarm, and whom they were asked for.
#[derive(Debug)]
pub struct Rendezvous {
    pace: Pace,
    relays: BTreeMap<SessionId, Relay>,
    named: usize,
    targets: HashMap<SocketAddr, Target>,
    /// Whom to be introduced to, and when.
    due: BTreeSet<(Moment, SocketAddr)>,
    minute: Budget,
    /// Who called within the minute, by whatever relay.
    called: Budget,
}

impl Rendezvous {
    /// No relay is known yet.
    pub fn new(pace: Pace) -> Self {
        Rendezvous {
            pace,
            relays: BTreeMap::new(),
            named: 0,
            targets: HashMap::new(),
            due: BTreeSet::new(),
            minute: Budget::default(),
            called: Budget::default(),
        }
    }

    /// A relay says whom it is connected to, and to whom no longer.
    pub fn named(
        &mut self,
        relay: SessionId,
        view: View,
        added: impl IntoIterator<Item = SocketAddr>,
        dropped: impl IntoIterator<Item = SocketAddr>,
    ) {
        let known = self.relays.entry(relay).or_default();
        known.view = view;
        for at in dropped {
            self.named -= usize::from(known.named.remove(&canonical(at)));
        }
        for at in added {
            let room = known.named.len() < Pace::GOSSIP_SESSION && self.named < MOST_NAMED;
            self.named += usize::from(room && known.named.insert(canonical(at)));
        }
    }

    /// The session to a relay is over.
    pub fn gone(&mut self, relay: SessionId) {
        if let Some(relay) = self.relays.remove(&relay) {
            self.named -= relay.named.len();
        }
    }

    /// Whether a relay that names somebody whom nobody has reached is to be held, and
    /// until when: by then it shows whether an introduction is needed.
    pub fn hold(&mut self, now: Moment, relay: SessionId) -> Option<Moment> {
        let held = |it: &&Relay| it.held.is_some_and(|until| until > now);
        let room = self.relays.values().filter(held).count() < Pace::RELAYS_HELD;
        let relay = self.relays.get_mut(&relay).filter(|_| room)?;
        // Once a session: what it holds on to is not to live for ever.
        if relay.held.is_some() {
            return None;
        }
        relay.held = Some(now + self.pace.hold_relay());
        relay.held
    }

    /// Nobody answers there; the address may be contacted again at `earliest`. Whether
    /// a relay is going to be asked then.
    pub fn seek(&mut self, now: Moment, at: SocketAddr, earliest: Moment) -> bool {
        let named = |it: (&SessionId, &Relay)| it.1.named.contains(&at);
        let target = self.targets.get(&at);
        let spent = target.is_some_and(|it| it.is_spent(now, self.pace));
        let sought = !spent && self.relays.iter().any(named) && self.due.len() < MOST_TARGETS;
        if sought {
            self.due.insert((earliest.max(now), at));
        }
        sought
    }

    /// Whom to ask for whom now; `is_wanted` says whether that still holds.
    pub fn next(&mut self, now: Moment, is_wanted: impl Fn(SocketAddr) -> bool) -> Option<Step> {
        self.minute.renew(now, self.pace.rendezvous_minute());
        while let Some((due, at)) = self.due.first().copied().filter(|it| it.0 <= now) {
            if self.minute.spent >= Pace::INTRODUCTIONS {
                return None;
            }
            self.due.remove(&(due, at));
            if !is_wanted(at) {
                continue;
            }
            if let Some(step) = self.choose(now, at) {
                self.minute.spend(1, Pace::INTRODUCTIONS);
                return Some(step);
            }
        }
        None
    }

    /// The relay that spoke to us last of those that may be asked for an address.
    fn choose(&mut self, now: Moment, at: SocketAddr) -> Option<Step> {
        if self.targets.len() >= MOST_TARGETS && !self.targets.contains_key(&at) {
            let hour = self.pace.rendezvous_hour();
            self.targets.retain(|_, it| !it.hour.is_over(now, hour));
            if self.targets.len() >= MOST_TARGETS {
                return None;
            }
        }
        let target = self.targets.entry(at).or_default();
        if target.is_spent(now, self.pace) {
            return None;
        }
        if target.hour.renew(now, self.pace.rendezvous_hour()) {
            *target = Target::default();
            target.hour.renew(now, self.pace.rendezvous_hour());
        }
        let minute = self.pace.rendezvous_minute();
        for (session, relay) in self.relays.iter_mut().rev() {
            relay.asked.renew(now, minute);
            let named = relay.named.contains(&at) && relay.view == View::AtHome;
            let may = named && !target.asked.contains(session);
            if may && relay.asked.spend(1, Pace::INTRODUCTIONS_RELAY) == 1 {
                target.hour.spend(1, Pace::INTRODUCTIONS_TARGET);
                target.asked.push(*session);
                target.awaits = Some((*session, now + self.pace.rendezvous_wait()));
                return Some(Step::Ask(*session, at));
            }
        }
        // What it names then says whether it can help.
        let abroad = |it: &(&SessionId, &Relay)| it.1.view == View::Abroad;
        let named = |it: &(&SessionId, &Relay)| it.1.named.contains(&at);
        let mut relays = self.relays.iter().filter(abroad).filter(named);
        let (session, _) = relays.next_back()?;
        let session = *session;
        self.gone(session);
        Some(Step::Redial(session))
    }

    /// A relay says that the peer at an address and we are to dial each other.
    pub fn introduced(&mut self, now: Moment, relay: SessionId, at: SocketAddr) -> Introduction {
        let target = self.targets.get_mut(&at);
        let wanted = target.and_then(|it| it.awaits.take_if(|it| it.0 == relay));
        if wanted.is_some_and(|(_, until)| now <= until) {
            return Introduction::Wanted;
        }
        let minute = self.pace.rendezvous_minute();
        let called = &mut self.relays.entry(relay).or_default().called;
        called.renew(now, minute);
        self.called.renew(now, minute);
        let may = called.spend(1, Pace::CALLS_RELAY) == 1;
        match may && self.called.spend(1, Pace::CALLS) == 1 {
            true => Introduction::Called,
            false => Introduction::TooMuch,
        }
    }

    /// A relay does not introduce us: another one may. What it was not asked is not heard.
    pub fn refused(&mut self, now: Moment, relay: SessionId, at: SocketAddr, why: Refusal) {
        let target = self.targets.get_mut(&at);
        let Some(target) = target.filter(|it| it.awaits.is_some_and(|it| it.0 == relay)) else {
            return;
        };
        target.awaits = None;
        target.hopeless = why == Refusal::NoSupport;
        if let Some(relay) = self.relays.get_mut(&relay) {
            self.named -= usize::from(relay.named.remove(&at));
        }
        self.seek(now, at, now);
    }

    /// When [`Self::next`] may have something.
    pub fn next_due(&self) -> Option<Moment> {
        self.due.first().map(|(due, _)| *due)
    }
}

#[cfg(test)]
mod tests;
