//! A UDP tracker's answers (BEP 15).

use std::net::{IpAddr, SocketAddr};

use super::manner::Manner;
use super::registry::{Announce, Answer, Event, Registry};
use crate::moment::Moment;
use crate::protocol::info_hash::InfoHash;

/// What opens a connect request.
const MAGIC: u64 = 0x0417_2710_1980;
/// Peers in a datagram, at most: it should not be fragmented.
const DATAGRAM_PEERS: usize = 200;
/// A connection id lives so long at the tracker.
const CONNECTION_LIFE_MS: u64 = 120_000;

const CONNECT: u32 = 0;
const ANNOUNCE: u32 = 1;
const SCRAPE: u32 = 2;
const ERROR: u32 = 3;

/// Answers one datagram; `None` for one that deserves none.
pub(super) fn answer(
    registry: &mut Registry,
    manner: &Manner,
    datagram: &[u8],
    from: SocketAddr,
    key: u64,
    now: Moment,
) -> Option<Vec<u8>> {
    let connection = u64::from_be_bytes(field(datagram, 0)?);
    let action = u32::from_be_bytes(field(datagram, 8)?);
    let transaction: [u8; 4] = field(datagram, 12)?;
    if action == CONNECT {
        if connection != MAGIC {
            return None;
        }
        let id = connection_id(key, from, now.as_millis() / CONNECTION_LIFE_MS);
        return Some(packet(CONNECT, transaction, &id.to_be_bytes()));
    }
    let age = now.as_millis() / CONNECTION_LIFE_MS;
    let valid = [age, age.saturating_sub(1)];
    if !valid
        .iter()
        .any(|&age| connection == connection_id(key, from, age))
    {
        return Some(packet(ERROR, transaction, b"Connection ID missmatch.\0"));
    }
    match action {
        ANNOUNCE => {}
        SCRAPE => return Some(packet(SCRAPE, transaction, &scrape(registry, datagram))),
        _ => return Some(packet(ERROR, transaction, b"unknown action\0")),
    }
    let request = Announce {
        repeated: registry.is_repeated(from, transaction),
        ..read_announce(datagram, from)?
    };
    let Some(answer) = registry.announce(now, &request) else {
        return Some(packet(ERROR, transaction, b"unregistered torrent\0"));
    };
    let honest = packet(
        ANNOUNCE,
        transaction,
        &announce_body(&answer, from.is_ipv4()),
    );
    Some(match manner.at(registry.guest_announces()) {
        Manner::Silent => return None,
        Manner::NoGoodbye if request.event == Event::Stopped => return None,
        Manner::Refuses(reason) => packet(ERROR, transaction, reason.as_bytes()),
        Manner::Status(status) => packet(ERROR, transaction, status.to_string().as_bytes()),
        Manner::Garbage => b"<html>It works!</html>".to_vec(),
        Manner::Truncated => honest[..18].to_vec(),
        Manner::Huge(len) => packet(ANNOUNCE, transaction, &vec![0x42; (*len).min(60_000)]),
        Manner::WrongTransaction => {
            let other = transaction.map(|byte| !byte);
            packet(ANNOUNCE, other, &honest[8..])
        }
        _ => honest,
    })
}

fn read_announce(datagram: &[u8], from: SocketAddr) -> Option<Announce> {
    let port = u16::from_be_bytes(field(datagram, 96)?);
    Some(Announce {
        info_hash: InfoHash(field(datagram, 16)?),
        peer_id: field(datagram, 36)?,
        left: u64::from_be_bytes(field(datagram, 64)?),
        event: match u32::from_be_bytes(field(datagram, 80)?) {
            1 => Event::Completed,
            2 => Event::Started,
            3 => Event::Stopped,
            _ => Event::None,
        },
        numwant: u32::try_from(i32::from_be_bytes(field(datagram, 92)?)).ok(),
        address: SocketAddr::new(from.ip(), port),
        resident: false,
        repeated: false,
    })
}

fn announce_body(answer: &Answer, v4: bool) -> Vec<u8> {
    let mut body = Vec::new();
    let interval_s = answer.interval.as_secs() as u32;
    for number in [interval_s, answer.leechers, answer.seeders] {
        body.extend(number.to_be_bytes());
    }
    let of_family = answer.peers.iter().filter(|peer| peer.is_ipv4() == v4);
    for peer in of_family.take(DATAGRAM_PEERS) {
        match peer.ip() {
            IpAddr::V4(ip) => body.extend(ip.octets()),
            IpAddr::V6(ip) => body.extend(ip.octets()),
        }
        body.extend(peer.port().to_be_bytes());
    }
    body
}

