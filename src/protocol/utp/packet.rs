//! The bytes of a uTP packet: a header of 20, extensions, payload.
//!
//! Source: BEP 29, header format.

/// Bytes of a header without extensions.
pub const HEADER_BYTES: usize = 20;

/// The only version there is, in the low half of the first byte.
const VERSION: u8 = 1;

/// The extension that tells which packets beyond the acknowledged ones have come.
const SELECTIVE: u8 = 1;

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Carries payload.
    Data = 0,
    /// The sender's last one with a number of its own.
    Fin = 1,
    /// An acknowledgement, nothing else.
    State = 2,
    /// There is no such connection, or no longer.
    Reset = 3,
    /// Asks for a connection.
    Syn = 4,
}

impl Kind {
    fn of(code: u8) -> Option<Kind> {
        let kinds = [Kind::Data, Kind::Fin, Kind::State, Kind::Reset, Kind::Syn];
        kinds.into_iter().find(|kind| *kind as u8 == code)
    }
}

/// What stands before the extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the packet is for.
    pub kind: Kind,
    /// What the receiver knows the connection by; in a SYN what its sender will.
    pub connection: u16,
    /// The sender's clock when it was sent, in microseconds.
    pub timestamp_us: u32,
    /// How long the last packet from the receiver was under way, by the two clocks.
    pub difference_us: u32,
    /// Bytes that the sender has room for.
    pub window_bytes: u32,
    /// Number of this packet, or of the sender's next one where this has none.
    pub sequence: u16,
    /// The last packet that arrived with all before it.
    pub acknowledged: u16,
}

impl Header {
    /// As bytes, with a selective acknowledgement (none if empty) and payload.
    pub fn encode(&self, selective: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + 2 + selective.len() + payload.len());
        let extension = if selective.is_empty() { 0 } else { SELECTIVE };
        bytes.extend([(self.kind as u8) << 4 | VERSION, extension]);
        bytes.extend(self.connection.to_be_bytes());
        bytes.extend(self.timestamp_us.to_be_bytes());
        bytes.extend(self.difference_us.to_be_bytes());
        bytes.extend(self.window_bytes.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.acknowledged.to_be_bytes());
        if let Ok(len) = u8::try_from(selective.len())
            && len > 0
        {
            bytes.extend([0, len]);
            bytes.extend(selective);
        }
        bytes.extend(payload);
        bytes
    }
}

/// A packet as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its header.
    pub header: Header,
    /// Which packets beyond the acknowledged ones have come: the lowest bit of the
    /// first byte stands for the second one after the last acknowledged. Empty: not
    /// said.
    pub selective: &'a [u8],
    /// What it carries.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a datagram; none if it is no uTP packet. Extensions that we do not know
    /// are skipped.
    pub fn parse(datagram: &'a [u8]) -> Option<Self> {
        let (head, mut rest) = datagram.split_first_chunk::<HEADER_BYTES>()?;
        if head[0] & 0x0f != VERSION {
            return None;
        }
        let short = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        let long = |at: usize| u32::from(short(at)) << 16 | u32::from(short(at + 2));
        let header = Header {
            kind: Kind::of(head[0] >> 4)?,
            connection: short(2),
            timestamp_us: long(4),
            difference_us: long(8),
            window_bytes: long(12),
            sequence: short(16),
            acknowledged: short(18),
        };
        let (mut extension, mut selective) = (head[1], &[][..]);
        while extension != 0 {
            let (&[next, len], behind) = rest.split_first_chunk::<2>()?;
            let (content, behind) = behind.split_at_checked(usize::from(len))?;
            if extension == SELECTIVE {
                selective = content;
            }
            (extension, rest) = (next, behind);
        }
        Some(Packet {
            header,
            selective,
            payload: rest,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// DATA of connection 0x1234 with extension bits (2), a selective
    /// acknowledgement and two bytes, laid by hand.
    const DATA: &[u8] = &[
        0x01, 0x02, 0x12, 0x34, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0x38, 0, 0, 7, 0, 6, // header
        1, 2, 0xaa, 0xbb, // extension bits, then selective
        0, 4, 1, 0, 0, 0x80, // selective
        b'h', b'i',
    ];

    #[test]
    fn reads_a_packet_laid_by_hand() {
        let packet = Packet::parse(DATA).unwrap();
        let header = Header {
            kind: Kind::Data,
            connection: 0x1234,
            timestamp_us: 9,
            difference_us: 8,
            window_bytes: 0x3800,
            sequence: 7,
            acknowledged: 6,
        };
        assert_eq!(packet.header, header);
        assert_eq!(packet.selective, [1, 0, 0, 0x80]);
        assert_eq!(packet.payload, b"hi");
        let bytes = header.encode(packet.selective, packet.payload);
        assert_eq!(Packet::parse(&bytes), Some(packet));
        assert_eq!(header.encode(&[], b"hi").len(), HEADER_BYTES + 2);
    }

    #[test]
    fn takes_no_other_version_kind_or_length() {
        for first in [0x00, 0x02, 0x51, 0xf1, b'd'] {
            let mut other = DATA.to_vec();
            other[0] = first;
            assert_eq!(Packet::parse(&other), None, "{first:#x}");
        }
        for len in 0..DATA.len() - 2 {
            assert_eq!(Packet::parse(&DATA[..len]), None, "{len}");
        }
        assert!(Packet::parse(&DATA[..DATA.len() - 2]).is_some());
    }

    proptest! {
        #[test]
        fn survives_any_datagram(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(packet) = Packet::parse(&bytes) {
                prop_assert!(packet.payload.len() + HEADER_BYTES <= bytes.len());
            }
        }
    }
}
