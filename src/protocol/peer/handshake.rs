//! The handshake: the first 68 bytes in either direction.

use std::fmt;

use super::error::ConversationError;
use crate::protocol::info_hash::InfoHash;

/// Length of a handshake.
pub const HANDSHAKE_BYTES: usize = 68;

/// The 20 bytes that open every handshake.
const PREFIX: &[u8; 20] = b"\x13BitTorrent protocol";
/// Where the info-hash starts and ends.
const INFO_HASH: std::ops::Range<usize> = 28..48;

/// What a client calls itself in a swarm: 20 bytes, by convention (BEP 20) a
/// client's prefix and random characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub [u8; 20]);

/// Printable bytes as they are, others as `\x..`.
impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// The eight bytes in which a handshake says what its sender can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reserved(pub [u8; 8]);

impl Reserved {
    /// What we can do: the extension protocol and Fast.
    pub const OURS: Reserved = Reserved([0, 0, 0, 0, 0, 0x10, 0, 0x04]);

    /// Fast extension (BEP 6).
    pub fn fast(self) -> bool {
        self.0[7] & 0x04 != 0
    }

    /// Extension protocol (BEP 10).
    pub fn extended(self) -> bool {
        self.0[5] & 0x10 != 0
    }

    /// The same, and a DHT node runs beside us.
    pub const fn and_dht(mut self) -> Self {
        self.0[7] |= 0x01;
        self
    }

    /// The same, and a v1 handshake may be answered by the v2 info-hash.
    pub const fn and_v2(mut self) -> Self {
        self.0[7] |= 0x10;
        self
    }

    /// A DHT node runs beside the client (BEP 5).
    pub fn dht(self) -> bool {
        self.0[7] & 0x01 != 0
    }

    /// The client can speak v2 of a hybrid torrent (BEP 52).
    pub fn v2(self) -> bool {
        self.0[7] & 0x10 != 0
    }
}

/// Who speaks, of which torrent, and what it can do.
///
/// Layout: 0x13, "BitTorrent protocol", 8 bytes reserved, 20 bytes info-hash,
/// 20 bytes peer id.
///
/// Source: BEP 3, peer protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handshake {
    /// What the sender can do.
    pub reserved: Reserved,
    /// The torrent.
    pub info_hash: InfoHash,
    /// The sender.
    pub peer_id: PeerId,
}

impl Handshake {
    /// As it travels.
    pub fn encode(&self) -> [u8; HANDSHAKE_BYTES] {
        let mut bytes = [0; HANDSHAKE_BYTES];
        bytes[..20].copy_from_slice(PREFIX);
        bytes[20..28].copy_from_slice(&self.reserved.0);
        bytes[INFO_HASH].copy_from_slice(&self.info_hash.0);
        bytes[48..].copy_from_slice(&self.peer_id.0);
        bytes
    }

    /// Reads the handshake at the start of `bytes`; `None` asks for more.
    ///
    /// # Errors
    /// The first byte that no handshake has at its place, as early as it is
    /// there.
    pub fn decode(bytes: &[u8]) -> Result<Option<Handshake>, ConversationError> {
        check_prefix(bytes)?;
        let Some((head, _)) = bytes.split_first_chunk::<HANDSHAKE_BYTES>() else {
            return Ok(None);
        };
        let mut reserved = Reserved::default();
        let (mut info_hash, mut peer_id) = ([0; 20], [0; 20]);
        reserved.0.copy_from_slice(&head[20..28]);
        info_hash.copy_from_slice(&head[INFO_HASH]);
        peer_id.copy_from_slice(&head[48..]);
        Ok(Some(Handshake {
            reserved,
            info_hash: InfoHash(info_hash),
            peer_id: PeerId(peer_id),
        }))
    }
}

/// Which torrent the start of an incoming connection asks for; `None` asks for
/// more (48 bytes are needed).
///
/// # Errors
/// The first byte that no handshake has at its place, as early as it is there.
pub fn peek_info_hash(bytes: &[u8]) -> Result<Option<InfoHash>, ConversationError> {
    check_prefix(bytes)?;
    let hash = bytes.get(INFO_HASH).and_then(|it| it.try_into().ok());
    Ok(hash.map(InfoHash))
}

fn check_prefix(bytes: &[u8]) -> Result<(), ConversationError> {
    let wrong = bytes.iter().zip(PREFIX).position(|(got, want)| got != want);
    match wrong {
        None => Ok(()),
        Some(offset) => Err(ConversationError::NotBitTorrent {
            offset,
            expected: PREFIX[offset],
            received: bytes[offset],
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn laid_by_hand() -> Vec<u8> {
        let mut bytes = vec![19];
        bytes.extend(b"BitTorrent protocol");
        bytes.extend([0, 0, 0, 0, 0, 0x10, 0, 0x05]);
        bytes.extend([0xaa; 20]);
        bytes.extend(b"-TR3000-abcdefghijkl");
        bytes
    }

    #[test]
    fn reads_and_writes_the_layout_of_bep_3() {
        let bytes = laid_by_hand();
        let handshake = Handshake::decode(&bytes).unwrap().unwrap();
        assert_eq!(handshake.info_hash, InfoHash([0xaa; 20]));
        assert_eq!(&handshake.peer_id.0, b"-TR3000-abcdefghijkl");
        let can = handshake.reserved;
        assert!(can.fast() && can.extended() && can.dht() && !can.v2());
        assert_eq!(handshake.encode(), *bytes);
    }

    #[test]
    fn promises_only_what_we_can() {
        let can = Reserved::OURS;
        assert!(can.fast() && can.extended() && !can.dht() && !can.v2());
        let can = can.and_dht();
        assert!(can.fast() && can.extended() && can.dht() && !can.v2());
        let can = Reserved::OURS.and_v2();
        assert!(can.fast() && can.extended() && !can.dht() && can.v2());
    }

    #[test]
    fn asks_for_more_until_all_is_there() {
        let bytes = laid_by_hand();
        for len in 0..68 {
            assert_eq!(Handshake::decode(&bytes[..len]), Ok(None), "{len}");
            let torrent = (len >= 48).then_some(InfoHash([0xaa; 20]));
            assert_eq!(peek_info_hash(&bytes[..len]), Ok(torrent), "{len}");
        }
    }

    #[test]
    fn names_the_first_wrong_byte_at_once() {
        let mut bytes = laid_by_hand();
        bytes[4] = b'x';
        assert_eq!(Handshake::decode(&bytes[..4]), Ok(None));
        let wrong = ConversationError::NotBitTorrent {
            offset: 4,
            expected: b'T',
            received: b'x',
        };
        assert_eq!(Handshake::decode(&bytes[..5]), Err(wrong.clone()));
        assert_eq!(peek_info_hash(&bytes), Err(wrong));
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(reserved: [u8; 8], hash: [u8; 20], id: [u8; 20]) {
            let handshake = Handshake {
                reserved: Reserved(reserved),
                info_hash: InfoHash(hash),
                peer_id: PeerId(id),
            };
            prop_assert_eq!(Handshake::decode(&handshake.encode()), Ok(Some(handshake)));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..=255)) {
            let _ = (Handshake::decode(&bytes), peek_info_hash(&bytes));
        }
    }
}
