//! The announce of local discovery: a datagram that looks like HTTP.

use crate::protocol::info_hash::InfoHash;

/// A datagram that is sent or read at all (BEP 14 asks for at most 1400 bytes, to
/// stay within one frame).
pub const DATAGRAM_BYTES: usize = 1400;

/// Info-hashes in one announce: more do not fit [`DATAGRAM_BYTES`].
pub const INFO_HASHES: usize = 24;

/// A cookie, as read: ours has 12 bytes, others' are not looked into.
const COOKIE_BYTES: usize = 64;

/// The first line, as far as it is looked at: 1.0 and 1.1 mean the same.
const METHOD: &str = "BT-SEARCH ";

/// Says that a client listens at a port for peers of some torrents.
///
/// Source: BEP 14.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Where it listens, at the address that the datagram comes from; never 0.
    pub port: u16,
    /// The torrents, at least one, at most [`INFO_HASHES`].
    pub info_hashes: Vec<InfoHash>,
    /// By which a client knows its own announces again.
    pub cookie: Option<String>,
}

impl Search {
    /// Reads a datagram. What else it says is passed over, info-hashes of another
    /// length among it; None: it names no port, or no torrent.
    pub fn read(datagram: &[u8]) -> Option<Search> {
        let text = std::str::from_utf8(datagram).ok()?;
        let mut lines = text.split('\n').map(str::trim_end);
        lines.next().filter(|it| it.starts_with(METHOD))?;
        let (mut port, mut info_hashes, mut cookie) = (None, Vec::new(), None);
        for line in lines.take_while(|it| !it.is_empty()) {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            if name.eq_ignore_ascii_case("port") {
                port = value.parse().ok().filter(|port| *port != 0);
            } else if name.eq_ignore_ascii_case("infohash") && info_hashes.len() < INFO_HASHES {
                info_hashes.extend(value.parse::<InfoHash>().ok());
            } else if name.eq_ignore_ascii_case("cookie") && value.len() <= COOKIE_BYTES {
                cookie = Some(value.to_owned());
            }
        }
        Some(Search {
            port: port?,
            info_hashes,
            cookie,
        })
        .filter(|it| !it.info_hashes.is_empty())
    }

    /// As a datagram to a group, which is written as an address and a port.
    pub fn write(&self, group: &str) -> Vec<u8> {
        let mut text = format!(
            "{METHOD}* HTTP/1.1\r\nHost: {group}\r\nPort: {}\r\n",
            self.port
        );
        for info_hash in &self.info_hashes {
            text += &format!("Infohash: {info_hash}\r\n");
        }
        if let Some(cookie) = &self.cookie {
            text += &format!("cookie: {cookie}\r\n");
        }
        text += "\r\n\r\n";
        text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: InfoHash = InfoHash([0xa1; 20]);
    const B: InfoHash = InfoHash([0xb2; 20]);

    fn datagram() -> String {
        format!(
            "BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\n\
             Infohash: {A}\r\nInfohash: {B}\r\ncookie: 1a2b\r\n\r\n\r\n"
        )
    }

    #[test]
    fn is_written_and_read_as_bep_14_shows() {
        let search = Search {
            port: 6881,
            info_hashes: vec![A, B],
            cookie: Some("1a2b".into()),
        };
        let group = "239.192.152.143:6771";
        assert_eq!(search.write(group), datagram().into_bytes());
        assert_eq!(Search::read(datagram().as_bytes()), Some(search));
    }

    #[test]
    fn what_others_write_is_read() {
        // libtorrent and Transmission; the case of names and digits varies.
        let hash = A.to_string().to_uppercase();
        let other = format!(
            "BT-SEARCH * HTTP/1.1\nHOST:x\nport:51413 \nX-New: 1\nINFOHASH:{hash}\nInfohash: abc\n"
        );
        let read = Search::read(other.as_bytes()).unwrap();
        assert_eq!((read.port, read.info_hashes), (51_413, vec![A]));
        assert_eq!(read.cookie, None);
    }

    #[test]
    fn what_names_no_port_or_torrent_is_no_announce() {
        assert!(Search::read(datagram().as_bytes()).is_some());
        for (from, to) in [
            ("BT-SEARCH", "M-SEARCH"),
            ("6881", "0"),
            ("6881", "70000"),
            ("Port: 6881\r\n", ""),
            ("Infohash", "Hash"),
            ("Port", "\r\nPort"),
        ] {
            let changed = datagram().replace(from, to);
            assert_eq!(Search::read(changed.as_bytes()), None, "{to}");
        }
    }

    #[test]
    fn all_that_is_announced_at_once_fits_a_frame() {
        let search = Search {
            port: 65_535,
            info_hashes: vec![A; INFO_HASHES],
            cookie: Some("bta-12345678".into()),
        };
        let written = search.write("[ff15::efc0:988f]:6771");
        assert!(written.len() <= DATAGRAM_BYTES, "{}", written.len());
        let more = Search {
            info_hashes: vec![B; 100],
            ..search.clone()
        };
        let read = Search::read(&more.write("x")).unwrap();
        assert_eq!(read.info_hashes.len(), INFO_HASHES);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..=255)) {
            let _ = Search::read(&bytes);
            let _ = Search::read(&[b"BT-SEARCH * HTTP/1.1\r\n", &bytes[..]].concat());
        }
    }
}
