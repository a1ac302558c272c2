//! The words of the field, as types: what is said of torrents and peers between
//! the swarm's bookkeeping, the recorder and the reports.

use crate::moment::Moment;

/// A torrent's number in one store, from 1; 0 stands for "no torrent known"
/// (an incoming connection that asked for an unknown info-hash).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TorrentNumber(pub u32);

/// A peer's number within one torrent of one store, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerNumber(pub u32);

/// How an address became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Source {
    /// A tracker's answer.
    Tracker = 0,
    /// A DHT lookup.
    Dht = 1,
    /// Peer exchange.
    Pex = 2,
    /// Local service discovery.
    Lsd = 3,
    /// The peer connected to us.
    Incoming = 4,
    /// The magnet link that named the torrent.
    Magnet = 5,
}

/// The sources that named an address, and when each did first: the second of that time
/// and one more, 0 for those that did not name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sources([u32; Source::ALL.len()]);

/// Who opened a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Direction {
    /// We dialled.
    Outgoing = 0,
    /// The peer dialled us.
    Incoming = 1,
}

/// (time, pieces held) of one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// When it was true.
    pub at: Moment,
    /// Pieces held.
    pub pieces: u32,
}

/// How a crossing was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Evidence {
    /// Below and above within one session: dated at its message.
    InSession = 0,
    /// Below in an earlier session, above in a later one: dated by an interval.
    AcrossSessions = 1,
}

/// By what two sessions were found to be of one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SessionLink {
    /// Only one session was needed.
    SameSession = 0,
    /// The same address and dialled port.
    Address = 1,
    /// The same peer id.
    PeerId = 2,
    /// The same address, claimed listen port and client name.
    ListenPort = 3,
    /// Two sessions at once with the same client name and the same held pieces.
    Twin = 4,
    /// The same IPv6 address and client name, of who tells no listen port.
    Host = 5,
}

/// What became of a rise to the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Verdict {
    /// One confirmed download.
    Confirmed = 0,
    /// A later rise of a peer that was above the threshold before, whatever became
    /// of the first one.
    Again = 1,
    /// The peer may have been super-seeding (BEP 16) all along.
    Unproven = 2,
    /// Faster than any link: a liar, or a broken client.
    Implausible = 3,
    /// The peer announced what a disk check found, not what it downloaded.
    Checking = 4,
}

/// What is known of where a peer stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PeerState {
    /// Never settled.
    #[default]
    Unknown = 0,
    /// Below the threshold when last seen.
    Below = 1,
    /// At or above the threshold when first seen.
    CompleteAtFirst = 2,
    /// A confirmed download.
    Confirmed = 3,
    /// Rose to the threshold, and the rise was not counted (see [`Verdict`]).
    NotCounted = 4,
    /// Below the threshold and says that it wants no more (`upload_only`).
    PartialSeed = 5,
    /// Found to be the same peer as an earlier record: counts nowhere.
    Merged = 6,
}

/// What a contact or an incoming connection was (thesis, table 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Attempt {
    /// First contact to an address and port.
    First = 0,
    /// A later contact.
    Later = 1,
    /// A connection that somebody opened to us.
    Incoming = 2,
}

/// How a contact or an incoming connection ended: exactly one for each attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// Its progress was learnt (settled).
    Success = 0,
    /// The handshake was done, yet the session ended before its progress settled.
    Unsettled = 1,
    /// No connection, or no handshake, within the time-out.
    TimedOut = 2,
    /// The connection was refused.
    Refused = 3,
    /// The peer closed before or in the handshake.
    Closed = 4,
    /// The connection was reset before or in the handshake.
    Reset = 5,
    /// No route to the host.
    NoRoute = 6,
    /// The network is unreachable.
    Unreachable = 7,
    /// Not the BitTorrent protocol, or broken frames.
    ProtocolError = 8,
    /// The answer names another info-hash, or an incoming one names none of ours.
    UnknownInfoHash = 9,
    /// It was ourselves.
    SelfConnection = 10,
    /// Another session to the same peer was open.
    Duplicate = 11,
    /// All sessions were in use.
    NoSlot = 12,
    /// The system refused a socket (descriptors, ports).
    LocalError = 13,
    /// The run was stopped during the attempt.
    Stopped = 14,
    /// Our own actor died.
    Crashed = 15,
    /// It came from an address that the user excluded: closed unheard.
    Excluded = 16,
    /// It came plain where encrypted connections alone are taken, or the other way round.
    WrongWrapping = 17,
    /// Our own network was down.
    NetworkDown = 18,
}

