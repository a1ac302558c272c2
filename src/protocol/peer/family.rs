//! Which program a peer runs, as far as that decides how to behave towards it.

use std::fmt;
use std::time::Duration;

use super::handshake::PeerId;
use super::names;
use super::way::{Transport, Way, Wrapping};

macro_rules! families {
    ($($variant:ident = $code:literal, $label:literal, $doc:literal;)+) => {
        /// A program, or those that share its engine's manners.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Family {
            $(#[doc = $doc] $variant = $code,)+
            /// Any other, or not recognised.
            #[default]
            Other = 0,
        }

        impl Family {
            /// All of them.
            pub const ALL: &'static [Family] = &[Family::Other, $(Family::$variant),+];

            /// The stable name in stored outcomes, counters and exports.
            pub const fn label(self) -> &'static str {
                match self {
                    $(Family::$variant => $label,)+
                    Family::Other => "other",
                }
            }
        }
    };
}

families! {
    Libtorrent = 1, "libtorrent", "libtorrent by Arvid Norberg, in a client that says nothing more of itself.";
    Qbittorrent = 2, "qbittorrent", "qBittorrent (libtorrent).";
    Deluge = 3, "deluge", "Deluge (libtorrent).";
    Transmission = 4, "transmission", "Transmission.";
    Aria2 = 5, "aria2", "aria2.";
    Rtorrent = 6, "rtorrent", "rTorrent (libTorrent by Rakshasa).";
    WebTorrent = 7, "webtorrent", "WebTorrent, hybrid or desktop.";
    Ctorrent = 8, "ctorrent", "CTorrent and Enhanced CTorrent.";
    Rqbit = 9, "rqbit", "rqbit.";
    BiglyBt = 10, "biglybt", "BiglyBT.";
    Azureus = 11, "azureus", "Azureus, Vuze.";
    Utorrent = 12, "utorrent", "µTorrent.";
    Mainline = 13, "bittorrent", "BitTorrent by BitTorrent Inc.";
    Anacrolix = 14, "anacrolix", "anacrolix/torrent.";
    BitComet = 15, "bitcomet", "BitComet.";
    Xunlei = 16, "xunlei", "Xunlei (Thunder).";
    Tixati = 17, "tixati", "Tixati.";
    Ktorrent = 18, "ktorrent", "KTorrent.";
}

