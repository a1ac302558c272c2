//! The programs: what they write into peer ids and `v`.
//!
//! One table a convention, from the public lists (facts, no code):
//! - BEP 20, <https://www.bittorrent.org/beps/bep_0020.html>;
//! - <https://wiki.theory.org/BitTorrentSpecification#peer_id>;
//! - libtorrent, <https://github.com/arvidn/libtorrent/blob/RC_2_0/src/identify_client.cpp>;
//! - WebTorrent, <https://github.com/webtorrent/bittorrent-peerid/blob/master/index.js>;
//! - the clients' own sources, for those that came later.
//!
//! Where the lists differ, what the client itself says of itself counts.

use super::odd;
use super::version::Style;
use crate::protocol::peer::family::Family;

/// A program that writes a two-letter code.
pub(super) struct Program {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) family: Family,
    pub(super) style: Style,
}

const fn program(code: &'static str, name: &'static str, family: Family, style: Style) -> Program {
    Program {
        code,
        name,
        family,
        style,
    }
}

const fn other(code: &'static str, name: &'static str) -> Program {
    program(code, name, Family::Other, Style::Dotted(4))
}

/// Azureus style: `-TR3000-`.
pub(super) const AZUREUS: &[Program] = &[
    other("7T", "aTorrent"),
    other("AB", "AnyEvent::BitTorrent"),
    program("A2", "aria2", Family::Aria2, Style::Dotted(4)),
    program("AG", "Ares", Family::Other, Style::Dotted(3)),
    other("AN", "Ares"),
    other("AR", "Arctic"),
    other("AT", "Artemis"),
    other("AV", "Avicora"),
    program("AX", "BitPump", Family::Other, Style::Pairs),
    program("AZ", "Vuze", Family::Azureus, Style::Dotted(4)),
    other("BB", "BitBuddy"),
    program("BC", "BitComet", Family::BitComet, Style::Hundredths),
    other("BE", "baretorrent"),
    program("BF", "Bitflu", Family::Other, Style::Unversioned),
    program("BG", "BTG", Family::Libtorrent, Style::Dotted(4)),
    program("BI", "BiglyBT", Family::BiglyBt, Style::Dotted(4)),
    other("BL", "BitBlinder"),
    program("BO", "Bits on Wheels", Family::Other, Style::OnWheels),
    other("BP", "BitTorrent Pro"),
    other("BR", "BitRocket"),
    other("BS", "BTSlave"),
    program("BT", "BitTorrent", Family::Mainline, Style::Dotted(3)),
    other("BU", "BigUp"),
    program("BW", "BitTorrent Web", Family::Mainline, Style::Dotted(3)),
    other("BX", "BittorrentX"),
    other("CB", "Shareaza Plus"),
    program("CD", "Enhanced CTorrent", Family::Ctorrent, Style::Pairs),
    program("CT", "CTorrent", Family::Ctorrent, Style::Dotted(4)),
    program("DE", "Deluge", Family::Deluge, Style::Dotted(3)),
    other("DP", "Propagate Data Client"),
    other("EB", "EBit"),
    program("ES", "Electric Sheep", Family::Other, Style::Dotted(3)),
    other("FC", "FileCroc"),
    program(
        "FD",
        "Free Download Manager",
        Family::Libtorrent,
        Style::Dotted(3),
    ),
    program("FG", "FlashGet", Family::Other, Style::Hundredths),
    program("FL", "Flud", Family::Libtorrent, Style::Dotted(4)),
    other("FT", "FoxTorrent"),
    program("FW", "FrostWire", Family::Libtorrent, Style::Dotted(3)),
    other("FX", "Freebox BitTorrent"),
    other("GR", "GetRight"),
    other("GS", "GSTorrent"),
    program(
        "GT",
        "anacrolix/torrent",
        Family::Anacrolix,
        Style::Dotted(4),
    ),
    other("HK", "Hekate"),
    program("HL", "Halite", Family::Libtorrent, Style::Dotted(3)),
    other("HN", "Hydranode"),
    other("IL", "iLivid"),
    other("KC", "Koinonein"),
    program("KG", "KGet", Family::Ktorrent, Style::Dotted(4)),
    program("KT", "KTorrent", Family::Ktorrent, Style::Lettered),
    other("LC", "LeechCraft"),
    other("LH", "LH-ABC"),
    program("LK", "linkage", Family::Other, Style::Dotted(3)),
    program("LP", "Lphant", Family::Other, Style::Pairs),
    program("LT", "libtorrent", Family::Libtorrent, Style::Dotted(4)),
    program("LW", "LimeWire", Family::Other, Style::Unversioned),
    program("MG", "MediaGet", Family::Libtorrent, Style::Dotted(4)),
    other("ML", "MLDonkey"),
    other("MO", "MonoTorrent"),
    program("MP", "MooPolice", Family::Other, Style::Dotted(3)),
    other("MR", "Miro"),
    other("MT", "MoonlightTorrent"),
    program("NE", "BT Next Evolution", Family::Other, Style::Dotted(3)),
    other("NX", "Net Transport"),
    other("OS", "OneSwarm"),
    other("OT", "OmegaTorrent"),
    other("PC", "CacheLogic"),
    other("PD", "Pando"),
    other("PE", "PeerProject"),
    program("PI", "PicoTorrent", Family::Libtorrent, Style::Dotted(4)),
    other("PT", "Popcorn Time"),
    other("QD", "QQDownload"),
    other("QT", "Qt example"),
    other("RT", "Retriever"),
    other("RZ", "RezTorrent"),
    other("SB", "SwiftBit"),
    program("SD", "Xunlei", Family::Xunlei, Style::Dotted(4)),
    other("SK", "spark"),
    other("SN", "ShareNET"),
    program("SP", "BitSpirit", Family::Other, Style::Dotted(3)),
    other("SS", "SwarmScope"),
    other("ST", "SymTorrent"),
    other("SZ", "Shareaza"),
    other("TB", "Torch"),
    other("TL", "Tribler"),
    other("TN", "Torrent.NET"),
    program(
        "TR",
        "Transmission",
        Family::Transmission,
        Style::Transmission,
    ),
    other("TS", "TorrentStorm"),
    program("TT", "TuoTu", Family::Other, Style::Dotted(3)),
    program("TX", "Tixati", Family::Tixati, Style::Dotted(4)),
    program(
        "UE",
        "µTorrent Embedded",
        Family::Utorrent,
        Style::Dotted(3),
    ),
    other("UL", "uLeecher!"),
    program("UM", "µTorrent for Mac", Family::Utorrent, Style::Dotted(3)),
    program("UT", "µTorrent", Family::Utorrent, Style::Dotted(3)),
    program("UW", "µTorrent Web", Family::Utorrent, Style::Dotted(3)),
    other("VG", "Vagaa"),
    program("WD", "WebTorrent Desktop", Family::WebTorrent, Style::Pairs),
    other("WT", "BitLet"),
    program("WW", "WebTorrent", Family::WebTorrent, Style::Pairs),
    other("WY", "FireTorrent"),
    other("XC", "XTorrent"),
    program("XF", "Xfplay", Family::Other, Style::Transmission),
    program("XL", "Xunlei", Family::Xunlei, Style::Dotted(4)),
    other("XS", "XSwifter"),
    other("XT", "XanTorrent"),
    other("XX", "XTorrent"),
    program("ZO", "Zona", Family::Libtorrent, Style::Dotted(4)),
    other("ZT", "ZipTorrent"),
    program(
        "lt",
        "rTorrent (libTorrent)",
        Family::Rtorrent,
        Style::Dotted(4),
    ),
    other("pX", "pHoeniX"),
    program("qB", "qBittorrent", Family::Qbittorrent, Style::Dotted(4)),
    program("rQ", "rqbit", Family::Rqbit, Style::Dotted(4)),
    other("st", "SharkTorrent"),
];

