//! What a caller says first: which torrent it asks for, and how it speaks.
//!
//! An encrypted caller costs us two powers, about 0.1 ms, when its key is whole; a plain
//! one next to nothing. The number of those that are greeted at once bounds that, and
//! nothing else does: a limit per second would let one stranger shut out all others.

use std::io;
use std::sync::Arc;

use crate::net::Incoming;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::peer::encryption::{Agreed, Cipher, EncryptionError, Responder, SharedKeys};
use crate::protocol::peer::handshake::peek_info_hash;
use crate::protocol::peer::{Encryption, Transport, Way, Wrapping};
use crate::swarm::facts::Outcome;

/// Bytes of a handshake up to the end of the info-hash.
const HEAD_BYTES: usize = 48;

/// What is read at once of an encrypted caller: all that it can say without an answer.
const ENCRYPTED_BYTES: usize = 1024;

/// A connection that was accepted, and how far it has come.
#[derive(Debug)]
pub struct Caller {
    /// The connection.
    pub incoming: Incoming,
    /// What was read of its handshake, as it came.
    pub head: Vec<u8>,
    /// What that and all behind it is encrypted with; None: they are plain.
    pub cipher: Option<Box<Cipher>>,
}

impl Caller {
    /// In which way it came.
    pub fn way(&self) -> Way {
        Way {
            transport: match self.incoming {
                Incoming::Os(_) | Incoming::Memory(_) => Transport::Tcp,
                Incoming::Utp(_) => Transport::Utp,
            },
            wrapping: match self.cipher {
                None => Wrapping::Plain,
                Some(_) => Wrapping::Encrypted,
            },
        }
    }
}

/// Reads until it is known which torrent a caller asks for.
pub(super) async fn greet(
    mut incoming: Incoming,
    encryption: Encryption,
    torrents: Arc<SharedKeys>,
) -> Result<(Caller, InfoHash), Outcome> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    loop {
        incoming = read(incoming, &mut head, HEAD_BYTES).await?;
        let (wrapping, info_hash) = match peek_info_hash(&head) {
            Ok(None) => continue,
            Ok(info_hash) => (Wrapping::Plain, info_hash),
            // The first byte that no handshake has there: most likely of a public key.
            Err(_) => (Wrapping::Encrypted, None),
        };
        if !encryption.permits(wrapping) {
            return Err(Outcome::WrongWrapping);
        }
        let Some(info_hash) = info_hash else {
            return agree(incoming, head, &torrents).await;
        };
        let cipher = None;
        let caller = Caller {
            incoming,
            head,
            cipher,
        };
        return Ok((caller, info_hash));
    }
}

/// Agrees with a caller on a cipher, and so on the torrent.
async fn agree(
    mut incoming: Incoming,
    mut head: Vec<u8>,
    torrents: &SharedKeys,
) -> Result<(Caller, InfoHash), Outcome> {
    let mut responder = Responder::new(rand::random());
    loop {
        let mut rest = &head[..];
        let agreed = responder.handle_input(&mut rest, torrents);
        let agreed = agreed.map_err(|error| match error {
            EncryptionError::UnknownTorrent => Outcome::UnknownInfoHash,
            _ => Outcome::ProtocolError,
        })?;
        head = rest.to_vec();
        let answer = responder.take_transmit();
        if !answer.is_empty() {
            incoming = incoming.write_all(&answer).await.map_err(lost)?;
        }
        if let Some(Agreed { info_hash, cipher }) = agreed {
            let cipher = Some(Box::new(cipher));
            let caller = Caller {
                incoming,
                head,
                cipher,
            };
            return Ok((caller, info_hash));
        }
        incoming = read(incoming, &mut head, ENCRYPTED_BYTES).await?;
    }
}

/// Reads once, until `head` has so many bytes at most.
async fn read(incoming: Incoming, head: &mut Vec<u8>, most: usize) -> Result<Incoming, Outcome> {
    let begin = head.len();
    head.resize(most, 0);
    let (read, incoming) = incoming.read(&mut head[begin..]).await.map_err(lost)?;
    head.truncate(begin + read);
    match read {
        0 => Err(Outcome::Closed),
        _ => Ok(incoming),
    }
}

fn lost(error: io::Error) -> Outcome {
    match error.kind() {
        io::ErrorKind::ConnectionReset => Outcome::Reset,
        _ => Outcome::Closed,
    }
}

#[cfg(test)]
mod tests;
