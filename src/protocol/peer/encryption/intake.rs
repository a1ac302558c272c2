//! Takes exactly what is wanted off a stream that comes in pieces of any size.

use super::{EncryptionError, PAD_BYTES};

/// Collects what is wanted until it is all there.
#[derive(Debug)]
pub(super) struct Intake {
    wanted: Option<Wanted>,
    had: Vec<u8>,
}

/// What is wanted next.
#[derive(Debug)]
pub(super) enum Wanted {
    /// So many bytes.
    Bytes(usize),
    /// All up to the end of this, which padding comes before.
    Marker(Box<[u8]>),
}

impl Intake {
    pub(super) fn wanting(wanted: Wanted) -> Self {
        Intake {
            wanted: Some(wanted),
            had: Vec::new(),
        }
    }

    pub(super) fn want(&mut self, wanted: Wanted) {
        self.wanted = Some(wanted);
    }

    /// What was wanted, off `input`, once it is there; it is not wanted again.
    ///
    /// # Errors
    /// The marker does not come within the longest padding.
    pub(super) fn poll(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, EncryptionError> {
        while let Some(wanted) = &self.wanted {
            let (complete, most) = match wanted {
                Wanted::Bytes(len) => (self.had.len() == *len, *len),
                Wanted::Marker(it) => (self.had.ends_with(it), PAD_BYTES + it.len()),
            };
            if complete {
                self.wanted = None;
                return Ok(Some(std::mem::take(&mut self.had)));
            }
            if self.had.len() == most {
                return Err(EncryptionError::NotSynchronised);
            }
            let Some((first, rest)) = input.split_first() else {
                return Ok(None);
            };
            self.had.push(*first);
            *input = rest;
        }
        Ok(None)
    }
}
