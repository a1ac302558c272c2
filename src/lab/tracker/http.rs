//! An HTTP tracker's answers (BEP 3, BEP 7, BEP 23).

use std::net::{IpAddr, SocketAddr};

use percent_encoding::percent_decode_str;

use super::manner::Manner;
use super::registry::{Announce, Answer, Event, Registry};
use crate::moment::Moment;
use crate::protocol::info_hash::InfoHash;

/// A request's head is not longer.
pub(super) const HEAD_BYTES: usize = 8 << 10;

/// Whether a request's head has come to its end.
pub(super) fn is_whole(head: &[u8]) -> bool {
    head.windows(4).any(|it| it == b"\r\n\r\n")
}

/// The answer to one request that came from `remote`.
pub(super) fn answer(
    registry: &mut Registry,
    manner: &Manner,
    head: &[u8],
    remote: IpAddr,
    now: Moment,
) -> Vec<u8> {
    let Some(target) = target_of(head) else {
        return reply(400, b"bad request");
    };
    let Some((path, query)) = target.split_once('?') else {
        return reply(404, b"not found");
    };
    let query = Query::read(query);
    match path.rsplit('/').next() {
        Some("announce") => {}
        Some("scrape") => return reply(200, &scrape(registry, &query)),
        _ => return reply(404, b"not found"),
    }
    let Some(request) = query.announce(remote) else {
        return reply(200, &failure("incomplete announce"));
    };
    let Some(answer) = registry.announce(now, &request) else {
        return reply(200, &failure("unregistered torrent"));
    };
    let compact = query.compact && *manner != Manner::Dictionaries;
    let body = announce_body(&answer, compact);
    match manner.at(registry.guest_announces()) {
        Manner::Refuses(reason) => reply(200, &failure(reason)),
        Manner::Status(status) => reply(*status, b""),
        Manner::Garbage => reply(200, b"<html>It works!</html>"),
        Manner::Huge(len) => reply(200, &vec![b'd'; *len]),
        Manner::Truncated => {
            let mut bytes = reply(200, &body);
            bytes.truncate(bytes.len() - body.len() / 2);
            bytes
        }
        _ => reply(200, &body),
    }
}

#[derive(Default)]
struct Query {
    hashes: Vec<[u8; 20]>,
    peer_id: Option<[u8; 20]>,
    port: Option<u16>,
    left: Option<u64>,
    numwant: Option<u32>,
    event: Option<Event>,
    compact: bool,
}

impl Query {
    fn read(text: &str) -> Query {
        let mut query = Query::default();
        for (key, value) in text.split('&').filter_map(|it| it.split_once('=')) {
            let bytes: Vec<u8> = percent_decode_str(value).collect();
            match key {
                "info_hash" => query.hashes.extend(<[u8; 20]>::try_from(bytes)),
                "peer_id" => query.peer_id = bytes.try_into().ok(),
                "port" => query.port = value.parse().ok(),
                "left" => query.left = value.parse().ok(),
                "numwant" => query.numwant = value.parse().ok(),
                "compact" => query.compact = value == "1",
                "event" => {
                    query.event = match value {
                        "started" => Some(Event::Started),
                        "stopped" => Some(Event::Stopped),
                        "completed" => Some(Event::Completed),
                        _ => None,
                    }
                }
                _ => {}
            }
        }
        query
    }

    fn announce(&self, remote: IpAddr) -> Option<Announce> {
        Some(Announce {
            info_hash: InfoHash(*self.hashes.first()?),
            address: SocketAddr::new(remote, self.port?),
            peer_id: self.peer_id?,
            left: self.left?,
            event: self.event.unwrap_or(Event::None),
            numwant: self.numwant,
            resident: false,
            repeated: false,
        })
    }
}

fn target_of(head: &[u8]) -> Option<&str> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    (words.next() == Some("GET"))
        .then(|| words.next())
        .flatten()
}

