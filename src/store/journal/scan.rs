//! Finds whole rows in a stream of bytes that may be torn or damaged.

use std::io::{self, Read};

use super::{Extent, HEAD_LEN_BYTES, MARKER, MAX_PAYLOAD_LEN_BYTES, checksum};

/// How much is read at a time.
const CHUNK_LEN_BYTES: usize = 1 << 16;

/// Reads rows one after the other; holds two rows' worth of bytes at most.
pub(super) struct Scanner<R> {
    input: R,
    buffer: Vec<u8>,
    /// Offset in `buffer` up to which everything was looked at.
    start: usize,
    /// Offset in the stream of `buffer`'s first byte.
    base: u64,
    whole_end: u64,
    whole_bytes: u64,
    ended: bool,
}

impl<R: Read> Scanner<R> {
    pub(super) fn new(input: R) -> Self {
        Scanner {
            input,
            buffer: Vec::new(),
            start: 0,
            base: 0,
            whole_end: 0,
            whole_bytes: 0,
            ended: false,
        }
    }

    /// The payload of the next whole row.
    pub(super) fn next_payload(&mut self) -> io::Result<Option<&[u8]>> {
        while self.fill(HEAD_LEN_BYTES)? {
            if let Some(len) = self.row_len()? {
                let payload = self.start + HEAD_LEN_BYTES..self.start + len;
                self.start += len;
                self.whole_end = self.base + self.start as u64;
                self.whole_bytes += len as u64;
                return Ok(Some(&self.buffer[payload]));
            }
            self.start += 1;
            let rest = &self.buffer[self.start..];
            let next = rest.iter().position(|byte| *byte == MARKER[0]);
            self.start += next.unwrap_or(rest.len());
        }
        self.start = self.buffer.len();
        Ok(None)
    }

    /// How much was whole of what was read so far.
    pub(super) fn extent(&self) -> Extent {
        Extent {
            whole_end: self.whole_end,
            torn_bytes: self.base + self.start as u64 - self.whole_bytes,
        }
    }

    /// The length of the row at `start`, head included; None if none is there.
    fn row_len(&mut self) -> io::Result<Option<usize>> {
        let head = &self.buffer[self.start..][..HEAD_LEN_BYTES];
        if head[..4] != MARKER {
            return Ok(None);
        }
        let payload_len = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let expected: [u8; 8] = std::array::from_fn(|index| head[8 + index]);
        let len = HEAD_LEN_BYTES + payload_len;
        if payload_len > MAX_PAYLOAD_LEN_BYTES || !self.fill(len)? {
            return Ok(None);
        }
        let payload = &self.buffer[self.start..][HEAD_LEN_BYTES..len];
        Ok((checksum(payload) == expected).then_some(len))
    }

    /// Has `len` bytes at `start`; false if the stream ends before.
    fn fill(&mut self, len: usize) -> io::Result<bool> {
        while self.buffer.len() - self.start < len && !self.ended {
            self.buffer.drain(..self.start);
            self.base += self.start as u64;
            self.start = 0;
            let mut chunk = (&mut self.input).take(CHUNK_LEN_BYTES as u64);
            self.ended = chunk.read_to_end(&mut self.buffer)? == 0;
        }
        Ok(self.buffer.len() - self.start >= len)
    }
}
