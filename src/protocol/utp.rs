//! uTP (BEP 29), as far as to say that we do not speak it.
//!
//! Clients try uTP first and TCP when that fails. Silence costs them half a minute,
//! and Transmission 3.00 then leaves the peer alone for a quarter of an hour; a
//! RESET makes it try TCP at once (measured; its `handshake.c`, `gotError`).

/// Bytes of a uTP header.
const HEADER_BYTES: usize = 20;

/// Type SYN, version 1.
const SYN: u8 = 0x41;

/// Type RESET, version 1.
const RESET: u8 = 0x31;

/// The RESET that refuses a connection; none for any other datagram.
///
/// As long as what it answers: nobody gains by forging the sender. Bytes 2–3, the
/// connection id, are those of the SYN; bytes 16–19 hold a sequence number of our
/// own (0) and acknowledge the SYN's.
///
/// Source: BEP 29, header format, ST_SYN, ST_RESET.
pub fn refusal(datagram: &[u8]) -> Option<[u8; HEADER_BYTES]> {
    let header = datagram.first_chunk::<HEADER_BYTES>()?;
    if header[0] != SYN {
        return None;
    }
    let mut reset = [0; HEADER_BYTES];
    reset[0] = RESET;
    reset[2..4].copy_from_slice(&header[2..4]);
    reset[18..20].copy_from_slice(&header[16..18]);
    Some(reset)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A SYN with connection id 0x1234 and sequence number 1, laid by hand.
    const SYN_PACKET: [u8; 20] = [
        0x41, 0x00, 0x12, 0x34, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x38, 0, 0, 0, 1, 0, 0,
    ];

    #[test]
    fn refuses_a_syn_with_its_connection_id() {
        let mut expected = [0; 20];
        (expected[0], expected[2], expected[3], expected[19]) = (0x31, 0x12, 0x34, 1);
        assert_eq!(refusal(&SYN_PACKET), Some(expected));
        // With an extension behind the header, as libtorrent sends.
        let longer = [&SYN_PACKET[..], &[0; 10]].concat();
        assert_eq!(refusal(&longer), Some(expected));
    }

    #[test]
    fn answers_nothing_else() {
        for len in 0..20 {
            assert_eq!(refusal(&SYN_PACKET[..len]), None);
        }
        for first in (0..=255).filter(|first| *first != SYN) {
            let mut other = SYN_PACKET;
            other[0] = first;
            assert_eq!(refusal(&other), None, "{first:#x}");
        }
        assert_eq!(
            refusal(b"d1:ad2:id20:aaaaaaaaaaaaaaaaaaaae1:q4:ping1:t2:aa1:y1:qe"),
            None
        );
    }
}
