//! Tracker exchange: which trackers a peer says know the swarm.

use bip_bencode::BRefAccess;

use crate::protocol::bencode::{self, Node, Tail};
use crate::protocol::limits;
use crate::protocol::tracker::TrackerUrl;

/// Reads the payload of an `lt_tex` message: a dictionary with the list `added`, a
/// URL each. Those of no tracker that we can speak to are passed over, those beyond
/// [`limits::TEX_TRACKERS`] not looked at; what is no such dictionary names none.
///
/// Source: BEP 28.
pub fn named_trackers(payload: &[u8]) -> Vec<TrackerUrl> {
    let read = bencode::decode(payload, limits::TEX_BYTES as usize, Tail::Allowed);
    let Ok(root) = read else {
        return Vec::new();
    };
    let added = root.field("added").and_then(|it| it.list());
    let urls = added.into_iter().flat_map(|list| list.into_iter());
    urls.take(limits::TEX_TRACKERS)
        .filter_map(|it| TrackerUrl::parse(it.str()?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(payload: &[u8]) -> Vec<String> {
        let named = named_trackers(payload);
        named.iter().map(|it| it.as_str().to_owned()).collect()
    }

    #[test]
    fn reads_what_bep_28_shows() {
        let payload =
            b"d5:addedl31:http://tracker.example/announce28:udp://tracker.example:1337/aee";
        let expected = [
            "http://tracker.example/announce",
            "udp://tracker.example:1337/a",
        ];
        assert_eq!(named(payload), expected);
    }

    #[test]
    fn passes_over_what_is_no_tracker() {
        let payload =
            b"d5:addedli7e4:nope2:\xff\xfe19:wss://tracker.t/ann13:http://t.tt/ae7:droppedlee";
        assert_eq!(named(payload), ["http://t.tt/a"]);
        for payload in [&b"le"[..], b"garbage", b"d5:added3:abce", b"de", b""] {
            assert_eq!(named(payload), [""; 0]);
        }
    }

    #[test]
    fn takes_no_more_than_the_bound() {
        let urls = b"13:http://t.tt/a".repeat(limits::TEX_TRACKERS + 1);
        let payload = [b"d5:addedl", &urls[..], b"ee"].concat();
        assert_eq!(named(&payload).len(), limits::TEX_TRACKERS);
        let long = [b"d5:addedl", &urls.repeat(100)[..], b"ee"].concat();
        assert!(long.len() > limits::TEX_BYTES as usize && named(&long).is_empty());
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..=255)) {
            let _ = named_trackers(&bytes);
        }
    }
}
