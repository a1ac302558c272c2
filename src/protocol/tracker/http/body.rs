//! A body as it travels, to a body as it is read: gzip, and never too much of it.

use std::borrow::Cow;
use std::io::{ErrorKind, Read};

use flate2::read::GzDecoder;

use crate::protocol::limits;
use crate::protocol::tracker::TrackerError;

/// The encodings that are understood, for `Accept-Encoding`.
pub const ACCEPTED: &str = "gzip";

/// Undoes a body's encoding, as `Content-Encoding` names it.
///
/// # Errors
/// [`TrackerError::BadEncoding`] if it is broken or another one;
/// [`TrackerError::BodyTooLarge`] if more than [`limits::ANNOUNCE_BODY_BYTES`] come
/// out of it.
pub fn decode<'a>(encoding: &[u8], body: &'a [u8]) -> Result<Cow<'a, [u8]>, TrackerError> {
    match encoding.trim_ascii().to_ascii_lowercase().as_slice() {
        b"" | b"identity" => Ok(Cow::Borrowed(body)),
        b"gzip" | b"x-gzip" => inflate(body).map(Cow::Owned),
        _ => Err(TrackerError::BadEncoding("not an encoding asked for")),
    }
}

fn inflate(body: &[u8]) -> Result<Vec<u8>, TrackerError> {
    let max = limits::ANNOUNCE_BODY_BYTES;
    let mut inflated = Vec::new();
    let bounded = GzDecoder::new(body).take(max as u64 + 1);
    match { bounded }.read_to_end(&mut inflated) {
        Ok(len) if len > max => Err(TrackerError::BodyTooLarge { max }),
        Ok(_) => Ok(inflated),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Err(TrackerError::BadEncoding("its gzip breaks off"))
        }
        Err(_) => Err(TrackerError::BadEncoding("its gzip is broken")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn undoes_gzip_and_leaves_the_rest() {
        let body = b"d8:intervali1800ee";
        assert_eq!(decode(b"", body).unwrap(), &body[..]);
        assert_eq!(decode(b"Identity", body).unwrap(), &body[..]);
        for name in [&b"gzip"[..], b" GZIP ", b"x-gzip"] {
            assert_eq!(decode(name, &gzip(body)).unwrap(), &body[..]);
        }
    }

    #[test]
    fn names_what_is_broken() {
        let whole = gzip(b"d8:intervali1800ee");
        for len in 0..whole.len() {
            let cut = decode(b"gzip", &whole[..len]).unwrap_err();
            assert_eq!(cut.label(), "bad_encoding", "{len}");
        }
        let mut damaged = whole.clone();
        let checksum = whole.len() - 8;
        damaged[checksum] ^= 1;
        for (encoding, body) in [
            (&b"gzip"[..], &b"d8:intervali1800ee"[..]),
            (b"gzip", &damaged),
            (b"br", b"?"),
            (b"gzip, gzip", &whole),
        ] {
            let error = decode(encoding, body).unwrap_err();
            assert_eq!(error.label(), "bad_encoding");
        }
    }

    #[test]
    fn inflates_no_more_than_the_bound() {
        let max = limits::ANNOUNCE_BODY_BYTES;
        assert_eq!(decode(b"gzip", &gzip(&vec![0; max])).unwrap().len(), max);
        let bomb = gzip(&vec![0; 64 * max]);
        assert!(bomb.len() < max);
        assert_eq!(
            decode(b"gzip", &bomb),
            Err(TrackerError::BodyTooLarge { max })
        );
    }

    proptest! {
        #[test]
        fn never_panics(mut body in proptest::collection::vec(any::<u8>(), 0..=255)) {
            if let Some(head) = body.get_mut(..4) {
                head.copy_from_slice(&[0x1f, 0x8b, 8, 0]);
            }
            let _ = decode(b"gzip", &body);
        }
    }
}