macro_rules! labels {
    ($name:ident, $($variant:ident => $label:literal),+ $(,)?) => {
        impl $name {
            /// All of them, in the order of their codes.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The stable name in stored outcomes, counters and exports.
            pub const fn label(self) -> &'static str {
                match self { $($name::$variant => $label),+ }
            }

            /// The stable number in the store.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// From the stable number in the store.
            pub fn from_code(code: u8) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.code() == code)
            }
        }

        impl $crate::swarm::census::Kind for $name {
            const ALL: &'static [$name] = $name::ALL;

            fn code(self) -> u8 {
                self.code()
            }

            fn label(self) -> &'static str {
                self.label()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.label())
            }
        }
    };
}

pub(super) use labels;

labels!(Source, Tracker => "tracker", Dht => "dht", Pex => "pex", Lsd => "lsd", Incoming => "incoming",
    Magnet => "magnet");
labels!(Direction, Outgoing => "outgoing", Incoming => "incoming");
labels!(Evidence, InSession => "in_session", AcrossSessions => "across_sessions");
labels!(SessionLink, SameSession => "same_session", Address => "address", PeerId => "peer_id",
    ListenPort => "listen_port", Twin => "twin", Host => "host");
labels!(Verdict, Confirmed => "confirmed", Again => "again", Unproven => "unproven",
    Implausible => "implausible", Checking => "checking");
labels!(PeerState, Unknown => "unknown", Below => "below", CompleteAtFirst => "complete_at_first",
    Confirmed => "confirmed", NotCounted => "not_counted", PartialSeed => "partial_seed", Merged => "merged");
labels!(Attempt, First => "first_contact", Later => "later_contact", Incoming => "incoming");
labels!(Outcome, Success => "success", Unsettled => "unsettled", TimedOut => "timed_out",
    Refused => "refused", Closed => "closed", Reset => "reset", NoRoute => "no_route",
    Unreachable => "unreachable", ProtocolError => "protocol_error",
    UnknownInfoHash => "unknown_info_hash", SelfConnection => "self_connection",
    Duplicate => "duplicate", NoSlot => "no_slot", LocalError => "local_error",
    Stopped => "stopped", Crashed => "crashed", Excluded => "excluded",
    WrongWrapping => "wrong_wrapping",
    NetworkDown => "network_down");

impl Outcome {
    /// Whether nothing came back: from nobody there, or over a network that is not.
    pub const fn is_silence(self) -> bool {
        matches!(
            self,
            Outcome::TimedOut | Outcome::NoRoute | Outcome::Unreachable | Outcome::LocalError
        )
    }
}

impl Source {
    /// Whether others than the torrent's own trackers, its link and the peer itself say
    /// so: a private torrent has no such source (BEP 27).
    pub const fn is_hearsay(self) -> bool {
        matches!(self, Source::Dht | Source::Pex | Source::Lsd)
    }
}

impl Outcome {
    /// Whether it says nothing of who is there: we ended it, or never began.
    pub const fn is_our_doing(self) -> bool {
        matches!(
            self,
            Outcome::Duplicate
                | Outcome::NoSlot
                | Outcome::LocalError
                | Outcome::Stopped
                | Outcome::Crashed
                | Outcome::Excluded
        )
    }
}

impl Sources {
    /// A source that is known to have named it, at a time that is not.
    const SOME_TIME: u32 = u32::MAX;

