//! Which program a peer runs, as far as that decides how to behave towards it.

use std::fmt;
use std::time::Duration;

use super::handshake::PeerId;
use super::names;

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

    /// Whether it holds HAVE back for a minute and more, and leaves just before
    /// it completes: what it shows is always old.
    pub const fn holds_back_have(self) -> bool {
        matches!(self, Family::Rtorrent)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}
