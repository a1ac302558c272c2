//! How rows become bytes: a version byte, then the fields one after the other.
//!
//! Numbers are LEB128 varints (signed ones zigzag), hashes are eight bytes
//! little-endian, texts either stand in the row or are numbers in the `names`
//! tree; which of the two is the business of the [`Texts`] handed in.

mod peer;
mod series;
#[cfg(test)]
mod tests;
mod torrent;

use std::sync::Arc;

use super::names::NameKind;
use crate::moment::Moment;

/// Bytes that are no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The row ends too early.
    #[error("it ends after {offset} bytes, in the middle of a field")]
    Truncated {
        /// Where it ends.
        offset: usize,
    },
    /// The row goes on after its last field.
    #[error("{extra} bytes too many after offset {offset}")]
    TooLong {
        /// Where it should end.
        offset: usize,
        /// How many bytes follow.
        extra: usize,
    },
    /// A number that does not fit its field.
    #[error("the number at offset {offset} does not fit its field")]
    Overflow {
        /// Where the number begins.
        offset: usize,
    },
    /// A code that this program does not know.
    #[error("unknown {field} {code}")]
    UnknownCode {
        /// What it should say.
        field: &'static str,
        /// What it says.
        code: u32,
    },
    /// A text that is not UTF-8.
    #[error("the text at offset {offset} is not UTF-8")]
    NotUtf8 {
        /// Where the text begins.
        offset: usize,
    },
}

impl CodecError {
    fn unknown_version(version: u8) -> Self {
        CodecError::UnknownCode {
            field: "row version",
            code: version.into(),
        }
    }

    /// The stable name in counters and logs.
    pub fn label(&self) -> &'static str {
        match self {
            CodecError::Truncated { .. } => "truncated",
            CodecError::TooLong { .. } => "too_long",
            CodecError::Overflow { .. } => "overflow",
            CodecError::UnknownCode { .. } => "unknown_code",
            CodecError::NotUtf8 { .. } => "not_utf8",
        }
    }
}

/// Where the texts of rows are kept.
pub(super) trait Texts {
    /// Writes a text, or something that stands for it.
    fn put(&mut self, kind: NameKind, text: &Arc<str>, out: &mut Encoder);
    /// Reads what `put` wrote.
    fn take(&self, kind: NameKind, input: &mut Decoder<'_>) -> Result<Arc<str>, CodecError>;
}

/// Texts stand in the row itself: rows that must be readable alone.
pub(super) struct Inline;

impl Texts for Inline {
    fn put(&mut self, _: NameKind, text: &Arc<str>, out: &mut Encoder) {
        out.text(text);
    }