    /// With a source that names it now, if it did not before.
    #[must_use]
    pub fn with(self, source: Source, now: Moment) -> Self {
        let second = u32::try_from(now.as_millis() / 1000 + 1);
        self.named(source, second.unwrap_or(Self::SOME_TIME))
    }

    /// With a source that named it, nobody knows when.
    #[must_use]
    pub fn with_some_time(self, source: Source) -> Self {
        self.named(source, Self::SOME_TIME)
    }

    /// Those of both, each at its earlier time.
    #[must_use]
    pub fn and(self, other: Sources) -> Self {
        Source::ALL.iter().fold(self, |all, source| {
            match other.0[usize::from(source.code())] {
                0 => all,
                second => all.named(*source, second),
            }
        })
    }

    fn named(mut self, source: Source, second: u32) -> Self {
        let known = &mut self.0[usize::from(source.code())];
        if *known == 0 || second < *known {
            *known = second;
        }
        self
    }

    /// Whether `source` is among them.
    pub fn contains(self, source: Source) -> bool {
        self.0[usize::from(source.code())] != 0
    }

    /// When `source` named it first, to the second; none if it did not, or nobody
    /// knows.
    pub fn first_at(self, source: Source) -> Option<Moment> {
        let second = self.0[usize::from(source.code())];
        let known = second != 0 && second != Self::SOME_TIME;
        known.then(|| Moment::from_millis(u64::from(second - 1) * 1000))
    }

    /// The one that named it first.
    pub fn first(self) -> Option<Source> {
        self.iter().min_by_key(|it| self.0[usize::from(it.code())])
    }

    /// One bit each (`1 << Source as u8`).
    pub fn bits(self) -> u8 {
        self.iter().fold(0, |bits, it| bits | 1 << it.code())
    }

    /// Those in the set, in the order of [`Source::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Source> {
        Source::ALL
            .iter()
            .copied()
            .filter(move |it| self.contains(*it))
    }
}

/// The rule of the threshold: T = ceil(share × pieces), in integers.
///
/// `permille` is the threshold in thousandths (980 for 98 %).
pub fn threshold_pieces(permille: u16, pieces: u32) -> u32 {
    (u64::from(permille) * u64::from(pieces)).div_ceil(1000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threshold_is_a_ceiling() {
        // The thesis's own torrents: 98 % of these numbers of pieces.
        for (pieces, threshold) in [(1327, 1301), (5880, 5763), (610, 598), (6430, 6302)] {
            assert_eq!(threshold_pieces(980, pieces), threshold);
        }
        assert_eq!(threshold_pieces(980, 50), 49);
        assert_eq!(threshold_pieces(980, 1), 1);
        assert_eq!(threshold_pieces(1000, u32::MAX), u32::MAX);
    }

    #[test]
    fn codes_are_unique_and_stable() {
        for (index, outcome) in Outcome::ALL.iter().enumerate() {
            assert_eq!(usize::from(outcome.code()), index);
            assert_eq!(Outcome::from_code(outcome.code()), Some(*outcome));
        }
        assert_eq!(Outcome::from_code(200), None);
    }

    #[test]
    fn sources_are_a_set() {
        let at = |second: u64| Moment::from_millis(second * 1000);
        let set = Sources::default()
            .with(Source::Pex, at(5))
            .with_some_time(Source::Tracker);
        let later = set
            .with(Source::Pex, at(9))
            .and(Sources::default().with(Source::Dht, at(7)));
        assert_eq!(
            later.iter().collect::<Vec<_>>(),
            [Source::Tracker, Source::Dht, Source::Pex]
        );
        assert_eq!(later.first(), Some(Source::Pex));
        assert_eq!(later.first_at(Source::Pex), Some(at(5)));
        assert_eq!(later.first_at(Source::Tracker), None);
        assert_eq!((set.bits(), later.bits()), (0b101, 0b111));
        assert!(!later.contains(Source::Incoming));
    }
}
