//! Who dials.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::cipher::{Cipher, Streams};
use super::exchange::{KeyPair, PUBLIC_KEY_BYTES, name};
use super::intake::{Intake, Wanted};
use super::{EncryptionError, PLAIN, RC4, Seed, VC, number, padding};
use crate::protocol::info_hash::InfoHash;

/// Dials a peer. Offers both methods: some clients take the one only, some the other.
#[derive(Debug)]
pub struct Initiator {
    torrent: InfoHash,
    /// IA.
    first_words: Vec<u8>,
    intake: Intake,
    awaited: Awaited,
    outbox: Vec<u8>,
}

#[derive(Debug, Default)]
enum Awaited {
    PublicKey(KeyPair),
    /// The end of PadB: VC as the responder encrypts it.
    Verification(Streams),
    /// crypto_select, len(PadD).
    Method(Streams),
    /// PadD.
    Padding(Streams, u32),
    #[default]
    Nothing,
}

impl Initiator {
    /// Begins, with what is to be said first: clients take no more than a handshake
    /// there.
    pub fn new(seed: Seed, torrent: InfoHash, first_words: &[u8]) -> Self {
        let mut rng = StdRng::from_seed(seed);
        let pair = KeyPair::new(&mut rng);
        Initiator {
            torrent,
            first_words: first_words.to_vec(),
            intake: Intake::wanting(Wanted::Bytes(PUBLIC_KEY_BYTES)),
            outbox: pair.opening(&mut rng),
            awaited: Awaited::PublicKey(pair),
        }
    }

    /// What is to be sent now, as it is to travel.
    pub fn take_transmit(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outbox)
    }

    /// Takes what it needs off `input`, which comes in pieces of any size. Once the two
    /// agree, what is left there is encrypted as they agreed.
    ///
    /// # Errors
    /// They do not agree: disconnect.
    pub fn handle_input(&mut self, input: &mut &[u8]) -> Result<Option<Cipher>, EncryptionError> {
        while let Some(bytes) = self.intake.poll(input)? {
            if let Some(cipher) = self.take(bytes)? {
                return Ok(Some(cipher));
            }
        }
        Ok(None)
    }

    /// What was awaited is there.
    fn take(&mut self, mut bytes: Vec<u8>) -> Result<Option<Cipher>, EncryptionError> {
        let (next, wanted) = match std::mem::take(&mut self.awaited) {
            Awaited::PublicKey(pair) => {
                let (streams, marker) = self.answer(&pair, &bytes)?;
                let wanted = Wanted::Marker(marker.into());
                (Awaited::Verification(streams), wanted)
            }
            Awaited::Verification(streams) => (Awaited::Method(streams), Wanted::Bytes(6)),
            Awaited::Method(mut streams) => {
                streams.incoming.apply(&mut bytes);
                let wanted = Wanted::Bytes(padding(&bytes[4..])?);
                (Awaited::Padding(streams, number(&bytes[..4])), wanted)
            }
            Awaited::Padding(mut streams, method) => {
                streams.incoming.apply(&mut bytes);
                return match method {
                    PLAIN => Ok(Some(Cipher::passing(streams, 0))),
                    RC4 => Ok(Some(Cipher::lasting(streams))),
                    methods => Err(EncryptionError::NoCommonMethod { methods }),
                };
            }
            Awaited::Nothing => return Ok(None),
        };
        self.awaited = next;
        self.intake.want(wanted);
        Ok(None)
    }

    /// Says which torrent, what can follow, and the first words. Returns what the
    /// responder's VC will look like.
    fn answer(
        &mut self,
        pair: &KeyPair,
        theirs: &[u8],
    ) -> Result<(Streams, [u8; VC.len()]), EncryptionError> {
        let secret = pair.agree(theirs)?;
        let mut incoming = secret.of_responder(&self.torrent);
        let mut outgoing = secret.of_initiator(&self.torrent);
        self.outbox.extend(secret.marker());
        self.outbox.extend(secret.veil(&name(&self.torrent)));
        let begin = self.outbox.len();
        self.outbox.extend(VC);
        self.outbox.extend((PLAIN | RC4).to_be_bytes());
        // PadC is empty, as that of nearly all clients.
        self.outbox.extend(0u16.to_be_bytes());
        let len_bytes = self.first_words.len() as u16;
        self.outbox.extend(len_bytes.to_be_bytes());
        self.outbox.append(&mut self.first_words);
        outgoing.apply(&mut self.outbox[begin..]);
        let mut marker = VC;
        incoming.apply(&mut marker);
        Ok((Streams { incoming, outgoing }, marker))
    }
}
