//! Frames cut out of a stream: four bytes length, then the body.
//!
//! A frame that lies whole in the bytes just read is lent from there; only one
//! that is split over two reads is copied, and one that nobody wants is passed
//! over without being kept.

use super::message::EXTENDED;

/// What is known of a frame before its body is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Length of the body, id included.
    pub len_bytes: u32,
    /// The message's id; a keep-alive has none.
    pub id: Option<u8>,
    /// The extension's number, if the message is one of BEP 10.
    pub extension: Option<u8>,
}

/// What to do with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Hand it out, when it is whole.
    Keep,
    /// Pass over it.
    Skip,
}

/// Cuts one stream into frames.
#[derive(Debug, Default)]
pub struct FrameReader {
    /// The start of a frame whose rest has not come.
    partial: Vec<u8>,
    /// `partial` is a whole frame that was handed out.
    lent: bool,
    /// So much of the coming bytes is passed over.
    skip_bytes: u32,
}

/// Length prefix, id, extension number: what a [`Head`] is read from.
const HEAD_BYTES: usize = 6;
/// What a reader keeps allocated between frames, at most.
const IDLE_BYTES: usize = 64;

impl FrameReader {
    /// The next whole frame's body, taken off `input`; `None` when all input is
    /// consumed. `judge` decides on each frame as soon as its head is there, so
    /// that a length can be refused before memory is taken for it.
    ///
    /// # Errors
    /// Those of `judge`; the stream cannot be read on after them.
    pub fn next<'s, 'i: 's, E>(
        &'s mut self,
        input: &mut &'i [u8],
        mut judge: impl FnMut(Head) -> Result<Verdict, E>,
    ) -> Result<Option<&'s [u8]>, E> {
        if std::mem::take(&mut self.lent) {
            self.partial.clear();
            self.partial.shrink_to(IDLE_BYTES);
        }
        loop {
            self.pass_over(input);
            if self.partial.is_empty() {
                let Some(head) = Head::read(input) else { break };
                let total = head.total_bytes();
                match judge(head)? {
                    Verdict::Skip => self.skip(total, input),
                    Verdict::Keep if total <= input.len() => {
                        let (frame, rest) = input.split_at(total);
                        *input = rest;
                        return Ok(Some(&frame[4..]));
                    }
                    Verdict::Keep => break,
                }
            } else {
                let known = Head::read(&self.partial);
                let Some(head) = known.or_else(|| self.complete_head(input)) else {
                    return Ok(None);
                };
                let total = head.total_bytes();
                if known.is_none() && judge(head)? == Verdict::Skip {
                    let kept = std::mem::take(&mut self.partial).len();
                    self.skip(total - kept, input);
                    continue;
                }
                self.fill(total, input);
                if self.partial.len() < total {
                    return Ok(None);
                }
                self.lent = true;
                return Ok(Some(&self.partial[4..]));
            }
        }
        self.fill(input.len(), input);
        Ok(None)
    }

    /// Copies from `input` until `partial` has `total` bytes or input is empty.
    fn fill(&mut self, total: usize, input: &mut &[u8]) {
        let missing = total.saturating_sub(self.partial.len());
        let (taken, rest) = input.split_at(missing.min(input.len()));
        self.partial.extend_from_slice(taken);
        *input = rest;
    }

    /// Adds to `partial` what its head lacks, one byte after the other, so that
    /// nothing behind the frame is taken.
    fn complete_head(&mut self, input: &mut &[u8]) -> Option<Head> {
        while self.partial.len() < HEAD_BYTES && !input.is_empty() {
            self.fill(self.partial.len() + 1, input);
            if let Some(head) = Head::read(&self.partial) {
                return Some(head);
            }
        }
        None
    }

    fn skip(&mut self, total: usize, input: &mut &[u8]) {
        // A frame's length has four bytes.
        self.skip_bytes = total.try_into().unwrap_or(u32::MAX);
        self.pass_over(input);
    }

    fn pass_over(&mut self, input: &mut &[u8]) {
        let passed = input.len().min(self.skip_bytes as usize);
        self.skip_bytes -= passed as u32;
        *input = &input[passed..];
    }
}

