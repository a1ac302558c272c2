//! What lies between a session and its link: nothing, or encryption.

use std::io;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Plan;
use super::session::Session;
use crate::net::BoxLink;
use crate::protocol::peer::Wrapping;
use crate::protocol::peer::encryption::{Cipher, Initiator, Responder, Seed, SharedKeys};
use crate::protocol::peer::handshake::peek_info_hash;

/// What is read at once before a session begins.
const READ_BYTES: usize = 1024;

/// What lies between a session and its link.
#[derive(Debug, Default)]
pub(super) struct Wire {
    cipher: Option<Cipher>,
    /// What came before the session began, as it came.
    ahead: Vec<u8>,
    /// What is to be sent, as it travels.
    outbox: Vec<u8>,
}

impl Wire {
    /// To a guest that calls; an error if it does not speak as the peer wants.
    pub(super) async fn answer(link: &mut BoxLink, plan: &Plan) -> io::Result<Self> {
        let mut wire = Wire::default();
        let wrapping = loop {
            match peek_info_hash(&wire.ahead) {
                Ok(None) => wire.read_ahead(link).await?,
                Ok(Some(_)) => break Wrapping::Plain,
                Err(_) => break Wrapping::Encrypted,
            }
        };
        if !plan.encryption.permits(wrapping) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if wrapping == Wrapping::Plain {
            return Ok(wire);
        }
        let mut known = SharedKeys::default();
        known.insert(plan.torrent.info_hash);
        let mut responder = Responder::new(seed(plan));
        loop {
            let mut rest = &wire.ahead[..];
            let agreed = responder.handle_input(&mut rest, &known);
            let agreed = agreed.map_err(io::Error::other)?;
            wire.ahead = rest.to_vec();
            link.write_all(&responder.take_transmit()).await?;
            if let Some(agreed) = agreed {
                wire.cipher = Some(agreed.cipher);
                return Ok(wire);
            }
            wire.read_ahead(link).await?;
        }
    }

    /// To a guest that is called, encrypted; the session's first words go along.
    pub(super) async fn encrypt(
        link: &mut BoxLink,
        plan: &Plan,
        session: &mut Session,
    ) -> io::Result<Self> {
        let (mut wire, words) = (Wire::default(), session.transmit());
        let mut initiator = Initiator::new(seed(plan), plan.torrent.info_hash, words);
        loop {
            let mut rest = &wire.ahead[..];
            let agreed = initiator.handle_input(&mut rest);
            let agreed = agreed.map_err(io::Error::other)?;
            wire.ahead = rest.to_vec();
            link.write_all(&initiator.take_transmit()).await?;
            if let Some(cipher) = agreed {
                session.transmitted(usize::MAX);
                wire.cipher = Some(cipher);
                return Ok(wire);
            }
            wire.read_ahead(link).await?;
        }
    }

    /// What came before the session began.
    pub(super) fn take_ahead(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.ahead);
        self.lift(&mut bytes);
        bytes
    }

    /// Decrypts what came.
    pub(super) fn lift(&mut self, bytes: &mut [u8]) {
        if let Some(cipher) = &mut self.cipher {
            cipher.decrypt(bytes);
        }
    }

    /// What is to be sent, with all that the session has to say now.
    pub(super) fn transmit(&mut self, session: &mut Session) -> &[u8] {
        let begin = self.outbox.len();
        self.outbox.extend(session.transmit());
        session.transmitted(usize::MAX);
        if let Some(cipher) = &mut self.cipher {
            cipher.encrypt(&mut self.outbox[begin..]);
        }
        &self.outbox
    }

    /// So much of it is sent.
    pub(super) fn transmitted(&mut self, len_bytes: usize) {
        self.outbox.drain(..len_bytes);
    }

    async fn read_ahead(&mut self, link: &mut BoxLink) -> io::Result<()> {
        let mut buffer = [0; READ_BYTES];
        let read = link.read(&mut buffer).await?;
        self.ahead.extend(&buffer[..read]);
        match read {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// Each of its connections may begin alike: nobody watches a lab.
fn seed(plan: &Plan) -> Seed {
    SmallRng::seed_from_u64(plan.seed).random()
}
