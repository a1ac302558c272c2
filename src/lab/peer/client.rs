//! What kinds of client there are, and how each treats a guest that never
//! asks for data.
//!
//! Source: measured against the real clients in 2026 and read from their
//! sources; µTorrent and Azureus from descriptions.

use std::fmt;
use std::time::Duration;

/// A kind of BitTorrent client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Client {
    /// libtorrent (Rasterbar) as it comes.
    Libtorrent,
    /// qBittorrent, on libtorrent.
    Qbittorrent,
    /// Deluge, on libtorrent.
    Deluge,
    /// Transmission: tells its pieces in batches.
    Transmission,
    /// aria2: hangs up after half a minute, repeats itself.
    Aria2,
    /// rTorrent: holds its pieces back, hangs up before it completes.
    Rtorrent,
    /// WebTorrent.
    WebTorrent,
    /// ctorrent: the protocol of 2001, without extensions.
    Ctorrent,
    /// rqbit: says nothing before it has heard a bitfield.
    Rqbit,
    /// µTorrent: a bitfield with holes, filled at once.
    Utorrent,
    /// Azureus, Vuze, BiglyBT.
    Azureus,
}

/// How a session opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Pieces, then the extension handshake.
    BitfieldFirst,
    /// The extension handshake, then, a moment later, pieces.
    HelloFirst,
    /// As [`Opening::HelloFirst`], and the bitfield comes twice.
    Twice,
    /// The extension handshake, then, in one go, a bitfield with holes and HAVE for
    /// the holes.
    Lazy,
}

/// When new pieces are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Haves {
    /// As soon as they are there.
    AtOnce,
    /// Together, each time a span between these two is over.
    Batched(Duration, Duration),
    /// At once, but only to who has sent a bitfield.
    AfterBitfield,
}

/// How a kind of client behaves towards a silent guest.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// The start of its peer ids.
    pub peer_id: &'static str,
    /// `v` of its extension handshake.
    pub version: Option<&'static str>,
    /// The handshake's reserved bytes.
    pub reserved: [u8; 8],
    /// How a session opens.
    pub opening: Opening,
    /// When new pieces are told.
    pub haves: Haves,
    /// Hangs up when it has heard nothing for this long.
    pub silence: Duration,
    /// Hangs up on a guest after this long, whatever it says.
    pub patience: Option<Duration>,
    /// How often it says that it lives.
    pub keep_alive: Duration,
    /// Two keep-alives from us within this span are a flood.
    pub flood: Option<Duration>,
    /// Sends its whole bitfield again this often.
    pub repeats: Option<Duration>,
    /// Uses another peer id for each connection.
    pub fresh_ids: bool,
    /// Says `upload_only` and `lt_donthave` to who asked for it.
    pub libtorrent_words: bool,
    /// Hangs up just before it completes.
    pub hides_completion: bool,
    /// Dials with encryption first (MSE), and in plaintext when that fails; takes both.
    pub encrypts_first: bool,
}

/// What most do.
const COMMON: Habits = Habits {
    peer_id: "-XX0000-",
    version: None,
    reserved: [0, 0, 0, 0, 0, 0x10, 0, 0x05],
    opening: Opening::BitfieldFirst,
    haves: Haves::AtOnce,
    silence: Duration::from_secs(120),
    patience: None,
    keep_alive: Duration::from_secs(100),
    flood: None,
    repeats: None,
    fresh_ids: false,
    libtorrent_words: false,
    hides_completion: false,
    encrypts_first: false,
};

const LIBTORRENT: Habits = Habits {
    peer_id: "-LT20B0-",
    version: Some("libtorrent/2.0.11.0"),
    fresh_ids: true,
    libtorrent_words: true,
    ..COMMON
};

const QBITTORRENT: Habits = Habits {
    peer_id: "-qB4520-",
    version: Some("qBittorrent/4.5.2"),
    ..LIBTORRENT
};

const DELUGE: Habits = Habits {
    peer_id: "-DE211s-",
    version: Some("Deluge/2.1.1 libtorrent/2.0.8.0"),
    ..LIBTORRENT
};

const TRANSMISSION: Habits = Habits {
    peer_id: "-TR3000-",
    version: Some("Transmission 3.00"),
    reserved: [0, 0, 0, 0, 0, 0x10, 0, 0x04],
    opening: Opening::HelloFirst,
    haves: Haves::Batched(Duration::from_secs(10), Duration::from_secs(12)),
    silence: Duration::from_secs(180),
    patience: Some(Duration::from_secs(300)),
    ..COMMON
};

