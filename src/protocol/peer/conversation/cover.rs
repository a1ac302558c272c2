//! What lies over the bytes of a conversation.

use crate::protocol::peer::encryption::{Cipher, EncryptionError, Initiator};

/// What lies over the bytes, now.
#[derive(Debug, Default)]
pub(super) enum Cover {
    /// Nothing: they are plain.
    #[default]
    Nothing,
    /// The two are still to agree.
    Agreeing(Box<Initiator>),
    /// A cipher.
    Agreed(Box<Cipher>),
}

impl Cover {
    /// Takes off `input` what the two need to agree; returns what is to be sent as it is.
    pub(super) fn agree(&mut self, input: &mut &[u8]) -> Result<Vec<u8>, EncryptionError> {
        let Cover::Agreeing(initiator) = self else {
            return Ok(Vec::new());
        };
        let agreed = initiator.handle_input(input)?;
        let answer = initiator.take_transmit();
        if let Some(cipher) = agreed {
            *self = Cover::Agreed(Box::new(cipher));
        }
        Ok(answer)
    }

    /// Lifts the cover from bytes that came.
    pub(super) fn lift(&mut self, bytes: &mut [u8]) {
        if let Cover::Agreed(cipher) = self {
            cipher.decrypt(bytes);
            if cipher.is_spent() {
                *self = Cover::Nothing;
            }
        }
    }

    /// Lays it over bytes that are to go.
    pub(super) fn lay(&mut self, bytes: &mut [u8]) {
        if let Cover::Agreed(cipher) = self {
            cipher.encrypt(bytes);
        }
    }
}