impl Head {
    /// Reads a frame's head; `None` if more bytes are needed.
    #[inline]
    fn read(bytes: &[u8]) -> Option<Head> {
        let (len, body) = bytes.split_first_chunk::<4>()?;
        let len_bytes = u32::from_be_bytes(*len);
        let wanted = (len_bytes as usize).min(2);
        let id = body.first().copied();
        let extended = id == Some(EXTENDED);
        if body.len() < wanted.min(if extended { 2 } else { 1 }) {
            return None;
        }
        Some(Head {
            len_bytes,
            id: id.filter(|_| wanted > 0),
            extension: body.get(1).copied().filter(|_| extended && wanted > 1),
        })
    }

    fn total_bytes(self) -> usize {
        4 + self.len_bytes as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Frames with an id of 200 and more are passed over.
    fn judge(head: Head) -> Result<Verdict, Head> {
        match head {
            Head { len_bytes, .. } if len_bytes > 1000 => Err(head),
            Head {
                id: Some(200..), ..
            } => Ok(Verdict::Skip),
            _ => Ok(Verdict::Keep),
        }
    }

    fn read(reader: &mut FrameReader, mut input: &[u8]) -> Vec<Vec<u8>> {
        let mut bodies = Vec::new();
        while let Some(body) = reader.next(&mut input, judge).unwrap() {
            bodies.push(body.to_vec());
        }
        assert!(input.is_empty());
        bodies
    }

    fn frame(body: &[u8]) -> Vec<u8> {
        let mut bytes = (body.len() as u32).to_be_bytes().to_vec();
        bytes.extend(body);
        bytes
    }

    #[test]
    fn lends_whole_frames_without_keeping_them() {
        let mut reader = FrameReader::default();
        let input = [frame(b""), frame(b"\x04abcd"), frame(b"\x14\x07xy")].concat();
        let bodies = read(&mut reader, &input);
        assert_eq!(
            bodies,
            [b"".to_vec(), b"\x04abcd".to_vec(), b"\x14\x07xy".to_vec()]
        );
        assert_eq!(reader.partial.capacity(), 0);
    }

    #[test]
    fn refuses_a_length_before_anything_is_kept() {
        for cut in 0..5 {
            let mut reader = FrameReader::default();
            let input = [0xff, 0xff, 0xff, 0xff, 7, 0, 0, 0, 0];
            let (mut first, mut rest) = input.split_at(cut);
            assert_eq!(reader.next(&mut first, judge), Ok(None));
            let head = reader.next(&mut rest, judge).unwrap_err();
            assert_eq!((head.len_bytes, head.id), (u32::MAX, Some(7)));
            assert!(reader.partial.len() <= HEAD_BYTES);
        }
    }

    #[test]
    fn passes_over_a_frame_in_constant_memory() {
        let mut reader = FrameReader::default();
        let mut long = frame(&[250; 1000]);
        long.extend(frame(b"\x04next"));
        let bodies: Vec<_> = long
            .chunks(7)
            .flat_map(|it| read(&mut reader, it))
            .collect();
        assert_eq!(bodies, [b"\x04next"]);
        assert!(reader.partial.capacity() <= IDLE_BYTES);
    }

    #[test]
    fn gives_memory_back_after_a_long_frame() {
        let mut reader = FrameReader::default();
        let long = frame(&[5; 900]);
        assert_eq!(read(&mut reader, &long[..800]), [b""; 0]);
        assert_eq!(read(&mut reader, &long[800..]), [[5; 900]]);
        assert!(reader.partial.capacity() <= IDLE_BYTES);
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(
            bodies in proptest::collection::vec(
                proptest::collection::vec(prop_oneof![Just(20u8), any::<u8>()], 0..40), 0..12),
            cuts in proptest::collection::vec(1..30usize, 1..20),
        ) {
            let input: Vec<u8> = bodies.iter().flat_map(|body| frame(body)).collect();
            let mut reader = FrameReader::default();
            let (mut rest, mut got) = (&input[..], Vec::new());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                got.extend(read(&mut reader, now));
                rest = later;
            }
            let kept = bodies.into_iter().filter(|body| body.first().is_none_or(|id| *id < 200));
            prop_assert_eq!(got, kept.collect::<Vec<_>>());
        }
    }
}
