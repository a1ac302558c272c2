//! In which ways one contact tries an address, one after the other: what goes first,
//! and after each dial what is still worth a try.
//!
//! Who does not take TCP may take uTP, whatever it is wrapped in; who hangs up before
//! its handshake may want another wrapping, speak uTP alone (libtorrent takes TCP and
//! closes at once then), or have no room. What nobody answers is not said twice.

use std::time::Duration;

use crate::protocol::peer::family::Family;
use crate::protocol::peer::pex::PexFlags;
use crate::protocol::peer::{Encryption, Transport, Way, Wrapping};

use super::facts::Outcome;
use super::pace::Pace;

/// Dials of one contact at most.
const MOST: usize = Pace::CONTACT_DIALS as usize;

/// Dials of one contact that nobody answers, at most: each lasts as long as the user
/// lets it, and holds a slot.
const SILENCES: usize = 2;

/// Which ways the user allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The wrappings.
    pub encryption: Encryption,
    /// Whether there is uTP.
    pub utp: bool,
}

/// What one dial gave, or one connection that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dial {
    /// How it was dialled.
    pub way: Way,
    /// What it came to; a success as soon as hands were shaken.
    pub outcome: Outcome,
    /// There was a connection: somebody is there.
    pub linked: bool,
}

/// What is known of an address before it is dialled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints {
    /// What earlier contacts have taught.
    pub lessons: Lessons,
    /// Who was met there.
    pub family: Option<Family>,
    /// What gossip says of it.
    pub said: PexFlags,
}

/// What contacts with an address teach the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lessons {
    /// The way that worked last.
    worked: Option<Way>,
    /// It did in the last contact.
    sure: bool,
    /// Whether each transport was answered in the last contact; none: not tried.
    answered: [Option<bool>; 2],
}

/// The ways of one contact: the one under way, those before it and those left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways {
    way: Way,
    left: [Option<Way>; MOST],
    dials: [Option<Dial>; MOST],
    /// The peer was told to call us at the same moment.
    through_a_hole: bool,
}

impl Allowed {
    /// Plain TCP and nothing else.
    pub const PLAIN_TCP: Allowed = Allowed {
        encryption: Encryption::Off,
        utp: false,
    };

    /// Whether this way may be used.
    pub fn permits(self, way: Way) -> bool {
        let built = self.utp || way.transport == Transport::Tcp;
        built && self.encryption.permits(way.wrapping)
    }

    /// What every peer can be tried by.
    fn simplest(self) -> Way {
        let encrypted = self.encryption == Encryption::Require;
        Way {
            transport: Transport::Tcp,
            wrapping: match encrypted {
                true => Wrapping::Encrypted,
                false => Wrapping::Plain,
            },
        }
    }
}

impl Dial {
    /// The peer closed before hands were shaken.
    pub fn is_turned_away(&self) -> bool {
        self.linked && matches!(self.outcome, Outcome::Closed | Outcome::Reset)
    }

    /// How much it says of who is there: how far it came, then how definite it is. A
    /// refusal says more than silence, and both more than what is wrong with us.
    fn weight(&self) -> u8 {
        match self.outcome {
            Outcome::Success => 9,
            Outcome::SelfConnection | Outcome::UnknownInfoHash => 8,
            Outcome::ProtocolError if self.way.wrapping == Wrapping::Plain => 7,
            Outcome::Closed if self.linked => 6,
            Outcome::Reset if self.linked => 5,
            // It may just not know this encryption.
            Outcome::ProtocolError => 4,
            Outcome::TimedOut if self.linked => 3,
            Outcome::Refused | Outcome::Closed | Outcome::Reset => 2,
            Outcome::NoRoute | Outcome::TimedOut => 1,
            _ => 0,
        }
    }
}

impl Lessons {
    /// A contact is over: `dials` is what each way gave.
    pub fn learn(&mut self, dials: &[Dial]) {
        let met = dials.iter().find(|it| it.outcome == Outcome::Success);
        self.sure = met.is_some();
        self.worked = met.map(|it| it.way).or(self.worked);
        self.answered = [None; 2];
        for dial in dials {
            let answered = &mut self.answered[dial.way.transport as usize];
            *answered = Some(dial.linked || answered.unwrap_or_default());
        }
    }

    /// Who was met there speaks uTP, and is to be met by that.
    pub fn prefer_utp(&mut self) {
        let wrapping = self.worked.map_or(Wrapping::Plain, |it| it.wrapping);
        self.worked = Some(Way {
            transport: Transport::Utp,
            wrapping,
        });
        self.sure = false;
    }

    /// Who lives there came to us in this way: it goes first, where nothing better is
    /// known.
    pub fn called(&mut self, way: Way) {
        if !self.sure {
            self.worked = Some(way);
        }
    }

    /// The one transport that was answered last.
    fn transport(&self) -> Option<Transport> {
        match self.answered {
            [Some(true), Some(false)] => Some(Transport::Tcp),
            [Some(false), Some(true)] => Some(Transport::Utp),
            _ => None,
        }
    }
}

