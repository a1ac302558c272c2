//! Bounded reading of bencoded documents, over `bip_bencode`; and writing them.

mod writer;

use bip_bencode::ext::BRefAccessExt;
use bip_bencode::{BDecodeOpt, BRefAccess, BencodeRef, BencodeRefKind};

use super::limits;

pub use writer::Writer;

/// Not a bencoded document, or one beyond the bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BencodeError {
    /// Refused before anything was parsed.
    #[error("a document of {len} bytes where at most {max} are taken")]
    TooLong {
        /// Bytes given.
        len: usize,
        /// Bytes accepted.
        max: usize,
    },
    /// The parser's word, with its position.
    #[error("{0}")]
    Syntax(String),
}

/// What stands behind the document's last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Nothing may.
    Refused,
    /// Anything may: `buffer().len()` tells where it starts.
    Allowed,
}

/// Decodes one value of at most `max` bytes and [`limits::BENCODE_DEPTH`] levels.
/// Keys need not be sorted; a key given twice is an error.
///
/// # Errors
/// Too long, too deep, or not bencode.
///
/// Source: BEP 3, bencoding.
pub fn decode(bytes: &[u8], max: usize, tail: Tail) -> Result<BencodeRef<'_>, BencodeError> {
    if bytes.len() > max {
        let len = bytes.len();
        return Err(BencodeError::TooLong { len, max });
    }
    let options = BDecodeOpt::new(limits::BENCODE_DEPTH, false, tail == Tail::Refused);
    BencodeRef::decode(bytes, options).map_err(|error| BencodeError::Syntax(error.to_string()))
}

/// Reading by key or kind; what is missing or of another kind is `None`.
pub trait Node<'a> {
    /// The value under `key`, if this is a dictionary that has it.
    fn field(&self, key: &str) -> Option<&BencodeRef<'a>>;
    /// The byte string under `key`.
    fn bytes_at(&self, key: &str) -> Option<&'a [u8]>;
    /// The integer under `key`.
    fn int_at(&self, key: &str) -> Option<i64>;
    /// The members of the list under `key`; none if there is no such list.
    fn items_at<'s>(&'s self, key: &str) -> impl Iterator<Item = &'s BencodeRef<'a>>
    where
        'a: 's;
    /// The members, if this is a list; else none.
    fn items<'s>(&'s self) -> impl Iterator<Item = &'s BencodeRef<'a>>
    where
        'a: 's;
    /// Whether this is a dictionary.
    fn is_dict(&self) -> bool;
}

impl<'a> Node<'a> for BencodeRef<'a> {
    fn field(&self, key: &str) -> Option<&BencodeRef<'a>> {
        self.dict().and_then(|dict| dict.lookup(key.as_bytes()))
    }

    fn bytes_at(&self, key: &str) -> Option<&'a [u8]> {
        self.field(key).and_then(|value| value.bytes_ext())
    }

    fn int_at(&self, key: &str) -> Option<i64> {
        self.field(key).and_then(|value| value.int())
    }

    fn items_at<'s>(&'s self, key: &str) -> impl Iterator<Item = &'s BencodeRef<'a>>
    where
        'a: 's,
    {
        self.field(key).into_iter().flat_map(|value| value.items())
    }

    fn items<'s>(&'s self) -> impl Iterator<Item = &'s BencodeRef<'a>>
    where
        'a: 's,
    {
        self.list().into_iter().flatten()
    }

    fn is_dict(&self) -> bool {
        matches!(self.kind(), BencodeRefKind::Dict(_))
    }
}

/// Text from a stranger, fit to be shown and stored: invalid UTF-8 replaced,
/// what is invisible or turns the line around dropped, cut at `max` bytes on a character's border.
pub fn printable(bytes: &[u8], max: usize) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(max.saturating_mul(2))]);
    let mut kept = String::new();
    for character in text.chars().filter(|it| is_shown(*it)) {
        if kept.len() + character.len_utf8() > max {
            break;
        }
        kept.push(character);
    }
    kept
}

/// Not shown are control characters, marks and overrides of direction, and what takes
/// no room: with them a name could pass for another, or steer a terminal.
fn is_shown(character: char) -> bool {
    let invisible = matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    );
    !invisible && !character.is_control()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_by_key_and_kind() {
        let root = decode(b"d1:bi7e1:al1:x1:yee", 99, Tail::Refused).unwrap();
        assert_eq!(
            (root.int_at("b"), root.int_at("a"), root.int_at("c")),
            (Some(7), None, None)
        );
        let items: Vec<_> = root.items_at("a").map(|it| it.bytes().unwrap()).collect();
        assert_eq!(items, [b"x", b"y"]);
        assert_eq!(root.items_at("b").count(), 0);
        assert!(root.is_dict() && root.bytes_at("b").is_none());
    }

    #[test]
    fn bounds_length_depth_and_tail() {
        assert!(decode(b"i1e", 3, Tail::Refused).is_ok());
        let too_long = BencodeError::TooLong { len: 3, max: 2 };
        assert_eq!(decode(b"i1e", 2, Tail::Refused), Err(too_long));
        let nested = |depth| [vec![b'l'; depth], vec![b'e'; depth]].concat();
        assert!(decode(&nested(limits::BENCODE_DEPTH), 999, Tail::Refused).is_ok());
        assert!(decode(&nested(limits::BENCODE_DEPTH + 1), 999, Tail::Refused).is_err());
        assert!(decode(b"i1ex", 9, Tail::Refused).is_err());
        assert_eq!(decode(b"i1ex", 9, Tail::Allowed).unwrap().buffer(), b"i1e");
    }

    #[test]
    fn cleans_text() {
        assert_eq!(printable(b"a\x1b[31m\n\xffb\x00", 99), "a[31m\u{fffd}b");
        assert_eq!(printable("ääää".as_bytes(), 5), "ää");
        for hidden in [
            "\u{202e}",
            "\u{2066}",
            "\u{61c}",
            "\u{ad}",
            "\u{e0041}",
            "\u{9b}",
        ] {
            assert_eq!(printable(format!("a{hidden}b").as_bytes(), 9), "ab");
        }
        assert_eq!(printable(b"abc", 0), "");
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..=255), max in 0..300usize) {
            let _ = decode(&bytes, 255, Tail::Allowed);
            let text = printable(&bytes, max);
            prop_assert!(text.len() <= max && !text.chars().any(char::is_control));
        }
    }
}
