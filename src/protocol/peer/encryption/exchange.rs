//! The Diffie-Hellman exchange, and what is made of its secret.

use crypto_bigint::modular::ConstMontyForm;
use crypto_bigint::{U192, U768, const_monty_params};
use rand::Rng;
use sha1::{Digest, Sha1};

use super::cipher::KeyStream;
use super::{EncryptionError, PAD_BYTES};
use crate::protocol::info_hash::InfoHash;

/// A public key, a secret: numbers below p, big-endian.
pub(super) const PUBLIC_KEY_BYTES: usize = 96;

/// A private key: the length that the specification recommends. A longer one makes the
/// exchange slower, and what it hides no safer.
const PRIVATE_KEY_BITS: u32 = 160;

const_monty_params!(
    P,
    U768,
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD1\
     29024E088A67CC74020BBEA63B139B22514A08798E3404DD\
     EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245\
     E485B576625E7EC6F44C42E9A63A36210000000000090563",
    "The modulus of the exchange."
);

type Residue = ConstMontyForm<P, { U768::LIMBS }>;

const GENERATOR: Residue = Residue::new(&U768::from_u8(2));

/// Our side of one exchange.
#[derive(Debug)]
pub(super) struct KeyPair {
    private: U192,
    public: [u8; PUBLIC_KEY_BYTES],
}

impl KeyPair {
    pub(super) fn new(rng: &mut impl Rng) -> Self {
        let mut private = [0; U192::BYTES];
        rng.fill(&mut private[U192::BYTES - PRIVATE_KEY_BITS as usize / 8..]);
        let private = U192::from_be_slice(&private);
        let public = GENERATOR.pow_bounded_exp(&private, PRIVATE_KEY_BITS);
        KeyPair {
            private,
            public: public.retrieve().to_be_bytes().into(),
        }
    }

    /// The public key with padding behind it: a side's first words.
    pub(super) fn opening(&self, rng: &mut impl Rng) -> Vec<u8> {
        let padding = rng.random_range(0..=PAD_BYTES);
        let mut opening = vec![0; PUBLIC_KEY_BYTES + padding];
        opening[..PUBLIC_KEY_BYTES].copy_from_slice(&self.public);
        rng.fill(&mut opening[PUBLIC_KEY_BYTES..]);
        opening
    }

    /// The secret that the two share; of their key all bytes are there.
    ///
    /// # Errors
    /// Their key is 0, 1, p - 1 or no residue: anyone would know the secret.
    pub(super) fn agree(&self, theirs: &[u8]) -> Result<Secret, EncryptionError> {
        let theirs = U768::from_be_slice(theirs);
        let greatest = Residue::MODULUS.get().wrapping_sub(&U768::from_u8(2));
        if theirs < U768::from_u8(2) || theirs > greatest {
            return Err(EncryptionError::DegenerateKey);
        }
        let secret = Residue::new(&theirs).pow_bounded_exp(&self.private, PRIVATE_KEY_BITS);
        Ok(Secret(secret.retrieve().to_be_bytes().into()))
    }
}

/// What both know after the exchange: S.
#[derive(Debug)]
pub(super) struct Secret([u8; PUBLIC_KEY_BYTES]);

impl Secret {
    /// HASH('req1', S): where padding ends.
    pub(super) fn marker(&self) -> [u8; 20] {
        hash(&[b"req1", &self.0])
    }

    /// HASH('req2', SKEY) with HASH('req3', S) laid over it, or taken off again.
    pub(super) fn veil(&self, name: &[u8]) -> [u8; 20] {
        let mask = hash(&[b"req3", &self.0]);
        std::array::from_fn(|at| name[at] ^ mask[at])
    }

    /// The key stream of what the initiator says.
    pub(super) fn of_initiator(&self, torrent: &InfoHash) -> KeyStream {
        KeyStream::new(hash(&[b"keyA", &self.0, &torrent.0]))
    }

    /// The key stream of what the responder says.
    pub(super) fn of_responder(&self, torrent: &InfoHash) -> KeyStream {
        KeyStream::new(hash(&[b"keyB", &self.0, &torrent.0]))
    }
}

/// HASH('req2', SKEY): what a torrent is asked for by.
pub(super) fn name(torrent: &InfoHash) -> [u8; 20] {
    hash(&[b"req2", &torrent.0])
}

fn hash(parts: &[&[u8]]) -> [u8; 20] {
    let mut digest = Sha1::new();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(first: u8) -> KeyPair {
        let bytes: [u8; 24] =
            std::array::from_fn(|at| (at as u8).checked_sub(4).map_or(0, |it| first + it));
        let private = U192::from_be_slice(&bytes);
        let public = GENERATOR.pow_bounded_exp(&private, PRIVATE_KEY_BITS);
        KeyPair {
            private,
            public: public.retrieve().to_be_bytes().into(),
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|it| format!("{it:02x}")).collect()
    }

    /// Figures from another implementation: Python's `pow` and `hashlib`, and RC4 by the
    /// book, for the private keys 01 02 .. 14 and 65 66 .. 78.
    #[test]
    fn agrees_with_figures_computed_elsewhere() {
        let (a, b) = (pair(1), pair(101));
        let public_a = hash(&[&a.public]);
        assert_eq!(hex(&public_a), "9fa4c50e31ec4635ddb9ef30405e9db341313ed2");
        let secret = a.agree(&b.public).unwrap();
        assert_eq!(secret.0, b.agree(&a.public).unwrap().0);
        let digest = hash(&[&secret.0]);
        assert_eq!(hex(&digest), "8a347c13acc42e0841bfae5ef1b2eb4d0a484769");
        let torrent = InfoHash([0xaa; 20]);
        assert_eq!(
            hex(&secret.marker()),
            "78fffb0f23055a793ff7609f359e04e383ec3505"
        );
        assert_eq!(
            hex(&secret.veil(&name(&torrent))),
            "f2f74cb293cbfc230fbc6707cd5dca1d7ea0e6fd"
        );
        let first = |mut stream: KeyStream| {
            let mut bytes = [0; 8];
            stream.apply(&mut bytes);
            hex(&bytes)
        };
        assert_eq!(first(secret.of_initiator(&torrent)), "e50e282022084479");
        assert_eq!(first(secret.of_responder(&torrent)), "943d5a81d0106aa0");
    }

    #[test]
    fn refuses_keys_that_tell_everyone_the_secret() {
        let p = Residue::MODULUS.get();
        let below = |by: u8| p.wrapping_sub(&U768::from_u8(by));
        let agree = |key: U768| pair(1).agree(&key.to_be_bytes()).map(|_| ());
        for key in [U768::ZERO, U768::ONE, below(1), p, U768::MAX] {
            assert_eq!(agree(key), Err(EncryptionError::DegenerateKey), "{key}");
        }
        for key in [U768::from_u8(2), below(2)] {
            assert_eq!(agree(key), Ok(()), "{key}");
        }
    }
}