const ARIA2: Habits = Habits {
    peer_id: "A2-1-36-0-",
    version: Some("aria2/1.36.0"),
    reserved: [0, 0, 0, 0, 0, 0x10, 0, 0x04],
    opening: Opening::Twice,
    silence: Duration::from_secs(60),
    patience: Some(Duration::from_secs(31)),
    flood: Some(Duration::from_secs(5)),
    repeats: Some(Duration::from_secs(8)),
    encrypts_first: true,
    ..COMMON
};

const RTORRENT: Habits = Habits {
    peer_id: "-lt0D80-",
    version: Some("libTorrent 0.13.8"),
    reserved: [0, 0, 0, 0, 0, 0x10, 0, 0],
    haves: Haves::Batched(Duration::from_secs(27), Duration::from_secs(55)),
    silence: Duration::from_secs(240),
    hides_completion: true,
    encrypts_first: true,
    ..COMMON
};

const WEBTORRENT: Habits = Habits {
    peer_id: "-WW0107-",
    reserved: [0, 0, 0, 0, 0, 0x10, 0, 0x04],
    opening: Opening::HelloFirst,
    ..COMMON
};

const CTORRENT: Habits = Habits {
    peer_id: "-CD0303-",
    reserved: [0; 8],
    ..COMMON
};

const RQBIT: Habits = Habits {
    peer_id: "-rQ9100-",
    version: Some("rqbit 9.1.0"),
    reserved: [0, 0, 0, 0, 0, 0x10, 0, 0],
    opening: Opening::HelloFirst,
    haves: Haves::AfterBitfield,
    silence: Duration::from_secs(10),
    ..COMMON
};

const UTORRENT: Habits = Habits {
    peer_id: "-UT3450-",
    version: Some("\u{b5}Torrent 3.4.5"),
    opening: Opening::Lazy,
    ..COMMON
};

const AZUREUS: Habits = Habits {
    peer_id: "-AZ5750-",
    version: Some("Azureus 5.7.5.0"),
    reserved: [0, 0, 0, 0, 0, 0x10, 0, 0x04],
    opening: Opening::HelloFirst,
    silence: Duration::from_secs(300),
    ..COMMON
};

impl Client {
    /// All of them.
    pub const ALL: &'static [Client] = &[
        Client::Libtorrent,
        Client::Qbittorrent,
        Client::Deluge,
        Client::Transmission,
        Client::Aria2,
        Client::Rtorrent,
        Client::WebTorrent,
        Client::Ctorrent,
        Client::Rqbit,
        Client::Utorrent,
        Client::Azureus,
    ];

    /// How it behaves.
    pub const fn habits(self) -> &'static Habits {
        match self {
            Client::Libtorrent => &LIBTORRENT,
            Client::Qbittorrent => &QBITTORRENT,
            Client::Deluge => &DELUGE,
            Client::Transmission => &TRANSMISSION,
            Client::Aria2 => &ARIA2,
            Client::Rtorrent => &RTORRENT,
            Client::WebTorrent => &WEBTORRENT,
            Client::Ctorrent => &CTORRENT,
            Client::Rqbit => &RQBIT,
            Client::Utorrent => &UTORRENT,
            Client::Azureus => &AZUREUS,
        }
    }

    /// Its name in tables.
    pub const fn label(self) -> &'static str {
        match self {
            Client::Libtorrent => "libtorrent",
            Client::Qbittorrent => "qBittorrent",
            Client::Deluge => "Deluge",
            Client::Transmission => "Transmission",
            Client::Aria2 => "aria2",
            Client::Rtorrent => "rTorrent",
            Client::WebTorrent => "WebTorrent",
            Client::Ctorrent => "ctorrent",
            Client::Rqbit => "rqbit",
            Client::Utorrent => "µTorrent",
            Client::Azureus => "Azureus",
        }
    }

    /// The kind whose peer ids began like this in 2015, as far as one is told
    /// from another here.
    pub(in crate::lab) fn of_2015(prefix: &str) -> Option<Client> {
        match prefix {
            "-UT" | "-BT" | "-UM" | "-BC" | "M7-" => Some(Client::Utorrent),
            "-AZ" => Some(Client::Azureus),
            "-TR" => Some(Client::Transmission),
            "-DE" => Some(Client::Deluge),
            "-qB" => Some(Client::Qbittorrent),
            "-LT" | "-MG" => Some(Client::Libtorrent),
            _ => None,
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}
