//! Every bound on what a stranger can send, with its reason, and the lengths
//! that the protocols fix.

use std::time::Duration;

/// Nesting of any bencoded document. Real ones need five; the parser recurses,
/// and a debug build overflows a 2 MiB stack between 250 and 500.
pub const BENCODE_DEPTH: usize = 32;

/// A `.torrent` file, of 800,000 pieces; libtorrent takes 10 MB. Decoding costs
/// up to 24 times the input.
pub const TORRENT_FILE_BYTES: usize = 16 << 20;

/// Pieces of one torrent, as libtorrent: bounds a peer's bitfield at 256 KiB.
pub const PIECES: u32 = 1 << 21;

/// Piece length: libtorrent's own bound is 128 MiB, others write up to 256 MiB.
pub const PIECE_BYTES: u64 = 1 << 30;

/// A block, which is a leaf of version 2's trees of hashes: no piece of version 2 is
/// shorter (BEP 52).
pub const BLOCK_BYTES: u64 = 16 << 10;

/// Files named by one torrent.
pub const FILES: usize = 1 << 20;

/// Announce URLs taken from one torrent; lists of a hundred are common.
pub const TRACKERS: usize = 256;

/// Length of a tracker URL: a passkey needs 100 bytes, no server takes more
/// than 8 KiB.
pub const URL_BYTES: usize = 2048;

/// DHT nodes taken from one torrent.
pub const NODES: usize = 64;

/// A host name in the DNS (RFC 1035, 2.3.4).
pub const HOST_BYTES: usize = 253;

/// Length of a torrent's name as kept: that of a file name.
pub const NAME_BYTES: usize = 255;

/// A magnet link: [`TRACKERS`] of the usual length fill a third of it.
pub const MAGNET_BYTES: usize = 64 << 10;

/// Peers taken from one magnet link.
pub const MAGNET_PEERS: usize = 64;

/// An info dictionary that peers give us: what a torrent file may have, less what
/// stands around it there. libtorrent takes 30 MiB (`max_metadata_size`); the largest
/// seen have some 10 MiB.
pub const METADATA_BYTES: u32 = TORRENT_FILE_BYTES as u32 - 64;

/// A piece of the info dictionary; only the last one is shorter (BEP 9).
pub const METADATA_PIECE_BYTES: u32 = 16 << 10;

/// A message with such a piece: the dictionary before it has 50 bytes.
pub const METADATA_MESSAGE_BYTES: u32 = METADATA_PIECE_BYTES + 1024;

/// What one session may tell of its pieces before their number is known, as it is
/// kept: the bitfield of the largest torrent that [`METADATA_BYTES`] can describe (105 KB), and
/// the HAVE messages of the minute that we stay.
pub const UNMEASURED_BYTES: usize = 160 << 10;

/// The same for all sessions of a run, with those that have ended: thousands of peers
/// of usual torrents, and a hostile crowd cannot grow the program further.
pub const UNMEASURED_ROOM_BYTES: usize = 32 << 20;

/// A frame that we pass over: pieces are never requested, so nothing but a
/// bitfield is legitimately long; libtorrent's own bound is 1 MiB.
pub const FRAME_BYTES: u32 = 1 << 20;

/// The extension handshake: libtorrent's has 300 bytes, the longest seen 1 KiB.
pub const HELLO_BYTES: u32 = 16 << 10;

/// A message of peer exchange: [`PEX_ENTRIES`] added and dropped over IPv6 need
/// 8 KiB. A longer one is passed over.
pub const PEX_BYTES: u32 = 16 << 10;

/// Peers taken from one message of peer exchange, added and dropped each: BEP 11
/// permits 50 but in the first, libtorrent sends up to 100.
pub const PEX_ENTRIES: usize = 200;

/// A message of tracker exchange: [`TEX_TRACKERS`] of the usual length need 2 KiB.
pub const TEX_BYTES: u32 = 16 << 10;

/// Trackers taken from one message of tracker exchange.
pub const TEX_TRACKERS: usize = 32;

/// A message of hole punching over IPv6 (BEP 55): the id of the message, that of the
/// extension, and 24 bytes. A longer one is passed over.
pub const HOLEPUNCH_BYTES: u32 = 26;

/// The client name in `v`, as kept.
pub const CLIENT_BYTES: usize = 64;

/// A peer that says nothing for this long is gone: all clients send keep-alives
/// at least every two minutes, and one may be lost in an outage.
pub const PEER_SILENCE: Duration = Duration::from_secs(300);

/// An HTTP tracker's answer: 200 peers in dictionaries need 20 KiB.
pub const ANNOUNCE_BODY_BYTES: usize = 1 << 20;

/// Redirects followed in one exchange, as libtorrent: one to another scheme or
/// host is common, two happen.
pub const REDIRECTS: usize = 5;

/// Addresses tried of one tracker's name; big ones have two of each family.
pub const TRACKER_ADDRESSES: usize = 6;

/// Peers taken from one announce: trackers give at most 200.
pub const ANNOUNCE_PEERS: usize = 2000;

/// A tracker's `failure reason` or `warning message`, as kept.
pub const TRACKER_TEXT_BYTES: usize = 256;

/// A tracker's `tracker id`; a longer one is not echoed.
pub const TRACKER_ID_BYTES: usize = 256;

/// Torrents in one UDP scrape (BEP 15: "up to about 74").
pub const UDP_SCRAPE_TORRENTS: usize = 74;

/// Waiting for a UDP tracker grows from 15 s by doubling, eight times (BEP 15).
pub const UDP_RESENDS: u32 = 8;

/// First waiting time for a UDP tracker's answer (BEP 15).
pub const UDP_FIRST_WAIT: Duration = Duration::from_secs(15);

/// Life of a UDP tracker's connection id at the client (BEP 15).
pub const UDP_CONNECTION_LIFE: Duration = Duration::from_secs(60);