impl Family {
    /// The stable number in the store.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// From the stable number in the store.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.code() == code)
    }

    /// By the client's own words, else by its peer id: clients of one engine
    /// often keep the engine's peer id, and name themselves in `v`.
    pub fn of(peer_id: &PeerId, v: Option<&str>) -> Family {
        v.and_then(names::family_of_name)
            .or_else(|| names::family_of_id(peer_id))
            .unwrap_or_default()
    }

    /// As [`Family::of`], by no more than the beginning of its peer id.
    pub fn of_prefix(prefix: &str, v: Option<&str>) -> Family {
        let mut id = [0; 20];
        let bytes = id.iter_mut().zip(prefix.bytes());
        bytes.for_each(|(to, from)| *to = from);
        Family::of(&PeerId(id), v)
    }

    /// How often to say that we are still there.
    ///
    /// libtorrent closes after 120 s of silence, rTorrent after 240 s, BiglyBT
    /// after 300 s; rqbit after 10 s. More often than every 10 s is a flood to
    /// BiglyBT, twice in 5 s to aria2.
    pub const fn keep_alive_every(self) -> Duration {
        match self {
            Family::Rqbit => Duration::from_secs(5),
            _ => Duration::from_secs(100),
        }
    }

    /// Whether it tells us nothing until we have sent a bitfield.
    pub const fn wants_zero_bitfield(self) -> bool {
        matches!(self, Family::Rqbit)
    }

    /// Whether it shows one peer id in all its sessions, until it is started anew
    /// (Transmission: for 6 h). libtorrent draws a new one for each connection.
    pub const fn keeps_peer_id(self) -> bool {
        matches!(
            self,
            Family::Transmission
                | Family::Aria2
                | Family::Rtorrent
                | Family::WebTorrent
                | Family::Ctorrent
                | Family::Rqbit
        )
    }

    /// Whether it may speak this way. CTorrent never learnt encryption, nor did rqbit;
    /// rTorrent, aria2 and CTorrent know TCP alone.
    pub const fn speaks(self, way: Way) -> bool {
        let encryption = !matches!(self, Family::Ctorrent | Family::Rqbit);
        let utp = !matches!(self, Family::Rtorrent | Family::Aria2 | Family::Ctorrent);
        (encryption || matches!(way.wrapping, Wrapping::Plain))
            && (utp || matches!(way.transport, Transport::Tcp))
    }

    /// For how long it may keep HAVE to itself: Transmission sends it in batches every
    /// 10–12 s, the last one after it completed; rTorrent's came after 55 and 82 s.
    pub const fn tells_after(self) -> Duration {
        match self {
            Family::Transmission => Duration::from_secs(12),
            Family::Rtorrent => Duration::from_secs(82),
            _ => Duration::ZERO,
        }
    }

    /// Whether it holds HAVE back for a minute and more, and leaves just before
    /// it completes: what it shows is always old.
    pub const fn holds_back_have(self) -> bool {
        matches!(self, Family::Rtorrent)
    }

    /// Whether it may hide what it has (BEP 16). Those that do not are known by their
    /// makers' word: transmission issue 1725, webtorrent issue 1690, anacrolix issue 1104.
    pub const fn may_super_seed(self) -> bool {
        !matches!(
            self,
            Family::Transmission | Family::WebTorrent | Family::Anacrolix
        )
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(prefix: &str) -> PeerId {
        let mut id = [b'x'; 20];
        id[..prefix.len()].copy_from_slice(prefix.as_bytes());
        PeerId(id)
    }

    #[test]
    fn knows_the_measured_clients() {
        // Peer ids and `v` as these programs sent them.
        for (prefix, v, family) in [
            ("-LT2080-", Some("libtorrent/2.0.8.0"), Family::Libtorrent),
            ("-qB4520-", Some("qBittorrent/4.5.2"), Family::Qbittorrent),
            ("-DE2110-", Some("Deluge 2.1.1"), Family::Deluge),
            ("-TR3000-", Some("Transmission 3.00"), Family::Transmission),
            ("A2-1-36-0-", Some("aria2/1.36.0"), Family::Aria2),
            ("-lt0D80-", Some("libTorrent 0.13.8"), Family::Rtorrent),
            ("-WW0109-", None, Family::WebTorrent),
            ("-CD0303-", None, Family::Ctorrent),
            ("-rQ0910-", Some("rqbit 9.1.0"), Family::Rqbit),
            ("-BI3500-", Some("BiglyBT 3.5.0.0"), Family::BiglyBt),
            ("-AZ5760-", Some("Azureus 5.7.6.0"), Family::Azureus),
            (
                "-GT0003-",
                Some("anacrolix/torrent v1.0"),
                Family::Anacrolix,
            ),
            ("-UT355W-", Some("µTorrent 3.5.5"), Family::Utorrent),
            ("M7-10-5--", None, Family::Mainline),
        ] {
            assert_eq!(Family::of(&id(prefix), v), family, "{prefix}");
            assert_eq!(Family::of(&id(prefix), None), family, "{prefix} alone");
        }
    }

    #[test]
    fn its_own_words_come_before_its_peer_id() {
        let engine = id("-LT20B0-");
        assert_eq!(
            Family::of(&engine, Some("qBittorrent/5.1")),
            Family::Qbittorrent
        );
        assert_eq!(
            Family::of(&engine, Some("Somebody's client")),
            Family::Libtorrent
        );
        assert_eq!(
            Family::of(&id(""), Some("Somebody's client")),
            Family::Other
        );
    }

    #[test]
    fn codes_and_labels_are_unique() {
        for (index, family) in Family::ALL.iter().enumerate() {
            assert_eq!(usize::from(family.code()), index);
            assert_eq!(Family::from_code(family.code()), Some(*family));
            let same = Family::ALL.iter().filter(|it| it.label() == family.label());
            assert_eq!(same.count(), 1);
        }
        assert_eq!(Family::from_code(99), None);
    }

    #[test]
    fn every_family_speaks_plain_tcp_and_some_nothing_else() {
        let spoken = |it: Family| Way::ALL.map(|way| it.speaks(way));
        assert!(Family::ALL.iter().all(|it| it.speaks(Way::PLAIN_TCP)));
        assert_eq!(spoken(Family::Ctorrent), [true, false, false, false]);
        assert_eq!(spoken(Family::Rqbit), [true, false, true, false]);
        assert_eq!(spoken(Family::Aria2), [true, true, false, false]);
        assert_eq!(spoken(Family::Other), [true; 4]);
    }

    #[test]
    fn who_tells_late_is_known() {
        let late = |it: &&Family| !it.tells_after().is_zero();
        let late: Vec<_> = Family::ALL.iter().filter(late).collect();
        assert_eq!(late, [&Family::Transmission, &Family::Rtorrent]);
        for family in Family::ALL.iter().filter(|it| it.holds_back_have()) {
            assert!(family.tells_after().as_secs() > 60);
        }
    }

    #[test]
    fn no_rhythm_is_a_flood_or_too_slow() {
        for family in Family::ALL {
            let every = family.keep_alive_every().as_secs();
            match family {
                Family::Rqbit => assert!(every < 10),
                _ => assert!((10..120).contains(&every)),
            }
        }
    }
}
