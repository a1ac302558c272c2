//! What a connection's bytes are encrypted with.

use std::fmt;

/// So many bytes of each key stream are discarded: the first ones tell of the key.
const DISCARDED_BYTES: usize = 1024;

/// One direction's key stream: RC4.
///
/// Source: RFC 6229, for its test vectors.
pub(super) struct KeyStream {
    permutation: [u8; 256],
    i: u8,
    j: u8,
}

impl KeyStream {
    /// The key stream of a SHA-1 digest.
    pub(super) fn new(key: [u8; 20]) -> Self {
        let mut stream = Self::keyed(&key);
        stream.apply(&mut [0; DISCARDED_BYTES]);
        stream
    }

    fn keyed(key: &[u8]) -> Self {
        let mut permutation = std::array::from_fn(|at| at as u8);
        let mut j = 0u8;
        for (i, byte) in (0..256).zip(key.iter().cycle()) {
            j = j.wrapping_add(permutation[i]).wrapping_add(*byte);
            permutation.swap(i, j.into());
        }
        let (i, j) = (0, 0);
        KeyStream { permutation, i, j }
    }

    /// Encrypts or decrypts.
    pub(super) fn apply(&mut self, bytes: &mut [u8]) {
        let permutation = &mut self.permutation;
        for byte in bytes {
            self.i = self.i.wrapping_add(1);
            self.j = self.j.wrapping_add(permutation[usize::from(self.i)]);
            let (i, j) = (usize::from(self.i), usize::from(self.j));
            permutation.swap(i, j);
            let sum = permutation[i].wrapping_add(permutation[j]);
            *byte ^= permutation[usize::from(sum)];
        }
    }
}

/// Shows nothing of the key.
impl fmt::Debug for KeyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyStream")
    }
}

/// Both directions' key streams.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) incoming: KeyStream,
    pub(super) outgoing: KeyStream,
}

/// What two peers agreed on: how the bytes that follow are encrypted, each way.
#[derive(Debug)]
pub struct Cipher {
    incoming: Option<KeyStream>,
    outgoing: Option<KeyStream>,
    /// After so many incoming bytes the rest is plain.
    covered: u64,
}

impl Cipher {
    /// Both ways are encrypted to the end.
    pub(super) fn lasting(streams: Streams) -> Self {
        Cipher {
            incoming: Some(streams.incoming),
            outgoing: Some(streams.outgoing),
            covered: u64::MAX,
        }
    }

    /// All is plain but so many bytes that come first.
    pub(super) fn passing(streams: Streams, covered: u64) -> Self {
        Cipher {
            incoming: Some(streams.incoming).filter(|_| covered > 0),
            outgoing: None,
            covered,
        }
    }

    /// Decrypts, in their order, bytes that came.
    pub fn decrypt(&mut self, bytes: &mut [u8]) {
        let Some(stream) = &mut self.incoming else {
            return;
        };
        let covered = usize::try_from(self.covered).unwrap_or(usize::MAX);
        let covered = covered.min(bytes.len());
        stream.apply(&mut bytes[..covered]);
        self.covered -= covered as u64;
        if self.covered == 0 {
            self.incoming = None;
        }
    }

    /// Encrypts, in their order, bytes that are to go.
    pub fn encrypt(&mut self, bytes: &mut [u8]) {
        if let Some(stream) = &mut self.outgoing {
            stream.apply(bytes);
        }
    }

    /// Whether all that follows is plain.
    pub fn is_spent(&self) -> bool {
        self.incoming.is_none() && self.outgoing.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_vectors_of_rfc_6229() {
        // The 40-bit and the 128-bit key: offsets 0 and 1024.
        let key: [u8; 16] = std::array::from_fn(|at| at as u8 + 1);
        for (key, first, later) in [
            (
                &key[..5],
                0xb239_6305_f03d_c027_ccc3_524a_0a11_18a8_u128,
                0x30ab_bcc7_c20b_0160_9f23_ee2d_5f6b_b7df_u128,
            ),
            (
                &key[..],
                0x9ac7_cc9a_609d_1ef7_b293_2899_cde4_1b97,
                0xbdf0_324e_6083_dcc6_d3ce_dd3c_a8c5_3c16,
            ),
        ] {
            let mut bytes = [0; 1040];
            KeyStream::keyed(key).apply(&mut bytes);
            assert_eq!(bytes[..16], first.to_be_bytes());
            assert_eq!(bytes[1024..], later.to_be_bytes());
        }
    }
}
