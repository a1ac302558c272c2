//! Announces and scrapes over HTTP: the request's target, and the answer's body.

pub mod body;

use std::collections::HashSet;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bip_bencode::{BRefAccess, BencodeRef};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::error::TrackerError;
use super::url::TrackerUrl;
use super::{AnnounceEvent, AnnounceRequest, Announced, Scraped};
use crate::protocol::address;
use crate::protocol::bencode::{self, Node, Tail};
use crate::protocol::info_hash::InfoHash;
use crate::protocol::limits;

/// What may stand as it is in a query (RFC 3986, 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The target of an announce: path, the URL's own query, our parameters.
///
/// Source: BEP 3, "trackers"; BEP 23 (`compact`); BEP 7.
pub fn announce_target(url: &TrackerUrl, request: &AnnounceRequest) -> String {
    let mut target = with_query(url.path(), url);
    let info_hash = percent_encode(&request.info_hash.0, UNRESERVED);
    let peer_id = percent_encode(&request.peer_id.0, UNRESERVED);
    // Writing to a string cannot fail.
    let _ = write!(
        target,
        "info_hash={info_hash}&peer_id={peer_id}&port={}&uploaded=0&downloaded=0&left={}\
         &numwant={}&key={:08x}&compact=1&no_peer_id=1",
        request.port, request.left, request.numwant, request.key
    );
    match request.event {
        AnnounceEvent::None => {}
        AnnounceEvent::Started => target.push_str("&event=started"),
        AnnounceEvent::Stopped => target.push_str("&event=stopped"),
    }
    if let Some(id) = &request.tracker_id {
        target.push_str("&trackerid=");
        target.extend(percent_encode(id, UNRESERVED));
    }
    target
}

/// The target of a scrape of one torrent; None where the URL names no scrape.
///
/// Source: BEP 48.
pub fn scrape_target(url: &TrackerUrl, info_hash: &InfoHash) -> Option<String> {
    let mut target = with_query(&url.scrape_path()?, url);
    target.push_str("info_hash=");
    target.extend(percent_encode(&info_hash.0, UNRESERVED));
    Some(target)
}

/// A path and the URL's own query, ready for more parameters.
fn with_query(path: &str, url: &TrackerUrl) -> String {
    match url.query() {
        Some(query) => format!("{path}?{query}&"),
        None => format!("{path}?"),
    }
}

/// Reads the body of an answer. What is missing, of another kind, negative or
/// too great is passed over; peers come in compact form, as dictionaries, or
/// both; bytes behind the dictionary do no harm.
///
/// # Errors
/// [`TrackerError::Failure`] if the tracker gives a reason,
/// [`TrackerError::BodyTooLarge`], [`TrackerError::Malformed`] if it is no
/// dictionary or has nothing of an answer in it.
///
/// Source: BEP 3, BEP 7, BEP 23, BEP 24 (`external ip`), BEP 31 (`retry in`).
pub fn parse_announce(body: &[u8]) -> Result<Announced, TrackerError> {
    let root = read_root(body)?;
    let peers = read_peers(&root);
    let reason = root.field("failure reason");
    if let Some(reason) = reason.filter(|it| peers.is_empty() || it.bytes() != Some(b"")) {
        return Err(failure(&root, reason));
    }
    let answer = ["peers", "peers6", "interval", "complete", "incomplete"];
    if !answer.iter().any(|key| root.field(key).is_some()) {
        return Err(TrackerError::malformed("nothing of an announce in it"));
    }
    let tracker_id = root.bytes_at("tracker id");
    Ok(Announced {
        peers,
        seeders: count(&root, "complete"),
        leechers: count(&root, "incomplete"),
        downloaded: count(&root, "downloaded"),
        interval: seconds(&root, "interval"),
        min_interval: seconds(&root, "min interval"),
        tracker_id: tracker_id
            .filter(|id| !id.is_empty() && id.len() <= limits::TRACKER_ID_BYTES)
            .map(<[u8]>::to_vec),
        warning: root.bytes_at("warning message").map(text),
        external_ip: root.bytes_at("external ip").and_then(compact_ip),
    })
}