/// The same without the second dash, or with it elsewhere: `-UT340-`, `-FG0180`.
pub(super) const UNFRAMED: &[Program] = &[
    program("FG", "FlashGet", Family::Other, Style::Hundredths),
    program("FL", "Folx", Family::Other, Style::Dotted(4)),
    program("KT", "KTorrent", Family::Ktorrent, Style::Lettered),
    program("LH", "LH-ABC", Family::Other, Style::Unversioned),
    program("MG", "MediaGet", Family::Libtorrent, Style::Unversioned),
    program("NE", "BT Next Evolution", Family::Other, Style::Dotted(3)),
    program("SP", "BitSpirit", Family::Other, Style::Dotted(3)),
    program("UM", "µTorrent for Mac", Family::Utorrent, Style::Dotted(3)),
    program("UT", "µTorrent", Family::Utorrent, Style::Dotted(3)),
];

/// Mainline style: `M7-10-5--`; how it begins, before the version.
pub(super) const MAINLINE: &[(&str, &str, Family)] = &[
    ("A2-", "aria2", Family::Aria2),
    ("M", "BitTorrent", Family::Mainline),
    ("Q", "Queen Bee", Family::Other),
];

/// Shadow style: `S58B-----`; its first letter.
pub(super) const SHADOW: &[(u8, &str)] = &[
    (b'A', "ABC"),
    (b'O', "Osprey Permaseed"),
    (b'Q', "BTQueue"),
    (b'R', "Tribler"),
    (b'S', "Shadow's client"),
    (b'T', "BitTornado"),
    (b'U', "UPnP NAT BitTorrent"),
];

