//! List files: one entry a line.
//!
//! Blank lines and lines that begin with `#` are left out; a byte-order mark and
//! carriage returns do no harm. A path may have any bytes that a file name may.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::protocol::info_hash::{InfoHash, InfoHashV2, InfoHashes};
use crate::protocol::magnet::Magnet;

/// What a line names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A `.torrent` file, or a folder of them.
    Path(&'a Path),
    /// A magnet link.
    Magnet(&'a [u8]),
    /// A bare info-hash, as it stands in one.
    Hash(InfoHashes),
    /// An address in the web.
    Web,
}

/// The lines that name something, with their numbers from 1; `None` if these bytes
/// are no plain text.
pub(super) fn lines(bytes: &[u8]) -> Option<impl Iterator<Item = (usize, Line<'_>)>> {
    // UTF-16 and all binary formats have zeros; no path and no link has.
    if bytes.contains(&0) {
        return None;
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let named = (1..)
        .zip(lines)
        .filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#"));
    Some(named.map(|(number, line)| (number, Line::of(line))))
}

impl<'a> Line<'a> {
    fn of(line: &'a [u8]) -> Self {
        let begins = |with: &str| {
            let head = line.get(..with.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(with.as_bytes()))
        };
        let hash = std::str::from_utf8(line).ok();
        if Magnet::is_meant(line) {
            Line::Magnet(line)
        } else if let Some(hash) = hash.and_then(|it| it.parse::<InfoHash>().ok()) {
            Line::Hash(hash.into())
        } else if let Some(hash) = hash.and_then(|it| it.parse::<InfoHashV2>().ok()) {
            Line::Hash(hash.into())
        } else if begins("http://") || begins("https://") {
            Line::Web
        } else {
            Line::Path(Path::new(OsStr::from_bytes(line)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &[u8]) -> Vec<(usize, Line<'_>)> {
        lines(text).unwrap().collect()
    }

    fn path(text: &str) -> Line<'_> {
        Line::Path(Path::new(text))
    }

    #[test]
    fn counts_lines_and_leaves_out_comments() {
        let text = b"\xef\xbb\xbfa b.torrent\r\n\r\n  # no\n\t#\nc#d.torrent  \ne";
        let found = found(text);
        assert_eq!(
            found,
            [
                (1, path("a b.torrent")),
                (5, path("c#d.torrent")),
                (6, path("e"))
            ]
        );
    }

    #[test]
    fn tells_links_from_paths() {
        let hash = "0123456789abcdef0123456789ABCDEF01234567";
        let v2 = "ab".repeat(32);
        let text =
            format!("Magnet:?xt=urn:btih:x\n{hash}\n{v2}\nHTTPS://a/b.torrent\nmagnet.torrent");
        let found = found(text.as_bytes());
        let kinds: Vec<_> = found.into_iter().map(|(_, line)| line).collect();
        assert_eq!(
            kinds,
            [
                Line::Magnet(b"Magnet:?xt=urn:btih:x"),
                Line::Hash(hash.parse::<InfoHash>().unwrap().into()),
                Line::Hash(InfoHashV2([0xab; 32]).into()),
                Line::Web,
                path("magnet.torrent")
            ]
        );
    }

    #[test]
    fn refuses_what_is_no_text() {
        assert!(lines(b"\xff\xfea\0.\0t\0").is_none());
        assert!(lines(b"\xff\xfe").is_some(), "a file name may be that");
    }
}