/// Reads the body of a scrape's answer, and in it the figures of one torrent. Some
/// trackers answer with all torrents that they know.
///
/// # Errors
/// As [`parse_announce`]; [`TrackerError::TorrentMissing`] if there is nothing of
/// this torrent.
///
/// Source: BEP 48.
pub fn parse_scrape(body: &[u8], info_hash: &InfoHash) -> Result<Scraped, TrackerError> {
    let root = read_root(body)?;
    let Some(files) = root.field("files").and_then(|it| it.dict()) else {
        return Err(match root.field("failure reason") {
            Some(reason) => failure(&root, reason),
            None => TrackerError::malformed("nothing of a scrape in it"),
        });
    };
    // bittorrent-tracker of npm writes each byte of the key as a character in UTF-8.
    let text: String = info_hash.0.iter().copied().map(char::from).collect();
    let torrent = files.lookup(&info_hash.0);
    let torrent = torrent.or_else(|| files.lookup(text.as_bytes()));
    let torrent = torrent.filter(|it| it.is_dict());
    let torrent = torrent.ok_or(TrackerError::TorrentMissing)?;
    Ok(Scraped {
        seeders: count(torrent, "complete"),
        leechers: count(torrent, "incomplete"),
        downloaded: count(torrent, "downloaded"),
        min_interval: root
            .field("flags")
            .and_then(|flags| seconds(flags, "min_request_interval")),
    })
}

fn read_root(body: &[u8]) -> Result<BencodeRef<'_>, TrackerError> {
    let max = limits::ANNOUNCE_BODY_BYTES;
    if body.len() > max {
        return Err(TrackerError::BodyTooLarge { max });
    }
    let root = bencode::decode(body, max, Tail::Allowed)
        .map_err(|error| TrackerError::malformed(error.to_string()))?;
    match root.is_dict() {
        true => Ok(root),
        false => Err(TrackerError::malformed("no dictionary")),
    }
}

fn failure(root: &BencodeRef<'_>, reason: &BencodeRef<'_>) -> TrackerError {
    TrackerError::Failure {
        reason: text(reason.bytes().unwrap_or_default()),
        retry_in: root.field("retry in").and_then(retry_in),
    }
}

fn read_peers(root: &BencodeRef<'_>) -> Vec<SocketAddr> {
    let compact = root.bytes_at("peers").unwrap_or_default();
    let compact6 = root.bytes_at("peers6").unwrap_or_default();
    let dictionaries = root.items_at("peers").chain(root.items_at("peers6"));
    let mut seen = HashSet::new();
    address::compact_v4(compact)
        .chain(address::compact_v6(compact6))
        .chain(dictionaries.filter_map(dictionary_peer))
        .filter(|peer| seen.insert(*peer))
        .take(limits::ANNOUNCE_PEERS)
        .collect()
}

/// A peer as a dictionary. One that is given by a host name is passed over:
/// no stranger makes us look up names.
fn dictionary_peer(peer: &BencodeRef<'_>) -> Option<SocketAddr> {
    let ip: IpAddr = std::str::from_utf8(peer.bytes_at("ip")?)
        .ok()?
        .parse()
        .ok()?;
    let port = u16::try_from(number(peer.field("port")?)?).ok()?;
    Some(address::canonical(SocketAddr::new(ip, port)))
}

/// An integer; some trackers write numbers as text.
fn number(value: &BencodeRef<'_>) -> Option<i64> {
    value.int().or_else(|| value.str()?.trim().parse().ok())
}

fn count(root: &BencodeRef<'_>, key: &str) -> Option<u32> {
    u32::try_from(number(root.field(key)?)?).ok()
}

fn seconds(root: &BencodeRef<'_>, key: &str) -> Option<Duration> {
    let seconds = u64::try_from(number(root.field(key)?)?).ok()?;
    Some(Duration::from_secs(seconds))
}

/// Minutes, or "never".
fn retry_in(value: &BencodeRef<'_>) -> Option<Duration> {
    if value.bytes() == Some(b"never") {
        return Some(Duration::MAX);
    }
    let minutes = u64::try_from(number(value)?).ok()?;
    Some(Duration::from_secs(minutes.saturating_mul(60)))
}

fn text(bytes: &[u8]) -> String {
    bencode::printable(bytes, limits::TRACKER_TEXT_BYTES)
}

fn compact_ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|it| IpAddr::from(Ipv4Addr::from(it)));
    let v6 = || <[u8; 16]>::try_from(bytes).map(|it| IpAddr::from(Ipv6Addr::from(it)));
    Some(v4.or_else(|_| v6()).ok()?.to_canonical())
}

#[cfg(test)]
mod tests;