fn scrape(registry: &Registry, datagram: &[u8]) -> Vec<u8> {
    let (hashes, _) = datagram[16..].as_chunks::<20>();
    let counts = hashes.iter().flat_map(|hash| {
        let count = registry.scrape(&InfoHash(*hash)).unwrap_or_default();
        [count.seeders, count.downloaded, count.leechers]
    });
    counts.flat_map(u32::to_be_bytes).collect()
}

fn packet(action: u32, transaction: [u8; 4], body: &[u8]) -> Vec<u8> {
    let head = action.to_be_bytes().into_iter().chain(transaction);
    head.chain(body.iter().copied()).collect()
}

fn field<const N: usize>(datagram: &[u8], offset: usize) -> Option<[u8; N]> {
    datagram.get(offset..)?.first_chunk().copied()
}

/// Bound to the asker's address, so that no state is kept for it.
fn connection_id(key: u64, from: SocketAddr, age: u64) -> u64 {
    let text = format!("{key:x} {from} {age}");
    let InfoHash(hash) = InfoHash::of_info(text.as_bytes());
    hash.iter()
        .take(8)
        .fold(0, |id, byte| id << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::lab::conduct::Offence;
    use crate::lab::pace::Pace;

    const KEY: u64 = 3;

    fn from() -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 9], 5000))
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

    fn send(registry: &mut Registry, manner: &Manner, datagram: &[u8]) -> Option<Vec<u8>> {
        answer(registry, manner, datagram, from(), KEY, Moment::EPOCH)
    }

    fn connect(registry: &mut Registry) -> [u8; 8] {
        let mut request = MAGIC.to_be_bytes().to_vec();
        request.extend(b"\0\0\0\0ABCD");
        let answer = send(registry, &Manner::Honest, &request).unwrap();
        assert_eq!(&answer[..8], b"\0\0\0\0ABCD");
        answer[8..].try_into().unwrap()
    }

    fn announce(id: [u8; 8]) -> Vec<u8> {
        let mut request = id.to_vec();
        request.extend(b"\0\0\0\x01EFGH");
        request.extend([7; 20]);
        request.extend([2; 20]);
        request.extend([0; 8]);
        request.extend(9u64.to_be_bytes());
        request.extend([0; 8]);
        request.extend(2u32.to_be_bytes());
        request.extend([0; 8]);
        request.extend((-1i32).to_be_bytes());
        request.extend(6881u16.to_be_bytes());
        assert_eq!(request.len(), 98);
        request
    }

    #[test]
    fn connects_and_answers_an_announce() {
        let registry = &mut registry();
        let request = announce(connect(registry));
        let answer = send(registry, &Manner::Honest, &request).unwrap();
        let expected = b"\0\0\0\x01EFGH\0\0\x03\x84\0\0\0\x01\0\0\0\x01ABCDEF";
        assert_eq!(answer, expected);
        let mut scrape = connect(registry).to_vec();
        scrape.extend(b"\0\0\0\x02IJKL");
        scrape.extend([7; 20]);
        let answer = send(registry, &Manner::Honest, &scrape).unwrap();
        assert_eq!(answer, b"\0\0\0\x02IJKL\0\0\0\x01\0\0\0\0\0\0\0\x01");
    }

    #[test]
    fn refuses_ids_that_it_did_not_give() {
        let registry = &mut registry();
        let request = announce([9; 8]);
        let answer = send(registry, &Manner::Honest, &request).unwrap();
        assert_eq!(&answer[..8], b"\0\0\0\x03EFGH");
        assert_eq!(send(registry, &Manner::Honest, &request[..15]), None);
        assert_eq!(registry.guest_announces(), 0);
    }

    #[test]
    fn takes_no_offence_at_what_is_sent_again() {
        let registry = &mut registry();
        let mut request = announce(connect(registry));
        request[80..84].fill(0);
        for _ in 0..2 {
            send(registry, &Manner::Honest, &request);
        }
        assert_eq!(registry.offences(), []);
        request[12] += 1;
        send(registry, &Manner::Honest, &request);
        assert_eq!(registry.offences(), [Offence::AnnouncedTooOften]);
    }

    #[test]
    fn misbehaves_as_told() {
        let registry = &mut registry();
        let request = announce(connect(registry));
        let mut send = |manner| send(registry, &manner, &request).unwrap();
        assert_eq!(send(Manner::Refuses("no".into())), b"\0\0\0\x03EFGHno");
        assert_eq!(&send(Manner::WrongTransaction)[..4], b"\0\0\0\x01");
        assert_ne!(&send(Manner::WrongTransaction)[4..8], b"EFGH");
        assert_eq!(send(Manner::Truncated).len(), 18);
        assert_eq!(send(Manner::Huge(1 << 20)).len(), 60_008);
    }
}