/// A program with a style of its own.
pub(super) struct Odd {
    /// Where the word stands.
    pub(super) at: usize,
    pub(super) word: &'static [u8],
    pub(super) name: &'static str,
    pub(super) family: Family,
    /// The version, from the whole peer id and from what stands behind the word;
    /// none if it is not this program's after all.
    pub(super) version: odd::Version,
}

const fn odd(at: usize, word: &'static [u8], name: &'static str, version: odd::Version) -> Odd {
    Odd {
        at,
        word,
        name,
        family: Family::Other,
        version,
    }
}

const fn bitcomet(word: &'static [u8]) -> Odd {
    Odd {
        family: Family::BitComet,
        ..odd(0, word, "BitComet", odd::bitcomet)
    }
}

/// All the other styles; the first that fits counts.
pub(super) const ODD: &[Odd] = &[
    odd(0, b"exbc", "BitLord", odd::bitlord),
    bitcomet(b"exbc"),
    bitcomet(b"FUTB"),
    bitcomet(b"xUTB"),
    odd(0, b"XBT", "XBT Client", odd::dotted::<3>),
    odd(0, b"OP", "Opera", odd::build::<4>),
    odd(0, b"O", "Opera", odd::build::<6>),
    odd(0, b"-ML", "MLDonkey", odd::written),
    odd(0, b"AZ2500BT", "BitTyrant", odd::none),
    odd(0, b"Azureus", "Vuze", odd::none),
    odd(5, b"Azureus", "Vuze", odd::none),
    Odd {
        family: Family::Tixati,
        ..odd(0, b"TIX", "Tixati", odd::pairs::<4>)
    },
    odd(0, b"QVOD", "QVOD", odd::dotted::<4>),
    odd(0, b"DNA", "BitTorrent DNA", odd::pairs::<4>),
    odd(0, b"Mbrst", "Burst!", odd::dashed),
    odd(0, b"AP", "AllPeers", odd::written),
    odd(0, b"BTM", "BTuga Revolution", odd::dotted::<2>),
    odd(0, b"BitLet", "BitLet", odd::none),
    odd(0, b"-aria2-", "aria2", odd::none),
    odd(0, b"-G3", "G3 Torrent", odd::none),
    odd(0, b"-Qt-", "Qt example", odd::none),
    odd(0, b"-WS", "HTTP Seed", odd::none),
    odd(0, b"10-------", "JVtorrent", odd::none),
    odd(0, b"271-", "GreedBT", odd::none),
    odd(0, b"346-", "TorrentTopia", odd::none),
    odd(0, b"BLZ", "Blizzard Downloader", odd::none),
    odd(0, b"BTDWV-", "Deadman Walking", odd::none),
    odd(0, b"DansClient", "XanTorrent", odd::none),
    odd(0, b"Deadman Walking-", "Deadman Walking", odd::none),
    odd(0, b"LIME", "LimeWire", odd::none),
    odd(0, b"P87.P---", "BitTorrent Plus!", odd::none),
    odd(0, b"PEERAPP", "PeerApp", odd::none),
    odd(0, b"PRC.P---", "BitTorrent Plus!", odd::none),
    odd(0, b"Pando", "Pando", odd::none),
    odd(0, b"Plus", "Plus!", odd::none),
    odd(0, b"S3-", "Amazon S3", odd::dashed),
    odd(0, b"S587Plus", "BitTorrent Plus!", odd::none),
    odd(0, b"T00---0", "Teeweety", odd::none),
    odd(0, b"a00---0", "Swarmy", odd::none),
    odd(0, b"a02---0", "Swarmy", odd::none),
    odd(0, b"arclight", "Hurricane Electric", odd::none),
    odd(0, b"btpd/", "btpd", odd::none),
    odd(0, b"btuga", "BTugaXP", odd::none),
    odd(0, b"martini", "Martini Man", odd::none),
    odd(0, b"oernu", "BTugaXP", odd::none),
    odd(0, b"turbobt", "TurboBT", odd::none),
    odd(2, b"BS", "BitSpirit", odd::bitspirit),
    odd(2, b"RS", "Rufus", odd::rufus),
    odd(4, b"btfans", "SimpleBT", odd::none),
    odd(5, b"BTuga", "BTugaXP", odd::none),
];