    fn take(&self, _: NameKind, input: &mut Decoder<'_>) -> Result<Arc<str>, CodecError> {
        Ok(input.text()?.into())
    }
}

/// A kind of row.
pub(super) trait Row: Sized {
    /// The version that is written. Older ones stay readable.
    const VERSION: u8;
    /// Writes the fields.
    fn write(&self, texts: &mut dyn Texts, out: &mut Encoder);
    /// Reads the fields of the current version.
    fn read(texts: &dyn Texts, input: &mut Decoder<'_>) -> Result<Self, CodecError>;
    /// Reads the fields of an older version, if there is one.
    fn read_older(version: u8, _: &dyn Texts, _: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Err(CodecError::unknown_version(version))
    }
}

/// Most rows are no longer.
const USUAL_LEN_BYTES: usize = 80;

/// A row with its version in front.
pub(super) fn encode<R: Row>(row: &R, texts: &mut dyn Texts) -> Vec<u8> {
    let mut out = Encoder {
        bytes: Vec::with_capacity(USUAL_LEN_BYTES),
    };
    out.byte(R::VERSION);
    row.write(texts, &mut out);
    out.bytes
}

/// A row from all of `bytes`.
pub(super) fn decode<R: Row>(bytes: &[u8], texts: &dyn Texts) -> Result<R, CodecError> {
    let mut input = Decoder::new(bytes);
    let row = match input.byte()? {
        version if version == R::VERSION => R::read(texts, &mut input)?,
        version => R::read_older(version, texts, &mut input)?,
    };
    input.finish()?;
    Ok(row)
}

/// Bytes being written.
#[derive(Default)]
pub(super) struct Encoder {
    pub(super) bytes: Vec<u8>,
}

impl Encoder {
    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, number: impl Into<u64>) {
        let mut rest = number.into();
        while rest >= 0x80 {
            self.byte(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.byte(rest as u8);
    }

    pub(super) fn hash(&mut self, hash: u64) {
        self.raw(&hash.to_le_bytes());
    }

    pub(super) fn moment(&mut self, moment: Moment) {
        self.number(moment.as_millis());
    }

    /// A moment as its distance before `base` (zigzag: it may lie after it).
    pub(super) fn moment_near(&mut self, moment: Moment, base: Moment) {
        let distance = base.as_millis().wrapping_sub(moment.as_millis()) as i64;
        self.number(((distance << 1) ^ (distance >> 63)) as u64);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.raw(text.as_bytes());
    }

    /// None is 0, a number is one more than itself.
    pub(super) fn optional(&mut self, number: Option<u64>) {
        self.number(number.map_or(0, |it| it.saturating_add(1)));
    }
}

/// Bytes being read.
pub(super) struct Decoder<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Decoder { bytes, offset: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.offset >= self.bytes.len()
    }

    pub(super) fn raw(&mut self, len: usize) -> Result<&'a [u8], CodecError> {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let Some(taken) = rest.get(..len) else {
            let offset = self.bytes.len();
            return Err(CodecError::Truncated { offset });
        };
        self.offset += len;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let mut array = [0; N];
        array.copy_from_slice(self.raw(N)?);
        Ok(array)
    }

    pub(super) fn byte(&mut self) -> Result<u8, CodecError> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn number<T: TryFrom<u64>>(&mut self) -> Result<T, CodecError> {
        let offset = self.offset;
        let mut number = 0_u64;
        for shift in (0..).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift > 63 || bits << shift >> shift != bits {
                return Err(CodecError::Overflow { offset });
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        T::try_from(number).map_err(|_| CodecError::Overflow { offset })
    }

    pub(super) fn hash(&mut self) -> Result<u64, CodecError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(super) fn moment(&mut self) -> Result<Moment, CodecError> {
        Ok(Moment::from_millis(self.number()?))
    }

    pub(super) fn moment_near(&mut self, base: Moment) -> Result<Moment, CodecError> {
        let zigzag: u64 = self.number()?;
        let distance = (zigzag >> 1) ^ (zigzag & 1).wrapping_neg();
        Ok(Moment::from_millis(base.as_millis().wrapping_sub(distance)))
    }

    pub(super) fn text(&mut self) -> Result<&'a str, CodecError> {
        let len = self.number()?;
        let offset = self.offset;
        std::str::from_utf8(self.raw(len)?).map_err(|_| CodecError::NotUtf8 { offset })
    }

    pub(super) fn optional<T: TryFrom<u64>>(&mut self) -> Result<Option<T>, CodecError> {
        let offset = self.offset;
        let number: u64 = self.number()?;
        number
            .checked_sub(1)
            .map(|it| T::try_from(it).map_err(|_| CodecError::Overflow { offset }))
            .transpose()
    }

    pub(super) fn code<T>(
        &mut self,
        field: &'static str,
        from: fn(u8) -> Option<T>,
    ) -> Result<T, CodecError> {
        let code = self.byte()?;
        let unknown = || CodecError::UnknownCode {
            field,
            code: code.into(),
        };
        from(code).ok_or_else(unknown)
    }

    /// All that was not read yet.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        self.offset = self.bytes.len();
        rest
    }

    pub(super) fn finish(&self) -> Result<(), CodecError> {
        match self.bytes.len() - self.offset {
            0 => Ok(()),
            extra => Err(CodecError::TooLong {
                offset: self.offset,
                extra,
            }),
        }
    }
}
