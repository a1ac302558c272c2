//! The keys of the trees: big-endian, so that their order is that of numbers and
//! times (sled is fastest on rising keys).

use super::codec::{CodecError, Decoder};
use crate::moment::Moment;
use crate::swarm::counted::Counted;
use crate::swarm::facts::{Outcome, PeerNumber, Source, TorrentNumber, Verdict};

/// A key being laid out.
struct Key(Vec<u8>);

/// Length of the longest key, that of `hearsay`.
const MAX_KEY_LEN_BYTES: usize = 17;

impl Default for Key {
    fn default() -> Self {
        Key(Vec::with_capacity(MAX_KEY_LEN_BYTES))
    }
}

impl Key {
    fn u8(mut self, number: u8) -> Self {
        self.0.push(number);
        self
    }

    fn u32(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    fn u64(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }
}

/// torrent (4): key of `torrents`, prefix of all that belongs to a torrent.
pub(super) fn torrent(torrent: TorrentNumber) -> Vec<u8> {
    Key::default().u32(torrent.0).0
}

/// torrent (4) ‖ peer (4): key of `peers`.
pub(super) fn peer(torrent: TorrentNumber, peer: PeerNumber) -> Vec<u8> {
    Key::default().u32(torrent.0).u32(peer.0).0
}

/// torrent (4) ‖ peer (4) ‖ verdict (1), and for all but confirmed ones ‖ time
/// (8): key of `completions`. So no other verdict can ever overwrite a confirmed
/// download, and there is one of these for each peer.
pub(super) fn completion(
    torrent: TorrentNumber,
    peer: PeerNumber,
    verdict: Verdict,
    at: Moment,
) -> Vec<u8> {
    let key = Key::default().u32(torrent.0).u32(peer.0).u8(verdict.code());
    match verdict {
        Verdict::Confirmed => key.0,
        _ => key.u64(at.as_millis()).0,
    }
}

/// torrent (4) ‖ time (8) ‖ number of the tracker's name (4): key of `announces`
/// and `scrapes`.
pub(super) fn asked(torrent: TorrentNumber, at: Moment, tracker: u32) -> Vec<u8> {
    let key = Key::default().u32(torrent.0);
    key.u64(at.as_millis()).u32(tracker).0
}

/// torrent (4) ‖ hour (4) ‖ attempt or way (1) ‖ number of the family's name (4) ‖
/// outcome (1): key of `outcomes`.
pub(super) fn outcome(
    torrent: TorrentNumber,
    hour: u32,
    counted: Counted,
    family: u32,
    outcome: Outcome,
) -> Vec<u8> {
    let key = Key::default().u32(torrent.0).u32(hour).u8(counted.code());
    key.u32(family).u8(outcome.code()).0
}

/// torrent (4) ‖ hour (4) ‖ source (1): key of `sources`.
pub(super) fn source(torrent: TorrentNumber, hour: u32, source: Source) -> Vec<u8> {
    Key::default().u32(torrent.0).u32(hour).u8(source.code()).0
}

/// torrent (4) ‖ peer (4) ‖ time (8) ‖ source (1): key of `hearsay`.
pub(super) fn hearsay(
    torrent: TorrentNumber,
    peer: PeerNumber,
    at: Moment,
    source: Source,
) -> Vec<u8> {
    let key = Key::default().u32(torrent.0).u32(peer.0);
    key.u64(at.as_millis()).u8(source.code()).0
}

/// time (8) ‖ sequence (4): key of `events`. The sequence goes on rising from
/// one opening of the store to the next.
pub(super) fn event(at: Moment, sequence: u32) -> Vec<u8> {
    Key::default().u64(at.as_millis()).u32(sequence).0
}

/// Samples stand so far apart, milliseconds.
const SAMPLE_EVERY: u64 = 10_000;
/// One of them in a minute is kept for good.
const KEPT_EVERY: u64 = 60_000;
/// The others have so many places, which is a day of them.
const PLACES: u64 = 8_640;

/// Key of `samples`: time (8) of the first one in a minute; a place (8) below 8,640
/// of the others, which is overwritten a day later. (sled frees nothing that is
/// deleted, and all that is overwritten.)
pub(super) fn sample(at: Moment) -> Vec<u8> {
    let at = at.as_millis();
    let key = match at % KEPT_EVERY < SAMPLE_EVERY {
        true => at,
        false => at / SAMPLE_EVERY % PLACES,
    };
    Key::default().u64(key).0
}

/// Whether a key of `samples` is a place, as opposed to a time.
pub(super) fn is_place(key: &[u8]) -> Result<bool, CodecError> {
    let mut input = Decoder::new(key);
    Ok(u64::from_be_bytes(input.array()?) < PLACES)
}

/// The torrent at the beginning of a key.
pub(super) fn torrent_of(key: &[u8]) -> Result<TorrentNumber, CodecError> {
    let mut input = Decoder::new(key);
    Ok(TorrentNumber(u32::from_be_bytes(input.array()?)))
}

/// Torrent and peer at the beginning of a key.
pub(super) fn peer_of(key: &[u8]) -> Result<(TorrentNumber, PeerNumber), CodecError> {
    let mut input = Decoder::new(key);
    let torrent = TorrentNumber(u32::from_be_bytes(input.array()?));
    let peer = PeerNumber(u32::from_be_bytes(input.array()?));
    Ok((torrent, peer))
}

/// The sequence at the end of a key of `events`.
pub(super) fn sequence_of(key: &[u8]) -> Result<u32, CodecError> {
    let mut input = Decoder::new(key);
    input.raw(8)?;
    Ok(u32::from_be_bytes(input.array()?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::swarm::facts::Attempt;

    const AT: Moment = Moment::from_millis(0x0102_0304_0506_0708);
    const FIRST: TorrentNumber = TorrentNumber(1);
    const SECOND: PeerNumber = PeerNumber(2);

    #[test]
    fn a_confirmed_download_has_one_key_and_the_others_one_a_time() {
        let confirmed = completion(FIRST, SECOND, Verdict::Confirmed, AT);
        assert_eq!(confirmed, [0, 0, 0, 1, 0, 0, 0, 2, 0]);
        let later = completion(FIRST, SECOND, Verdict::Confirmed, Moment::EPOCH);
        assert_eq!(confirmed, later);
        let again = completion(FIRST, SECOND, Verdict::Again, AT);
        assert_eq!(again, [0, 0, 0, 1, 0, 0, 0, 2, 1, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(peer_of(&again), Ok((FIRST, SECOND)));
    }

    #[test]
    fn keys_sort_by_torrent_then_time() {
        let early = asked(FIRST, Moment::from_millis(255), 9);
        let late = asked(FIRST, Moment::from_millis(256), 1);
        assert!(early < late && late < asked(TorrentNumber(2), Moment::EPOCH, 0));
        assert_eq!(torrent_of(&late), Ok(FIRST));
        assert!(torrent_of(&[0, 0, 1]).is_err());
        assert!(event(AT, 7) < event(AT, 8));
        assert_eq!(sequence_of(&event(AT, 8)), Ok(8));
    }

    #[test]
    fn counters_stand_by_hour() {
        let incoming = Counted::Attempt(Attempt::Incoming);
        let key = outcome(FIRST, 0x0a0b_0c0d, incoming, 5, Outcome::Refused);
        assert_eq!(key, [0, 0, 0, 1, 10, 11, 12, 13, 2, 0, 0, 0, 5, 3]);
        assert_eq!(source(FIRST, 1, Source::Pex), [0, 0, 0, 1, 0, 0, 0, 1, 2]);
        let key = hearsay(FIRST, SECOND, AT, Source::Dht);
        assert_eq!(key[8..], [1, 2, 3, 4, 5, 6, 7, 8, 1]);
    }

    #[test]
    fn one_sample_a_minute_is_never_overwritten() {
        let minute = Moment::from_millis(1_772_365_200_000);
        let key = |seconds| sample(minute + Duration::from_secs(seconds));
        let (kept, day) = (key(0), 24 * 3_600);
        assert_eq!(kept, minute.as_millis().to_be_bytes());
        assert_ne!(key(60), key(day + 60));
        let mut minutes = std::collections::BTreeSet::new();
        for seconds in (0..day).step_by(10) {
            let (key, later) = (key(seconds), key(seconds + day));
            let is_kept = seconds % 60 == 0;
            assert_eq!(is_place(&key), Ok(!is_kept));
            assert_eq!(key == later, !is_kept, "{seconds}");
            assert!(minutes.insert(key), "{seconds}");
        }
        // Whatever the moment of the minute.
        assert_eq!(
            is_place(&sample(minute + Duration::from_millis(9_999))),
            Ok(false)
        );
    }
}