/// How `v` begins, in lower case; what the program is called then, and its family.
/// The first that fits counts.
pub(super) const WORDS: &[(&str, &str, Family)] = &[
    ("qbittorrent", "qBittorrent", Family::Qbittorrent),
    ("deluge", "Deluge", Family::Deluge),
    // Rakshasa's, which writes a blank; Arvid Norberg's writes a slash.
    ("libtorrent 0.1", "rTorrent (libTorrent)", Family::Rtorrent),
    ("libtorrent", "libtorrent", Family::Libtorrent),
    ("transmission", "Transmission", Family::Transmission),
    ("aria2", "aria2", Family::Aria2),
    (
        "rtorrent (libtorrent)",
        "rTorrent (libTorrent)",
        Family::Rtorrent,
    ),
    ("rtorrent", "rTorrent", Family::Rtorrent),
    (
        "webtorrent desktop",
        "WebTorrent Desktop",
        Family::WebTorrent,
    ),
    ("webtorrent", "WebTorrent", Family::WebTorrent),
    ("enhanced ctorrent", "Enhanced CTorrent", Family::Ctorrent),
    ("ctorrent", "CTorrent", Family::Ctorrent),
    ("rqbit", "rqbit", Family::Rqbit),
    ("biglybt", "BiglyBT", Family::BiglyBt),
    ("azureus", "Vuze", Family::Azureus),
    ("vuze", "Vuze", Family::Azureus),
    ("µtorrent embedded", "µTorrent Embedded", Family::Utorrent),
    ("µtorrent for mac", "µTorrent for Mac", Family::Utorrent),
    ("µtorrent mac", "µTorrent for Mac", Family::Utorrent),
    ("µtorrent web", "µTorrent Web", Family::Utorrent),
    ("µtorrent", "µTorrent", Family::Utorrent),
    ("\u{3bc}torrent web", "µTorrent Web", Family::Utorrent),
    ("\u{3bc}torrent", "µTorrent", Family::Utorrent),
    ("utorrent web", "µTorrent Web", Family::Utorrent),
    ("utorrent", "µTorrent", Family::Utorrent),
    ("bittorrent dna", "BitTorrent DNA", Family::Other),
    ("bittorrent plus", "BitTorrent Plus!", Family::Other),
    ("bittorrent pro", "BitTorrent Pro", Family::Mainline),
    ("bittorrent web", "BitTorrent Web", Family::Mainline),
    ("bittorrent", "BitTorrent", Family::Mainline),
    ("anacrolix", "anacrolix/torrent", Family::Anacrolix),
    ("bitcomet", "BitComet", Family::BitComet),
    ("xunlei", "Xunlei", Family::Xunlei),
    ("tixati", "Tixati", Family::Tixati),
    ("ktorrent", "KTorrent", Family::Ktorrent),
];