impl Hints {
    /// Where a way stands in line: the smaller the sooner. The way that worked comes
    /// first, then what it has in common with others.
    fn place(&self, way: Way) -> (bool, bool) {
        let worked = self.lessons.worked;
        let transport = worked.map(|it| it.transport).or(self.lessons.transport());
        let wrapping = worked.map(|it| it.wrapping);
        let wrapping = wrapping.unwrap_or(match self.said.has(PexFlags::ENCRYPTION) {
            true => Wrapping::Encrypted,
            false => Wrapping::Plain,
        });
        (
            way.transport != transport.unwrap_or(Transport::Tcp),
            way.wrapping != wrapping,
        )
    }

    /// Whether a way may lead anywhere. A transport that nobody answered while the
    /// other one was answered is left out in every second contact, unless gossip tells
    /// of it.
    fn promises(&self, way: Way) -> bool {
        let lessons = &self.lessons;
        let vain = lessons.transport().is_some_and(|it| it != way.transport);
        let told = way.transport == Transport::Utp && self.said.has(PexFlags::UTP);
        let spoken = self.family.is_none_or(|it| it.speaks(way));
        lessons.worked == Some(way) || spoken && (told || !vain)
    }
}

impl Ways {
    /// The ways of a contact that begins. What worked in the last contact is tried
    /// alone: whoever it was is gone, or has no room; should it fail, the next contact
    /// tries the others too.
    pub fn new(allowed: Allowed, hints: &Hints) -> Self {
        let mut order = Way::ALL.map(|way| allowed.permits(way).then_some(way));
        order.sort_by_key(|way| way.map_or((true, true), |it| hints.place(it)));
        let promising = |it: &Way| hints.promises(*it);
        let some_promise = order.iter().flatten().any(promising);
        let sure = hints.lessons.worked.filter(|_| hints.lessons.sure);
        let sure = sure.filter(|it| allowed.permits(*it));
        let mut left = order.map(|way| {
            way.filter(|it| !some_promise || promising(it))
                .filter(|it| sure.is_none_or(|sure| sure == *it))
        });
        let first = left.iter_mut().find_map(Option::take);
        Ways {
            way: first.unwrap_or(allowed.simplest()),
            left,
            dials: [None; MOST],
            through_a_hole: false,
        }
    }

    /// Those of a contact with who calls us at the same time (BEP 55): it sends its
    /// datagrams to where we take uTP, and lets ours in that come from there.
    pub fn through_a_hole(allowed: Allowed, hints: &Hints) -> Self {
        let utp = Way::ALL.map(|it| (it.transport == Transport::Utp).then_some(it));
        let mut order = utp.map(|way| way.filter(|it| allowed.permits(*it)));
        order.sort_by_key(|way| way.map_or((true, true), |it| hints.place(it)));
        let first = order.iter_mut().find_map(Option::take);
        Ways {
            way: first.unwrap_or(allowed.simplest()),
            left: order,
            dials: [None; MOST],
            through_a_hole: true,
        }
    }

    /// No choice: a connection that came in.
    pub fn only(way: Way) -> Self {
        Ways {
            way,
            left: [None; MOST],
            dials: [None; MOST],
            through_a_hole: false,
        }
    }

    /// Whether the peer was told to call us at the same moment: it may let nobody in else.
    pub fn are_through_a_hole(&self) -> bool {
        self.through_a_hole
    }

    /// The way under way.
    pub fn way(&self) -> Way {
        self.way
    }

    /// How long the dial under way may take to connect: half of what the user allows
    /// where nobody answered before.
    pub fn patience(&self, timeout: Duration) -> Duration {
        match self.dials().any(|it| !it.linked) {
            true => timeout / 2,
            false => timeout,
        }
    }

    /// The dial under way came to nothing: the next one, unless that would be in vain.
    pub fn fell(&mut self, outcome: Outcome, linked: bool) -> Option<Way> {
        self.over(outcome, linked);
        let (way, left) = (self.way, self.left);
        let silent = |it: &Dial| it.outcome == Outcome::TimedOut;
        let go_on = self.dials().filter(silent).count() < SILENCES;
        let worth = |next: &Way| go_on && may_help(way, outcome, linked, *next);
        self.left = left.map(|it| it.filter(worth));
        self.way = self.left.iter_mut().find_map(Option::take)?;
        Some(self.way)
    }

    /// Hands were shaken, or we gave up: no other dial follows.
    pub fn over(&mut self, outcome: Outcome, linked: bool) {
        if let Some(place) = self.dials.iter_mut().find(|it| it.is_none()) {
            *place = Some(Dial {
                way: self.way,
                outcome,
                linked,
            });
        }
    }

    /// What each dial gave, in turn.
    pub fn dials(&self) -> impl Iterator<Item = Dial> + '_ {
        self.dials.iter().flatten().copied()
    }

    /// The dial that says most of who is there: the contact's outcome is its. Of those
    /// that say as much, the first.
    pub fn most_telling(&self) -> Option<Dial> {
        self.dials().min_by_key(|it| u8::MAX - it.weight())
    }
}

/// Whether `next` may lead anywhere after `way` came to this.
fn may_help(way: Way, outcome: Outcome, linked: bool, next: Way) -> bool {
    match outcome {
        Outcome::TimedOut | Outcome::Refused | Outcome::Closed | Outcome::Reset => {
            linked || next.transport != way.transport
        }
        // Whoever knows no encryption took ours for noise. Whoever answers a plain
        // handshake with something else is no peer.
        Outcome::ProtocolError => {
            way.wrapping == Wrapping::Encrypted && next.wrapping == Wrapping::Plain
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
