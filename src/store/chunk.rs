//! Entries one after the other in one piece of memory: how a running crawler
//! hands its trees to readers.
//!
//! An entry is the length of its key and that of its value, 4 bytes each,
//! big-endian, then key and value.

use super::codec::{CodecError, Decoder};
use super::shelf::Entry;

/// A chunk is full with the entry that reaches this.
pub const CHUNK_LEN_BYTES: usize = 64 << 10;

/// Entries of one tree, in the order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// The entries.
    pub bytes: Vec<u8>,
    /// The key of the last one.
    pub last_key: Vec<u8>,
}

impl Chunk {
    /// Adds an entry; false if it made the chunk full.
    pub(super) fn push(&mut self, (key, value): Entry) -> bool {
        for part in [&key, &value] {
            // No key and no value of ours comes near 4 GiB.
            let len = u32::try_from(part.len()).unwrap_or(u32::MAX);
            self.bytes.extend_from_slice(&len.to_be_bytes());
        }
        self.bytes.extend_from_slice(&key);
        self.bytes.extend_from_slice(&value);
        self.last_key = key;
        self.bytes.len() < CHUNK_LEN_BYTES
    }
}

/// The entries of a chunk: key, value.
pub(super) fn entries(bytes: &[u8]) -> impl Iterator<Item = Result<(&[u8], &[u8]), CodecError>> {
    let mut input = Decoder::new(bytes);
    let mut broken = false;
    std::iter::from_fn(move || {
        if broken || input.is_empty() {
            return None;
        }
        let entry = entry(&mut input);
        broken = entry.is_err();
        Some(entry)
    })
}

fn entry<'a>(input: &mut Decoder<'a>) -> Result<(&'a [u8], &'a [u8]), CodecError> {
    let key = u32::from_be_bytes(input.array()?) as usize;
    let value = u32::from_be_bytes(input.array()?) as usize;
    Ok((input.raw(key)?, input.raw(value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both() -> Chunk {
        let mut chunk = Chunk::default();
        assert!(chunk.push((b"a".into(), b"".into())));
        assert!(chunk.push((b"bc".into(), b"def".into())));
        chunk
    }

    #[test]
    fn entries_lie_as_documented() {
        let expected = b"\0\0\0\x01\0\0\0\0a\0\0\0\x02\0\0\0\x03bcdef";
        assert_eq!(both().bytes, expected);
        assert_eq!(both().last_key, b"bc");
        let found: Vec<_> = entries(expected).map(Result::unwrap).collect();
        assert_eq!(found, [(&b"a"[..], &b""[..]), (&b"bc"[..], &b"def"[..])]);
    }

    #[test]
    fn is_full_with_the_entry_that_passes_its_bound() {
        let mut chunk = both();
        assert!(!chunk.push((b"d".into(), vec![0; CHUNK_LEN_BYTES])));
    }

    #[test]
    fn a_chunk_cut_short_is_an_error_and_ends() {
        let whole = both().bytes;
        for len in 1..whole.len() {
            let found: Vec<_> = entries(&whole[..len]).collect();
            let errors = found.iter().filter(|it| it.is_err()).count();
            assert_eq!(errors, usize::from(len != 9), "{len}");
        }
    }
}
