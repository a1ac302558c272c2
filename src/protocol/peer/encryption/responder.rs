//! Who is dialled.

use std::collections::HashMap;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::cipher::{Cipher, Streams};
use super::exchange::{KeyPair, PUBLIC_KEY_BYTES, Secret, name};
use super::intake::{Intake, Wanted};
use super::{EncryptionError, PLAIN, RC4, Seed, VC, number, padding};
use crate::protocol::info_hash::InfoHash;

/// The torrents that a caller may ask for, by what it asks with.
#[derive(Clone, Debug, Default)]
pub struct SharedKeys(HashMap<[u8; 20], InfoHash>);

impl SharedKeys {
    /// One more; a hybrid torrent has two.
    pub fn insert(&mut self, torrent: InfoHash) {
        self.0.insert(name(&torrent), torrent);
    }
}

/// What a caller wants.
#[derive(Debug)]
pub struct Agreed {
    /// This torrent.
    pub info_hash: InfoHash,
    /// How what follows is encrypted.
    pub cipher: Cipher,
}

/// Answers a caller. Nothing is computed before its public key is whole.
#[derive(Debug)]
pub struct Responder {
    seed: Seed,
    intake: Intake,
    awaited: Awaited,
    outbox: Vec<u8>,
}

#[derive(Debug, Default)]
enum Awaited {
    PublicKey,
    /// The end of PadA.
    Marker(Secret),
    /// The torrent's name under its veil, then VC, crypto_provide, len(PadC).
    Torrent(Secret),
    /// PadC, len(IA).
    Padding(InfoHash, Box<Streams>, u32),
    #[default]
    Nothing,
}

impl Responder {
    /// Awaits a caller's first bytes.
    pub fn new(seed: Seed) -> Self {
        Responder {
            seed,
            intake: Intake::wanting(Wanted::Bytes(PUBLIC_KEY_BYTES)),
            awaited: Awaited::PublicKey,
            outbox: Vec::new(),
        }
    }

    /// What is to be sent now, as it is to travel.
    pub fn take_transmit(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outbox)
    }

    /// Takes what it needs off `input`, which comes in pieces of any size. Once the two
    /// agree, what is left there is encrypted as they agreed: IA first, of any length.
    ///
    /// # Errors
    /// They do not agree: disconnect.
    pub fn handle_input(
        &mut self,
        input: &mut &[u8],
        torrents: &SharedKeys,
    ) -> Result<Option<Agreed>, EncryptionError> {
        while let Some(bytes) = self.intake.poll(input)? {
            if let Some(agreed) = self.take(bytes, torrents)? {
                return Ok(Some(agreed));
            }
        }
        Ok(None)
    }

    /// What was awaited is there.
    fn take(
        &mut self,
        mut bytes: Vec<u8>,
        torrents: &SharedKeys,
    ) -> Result<Option<Agreed>, EncryptionError> {
        let (next, wanted) = match std::mem::take(&mut self.awaited) {
            Awaited::PublicKey => {
                let mut rng = StdRng::from_seed(self.seed);
                let pair = KeyPair::new(&mut rng);
                let secret = pair.agree(&bytes)?;
                self.outbox = pair.opening(&mut rng);
                let wanted = Wanted::Marker(secret.marker().into());
                (Awaited::Marker(secret), wanted)
            }
            Awaited::Marker(secret) => (Awaited::Torrent(secret), Wanted::Bytes(20 + 14)),
            Awaited::Torrent(secret) => {
                let (veiled, sealed) = bytes.split_at_mut(20);
                let known = torrents.0.get(&secret.veil(veiled));
                let torrent = *known.ok_or(EncryptionError::UnknownTorrent)?;
                let mut streams = Streams {
                    incoming: secret.of_initiator(&torrent),
                    outgoing: secret.of_responder(&torrent),
                };
                streams.incoming.apply(sealed);
                if sealed[..8] != VC {
                    return Err(EncryptionError::WrongVerification);
                }
                let method = select(number(&sealed[8..12]))?;
                let wanted = Wanted::Bytes(padding(&sealed[12..])? + 2);
                (Awaited::Padding(torrent, Box::new(streams), method), wanted)
            }
            Awaited::Padding(info_hash, mut streams, method) => {
                streams.incoming.apply(&mut bytes);
                let first_words = number(&bytes[bytes.len() - 2..]);
                let begin = self.outbox.len();
                self.outbox.extend(VC);
                self.outbox.extend(method.to_be_bytes());
                // PadD is empty, as that of nearly all clients.
                self.outbox.extend(0u16.to_be_bytes());
                streams.outgoing.apply(&mut self.outbox[begin..]);
                let cipher = match method {
                    RC4 => Cipher::lasting(*streams),
                    _ => Cipher::passing(*streams, first_words.into()),
                };
                return Ok(Some(Agreed { info_hash, cipher }));
            }
            Awaited::Nothing => return Ok(None),
        };
        self.awaited = next;
        self.intake.want(wanted);
        Ok(None)
    }
}

/// RC4 wherever it is offered: who hides its first bytes from a network that would cut
/// them off hides the rest from it too, and the little that we are told costs nothing
/// to decrypt.
fn select(offered: u32) -> Result<u32, EncryptionError> {
    match offered {
        it if it & RC4 != 0 => Ok(RC4),
        it if it & PLAIN != 0 => Ok(PLAIN),
        methods => Err(EncryptionError::NoCommonMethod { methods }),
    }
}