fn reply(status: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 {status} Lab\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len(),
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn failure(reason: &str) -> Vec<u8> {
    format!("d14:failure reason{}:{reason}e", reason.len()).into_bytes()
}

fn announce_body(answer: &Answer, compact: bool) -> Vec<u8> {
    let interval_s = answer.interval.as_secs();
    let mut body = format!(
        "d8:completei{}e10:downloadedi{}e10:incompletei{}e8:intervali{interval_s}e12:min intervali{interval_s}e",
        answer.seeders, answer.downloaded, answer.leechers,
    )
    .into_bytes();
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    let mut dictionaries = b"5:peersl".to_vec();
    for peer in &answer.peers {
        let (ip, port) = (peer.ip().to_string(), peer.port());
        dictionaries.extend(format!("d2:ip{}:{ip}4:porti{port}ee", ip.len()).bytes());
        match peer.ip() {
            IpAddr::V4(ip) => v4.extend(ip.octets().into_iter().chain(port.to_be_bytes())),
            IpAddr::V6(ip) => v6.extend(ip.octets().into_iter().chain(port.to_be_bytes())),
        }
    }
    if compact {
        body.extend(format!("5:peers{}:", v4.len()).bytes());
        body.extend(v4);
        body.extend(format!("6:peers6{}:", v6.len()).bytes());
        body.extend(v6);
    } else {
        body.extend(dictionaries);
        body.push(b'e');
    }
    body.push(b'e');
    body
}

fn scrape(registry: &Registry, query: &Query) -> Vec<u8> {
    let mut body = b"d5:filesd".to_vec();
    for hash in &query.hashes {
        let Some(count) = registry.scrape(&InfoHash(*hash)) else {
            continue;
        };
        body.extend(b"20:");
        body.extend(hash);
        let counts = format!(
            "d8:completei{}e10:downloadedi{}e10:incompletei{}ee",
            count.seeders, count.downloaded, count.leechers,
        );
        body.extend(counts.bytes());
    }
    body.extend(b"ee");
    body
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::lab::pace::Pace;

    const REMOTE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 9));

    fn ask(registry: &mut Registry, manner: &Manner, extra: &str) -> String {
        let head = format!(
            "GET /announce?info_hash=%07%07%07%07%07%07%07%07%07%07%07%07%07%07%07%07%07%07%07%07&\
             peer_id=-BT0001-abcdefghijkl&port=6881&uploaded=0&left=9&compact=1{extra} HTTP/1.1\r\n\
             Host: lab\r\n\r\n"
        );
        assert!(is_whole(head.as_bytes()));
        let bytes = answer(registry, manner, head.as_bytes(), REMOTE, Moment::EPOCH);
        bytes.into_iter().map(char::from).collect()
    }

    fn registry() -> Registry {
        let hash = InfoHash([7; 20]);
        let mut registry = Registry::new(Duration::from_secs(900), Pace::REAL, [hash], 1);
        let resident = Announce {
            info_hash: hash,
            address: SocketAddr::from(([65, 66, 67, 68], 0x4546)),
            peer_id: [1; 20],
            left: 0,
            event: Event::Started,
            numwant: None,
            resident: true,
            repeated: false,
        };
        registry.announce(Moment::EPOCH, &resident);
        registry
    }

    #[test]
    fn answers_compact_and_in_dictionaries() {
        let compact = ask(&mut registry(), &Manner::Honest, "&event=started");
        let counts = "d8:completei1e10:downloadedi0e10:incompletei1e8:intervali900e";
        assert!(compact.contains(counts), "{compact}");
        assert!(compact.ends_with("5:peers6:ABCDEF6:peers60:e"), "{compact}");
        let long = ask(&mut registry(), &Manner::Dictionaries, "");
        assert!(
            long.ends_with("5:peersld2:ip11:65.66.67.684:porti17734eeee"),
            "{long}"
        );
    }

    #[test]
    fn misbehaves_as_told_then_recovers() {
        let registry = &mut registry();
        let manner = Manner::Recovers {
            after: 2,
            first: Box::new(Manner::Refuses("go away".into())),
        };
        assert!(ask(registry, &manner, "").ends_with("d14:failure reason7:go awaye"));
        assert!(ask(registry, &manner, "").ends_with("d14:failure reason7:go awaye"));
        assert!(ask(registry, &manner, "").ends_with("peers60:e"));
        assert!(ask(registry, &Manner::Status(503), "").starts_with("HTTP/1.1 503 "));
        assert_eq!(
            ask(registry, &Manner::Huge(5_000_000), "").len() / 1_000_000,
            5
        );
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let mut empty = Registry::new(Duration::from_secs(9), Pace::REAL, [], 1);
        let answer = ask(&mut empty, &Manner::Honest, "");
        assert!(answer.ends_with("20:unregistered torrente"), "{answer}");
        let bytes = answer_raw(b"POST / HTTP/1.1\r\n\r\n");
        assert!(bytes.starts_with(b"HTTP/1.1 400"));
        let bytes = answer_raw(b"GET /announce?port=1 HTTP/1.1\r\n\r\n");
        assert!(bytes.ends_with(b"19:incomplete announcee"));
    }

    fn answer_raw(head: &[u8]) -> Vec<u8> {
        answer(
            &mut registry(),
            &Manner::Honest,
            head,
            REMOTE,
            Moment::EPOCH,
        )
    }
}
