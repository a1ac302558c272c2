//! Torrents.

use super::{CodecError, Decoder, Encoder, Row, Texts};
use crate::protocol::info_hash::{InfoHash, InfoHashV2};
use crate::store::records::TorrentRow;

/// Bit in the first byte: a v2 info-hash follows.
const HAS_V2: u8 = 1;
/// Bit in the first byte: BEP 27.
const PRIVATE: u8 = 1 << 1;

impl Row for TorrentRow {
    const VERSION: u8 = 1;

    fn write(&self, _: &mut dyn Texts, out: &mut Encoder) {
        let v2 = self.info_hash_v2.map_or(0, |_| HAS_V2);
        out.byte(v2 | if self.private { PRIVATE } else { 0 });
        out.raw(&self.info_hash.0);
        if let Some(hash) = &self.info_hash_v2 {
            out.raw(&hash.0);
        }
        out.moment(self.added_at);
        out.number(self.pieces);
        out.number(self.piece_length_bytes);
        out.number(self.size_bytes);
        out.text(&self.name);
        out.text(&self.origin);
        out.number(self.trackers.len() as u64);
        self.trackers.iter().for_each(|url| out.text(url));
    }

    fn read(_: &dyn Texts, input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let has = input.byte()?;
        let info_hash = InfoHash(input.array()?);
        let info_hash_v2 = match has & HAS_V2 {
            0 => None,
            _ => Some(InfoHashV2(input.array()?)),
        };
        Ok(TorrentRow {
            info_hash,
            info_hash_v2,
            added_at: input.moment()?,
            pieces: input.number()?,
            piece_length_bytes: input.number()?,
            size_bytes: input.number()?,
            name: input.text()?.to_owned(),
            origin: input.text()?.to_owned(),
            private: has & PRIVATE != 0,
            trackers: (0..input.number::<u32>()?)
                .map(|_| input.text().map(str::to_owned))
                .collect::<Result<_, _>>()?,
        })
    }
}
