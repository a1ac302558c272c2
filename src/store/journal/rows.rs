//! What the journal says: how the store was begun, its torrents, and every rise
//! to the threshold, with all texts in full.

use std::path::Path;

use crate::moment::Moment;
use crate::store::codec::{CodecError, Decoder, Encoder, Inline, Row, Texts, decode, encode};
use crate::store::error::StoreError;
use crate::store::records::{CompletionRow, Parameters, TorrentRow};
use crate::swarm::facts::{PeerNumber, TorrentNumber};

/// First byte of a payload. The codes are stable.
mod kind {
    pub(super) const BEGUN: u8 = 1;
    pub(super) const TORRENT: u8 = 2;
    pub(super) const COMPLETION: u8 = 3;
    pub(super) const MERGED: u8 = 4;
}

/// A row of the journal.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::store) enum JournalRow {
    /// The first row: how the store was begun.
    Begun(Begun),
    /// A torrent; a later row with the same number replaces it.
    Torrent(TorrentNumber, TorrentRow),
    /// A rise to the threshold.
    Completion(TorrentNumber, PeerNumber, CompletionRow),
    /// A peer with a confirmed download was found to be an earlier record's: its
    /// download counts no more.
    Merged {
        /// Whose.
        torrent: TorrentNumber,
        /// The record that ends.
        peer: PeerNumber,
        /// The record that stays.
        into: PeerNumber,
    },
}

/// How a store was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Begun {
    pub(in crate::store) at: Moment,
    pub(in crate::store) parameters: Parameters,
    /// Tells whether the secret is still the same, and nothing else about it.
    pub(in crate::store) fingerprint: u64,
}

impl JournalRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::default();
        let row = match self {
            JournalRow::Begun(row) => {
                out.byte(kind::BEGUN);
                encode(row, &mut Inline)
            }
            JournalRow::Torrent(torrent, row) => {
                out.byte(kind::TORRENT);
                out.number(torrent.0);
                encode(row, &mut Inline)
            }
            JournalRow::Completion(torrent, peer, row) => {
                out.byte(kind::COMPLETION);
                out.number(torrent.0);
                out.number(peer.0);
                encode(row, &mut Inline)
            }
            JournalRow::Merged {
                torrent,
                peer,
                into,
            } => {
                out.byte(kind::MERGED);
                out.number(torrent.0);
                out.number(peer.0);
                out.number(into.0);
                Vec::new()
            }
        };
        out.raw(&row);
        out.bytes
    }

    /// A payload whose checksum is right: what can't be read is not damaged but
    /// written by another program, and must not be passed over.
    pub(super) fn decode(payload: &[u8], path: &Path) -> Result<JournalRow, StoreError> {
        Self::read(payload).map_err(|source| StoreError::JournalRow {
            path: path.into(),
            source,
        })
    }

    fn read(payload: &[u8]) -> Result<JournalRow, CodecError> {
        let mut input = Decoder::new(payload);
        match input.byte()? {
            kind::BEGUN => Ok(JournalRow::Begun(decode(input.rest(), &Inline)?)),
            kind::TORRENT => {
                let torrent = TorrentNumber(input.number()?);
                Ok(JournalRow::Torrent(torrent, decode(input.rest(), &Inline)?))
            }
            kind::COMPLETION => {
                let torrent = TorrentNumber(input.number()?);
                let peer = PeerNumber(input.number()?);
                let row = decode(input.rest(), &Inline)?;
                Ok(JournalRow::Completion(torrent, peer, row))
            }
            kind::MERGED => {
                let row = JournalRow::Merged {
                    torrent: TorrentNumber(input.number()?),
                    peer: PeerNumber(input.number()?),
                    into: PeerNumber(input.number()?),
                };
                input.finish()?;
                Ok(row)
            }
            code => Err(CodecError::UnknownCode {
                field: "kind of journal row",
                code: code.into(),
            }),
        }
    }
}

/// Bit of the flags: local addresses are allowed.
const ALLOW_LOCAL: u8 = 1;
/// Bit of the flags: addresses are kept.
const KEEP_ADDRESSES: u8 = 1 << 1;

impl Row for Begun {
    const VERSION: u8 = 1;

    fn write(&self, _: &mut dyn Texts, out: &mut Encoder) {
        out.moment(self.at);
        out.hash(self.fingerprint);
        out.number(self.parameters.threshold_permille);
        let local = u8::from(self.parameters.allow_local) * ALLOW_LOCAL;
        let keep = u8::from(self.parameters.keep_addresses) * KEEP_ADDRESSES;
        out.byte(local | keep);
    }

    fn read(_: &dyn Texts, input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let (at, fingerprint) = (input.moment()?, input.hash()?);
        let threshold_permille = input.number()?;
        let flags = input.byte()?;
        Ok(Begun {
            at,
            fingerprint,
            parameters: Parameters {
                threshold_permille,
                allow_local: flags & ALLOW_LOCAL != 0,
                keep_addresses: flags & KEEP_ADDRESSES != 0,
            },
        })
    }
}
