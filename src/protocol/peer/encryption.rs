//! Message stream encryption (MSE, also PE): what two peers agree on before the first
//! byte of BEP 3, so that nobody between them sees what they speak.
//!
//! A the initiator, B the responder, S the secret of their Diffie-Hellman exchange, SKEY
//! the info-hash:
//!
//! 1. A → B: public key, PadA
//! 2. B → A: public key, PadB
//! 3. A → B: HASH('req1', S), HASH('req2', SKEY) xor HASH('req3', S),
//!    ENCRYPT(VC, crypto_provide, len(PadC), PadC, len(IA)), ENCRYPT(IA)
//! 4. B → A: ENCRYPT(VC, crypto_select, len(PadD), PadD)
//!
//! ENCRYPT is RC4 under keys made of S and SKEY, its first 1024 bytes discarded; VC is
//! eight zeros. What follows is encrypted on, or plain, as B selects. IA is where A says
//! its handshake already, so that no round trip is lost.
//!
//! This hides, it does not protect: who knows the info-hash can stand between the two.
//!
//! Machines without sockets or clocks: the time that a stranger may take is for the
//! caller to bound; how much it may send is bounded here.
//!
//! Source: "Message Stream Encryption", Azureus wiki (the only specification).

mod cipher;
mod exchange;
mod initiator;
mod intake;
mod responder;
#[cfg(test)]
mod tests;

pub use cipher::Cipher;
pub use initiator::Initiator;
pub use responder::{Agreed, Responder, SharedKeys};

/// What a machine's random choices grow from: its key and its padding. To be drawn
/// anew for each connection, by a generator that nobody can predict.
pub type Seed = [u8; 32];

/// Longest padding, of each of the four.
const PAD_BYTES: usize = 512;

/// The verification constant.
const VC: [u8; 8] = [0; 8];

/// Bit of `crypto_provide` and `crypto_select`: what follows is plain.
const PLAIN: u32 = 0x01;
/// Bit of `crypto_provide` and `crypto_select`: what follows is encrypted on.
const RC4: u32 = 0x02;

/// Why two peers did not agree: disconnect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionError {
    /// A public key that makes the secret known to everyone, or is none.
    #[error("a public key outside of 2 to p - 2")]
    DegenerateKey,
    /// Longer padding than there is, or the other one computes another secret.
    #[error("nothing known within {PAD_BYTES} bytes behind the public key")]
    NotSynchronised,
    /// No torrent of ours has this name.
    #[error("asks for a torrent that is none of ours")]
    UnknownTorrent,
    /// What was to be zeros is not.
    #[error("the verification constant is wrong")]
    WrongVerification,
    /// Nothing that both know was offered, or what was selected was not.
    #[error("crypto methods 0x{methods:08x}")]
    NoCommonMethod {
        /// What was offered, or selected.
        methods: u32,
    },
    /// Longer padding than there is.
    #[error("{len_bytes} bytes of padding, at most {PAD_BYTES}")]
    PaddingTooLong {
        /// Its length.
        len_bytes: usize,
    },
}

impl EncryptionError {
    /// The stable name in counters and stored outcomes.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::DegenerateKey => "degenerate_key",
            Self::NotSynchronised => "not_synchronised",
            Self::UnknownTorrent => "unknown_torrent",
            Self::WrongVerification => "wrong_verification",
            Self::NoCommonMethod { .. } => "no_common_method",
            Self::PaddingTooLong { .. } => "padding_too_long",
        }
    }
}

/// A big-endian number, of at most four bytes.
fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |all, byte| all << 8 | u32::from(*byte))
}

/// How much padding follows.
fn padding(len_bytes: &[u8]) -> Result<usize, EncryptionError> {
    match number(len_bytes) as usize {
        len_bytes if len_bytes > PAD_BYTES => Err(EncryptionError::PaddingTooLong { len_bytes }),
        len_bytes => Ok(len_bytes),
    }
}
