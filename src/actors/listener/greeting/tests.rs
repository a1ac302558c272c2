use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::clock::Clock;
use crate::moment::Moment;
use crate::net::{BoxLink, MemoryNet, Network};
use crate::protocol::peer::encryption::Initiator;
use crate::protocol::peer::{Handshake, PeerId, Reserved};

const TORRENT: InfoHash = InfoHash([0xaa; 20]);
const OTHER_NAME: InfoHash = InfoHash([0xbb; 20]);

fn handshake(info_hash: InfoHash) -> [u8; 68] {
    let (reserved, peer_id) = (Reserved::OURS, PeerId(*b"-XX0000-a caller...."));
    Handshake {
        reserved,
        info_hash,
        peer_id,
    }
    .encode()
}

/// Greets who does as `call` says, and waits no longer than ten seconds.
async fn greeted<F: Future<Output = BoxLink>>(
    encryption: Encryption,
    call: impl FnOnce(BoxLink) -> F,
) -> Result<(Caller, InfoHash), Outcome> {
    let clock = Clock::start_at(Moment::from_millis(1_000_000));
    let net = MemoryNet::new(clock, 1);
    net.set_latency(Duration::from_millis(50));
    let host = |last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
    let there = Network::Memory(net.at(host(2)));
    let acceptor = there.listen(SocketAddr::new(host(2), 6881)).await.unwrap();
    let at = acceptor.local_addr().unwrap();
    let mut torrents = SharedKeys::default();
    torrents.insert(TORRENT);
    torrents.insert(OTHER_NAME);
    let calling = async {
        let here = Network::Memory(net.at(host(1)));
        call(here.connect(None, at).await.unwrap()).await
    };
    let greeting = async {
        let (incoming, _) = acceptor.accept().await.unwrap();
        let greeting = greet(incoming, encryption, Arc::new(torrents));
        let greeted = tokio::time::timeout(Duration::from_secs(10), greeting).await;
        greeted.unwrap_or(Err(Outcome::TimedOut))
    };
    let (greeted, _link) = tokio::join!(greeting, calling);
    greeted
}

/// Says something bit by bit.
async fn say(mut link: BoxLink, bytes: &[u8]) -> BoxLink {
    for part in bytes.chunks(7) {
        link.write_all(part).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    link
}

/// Asks for a torrent, encrypted.
async fn ask(link: BoxLink, info_hash: InfoHash) -> BoxLink {
    let mut initiator = Initiator::new([3; 32], info_hash, &handshake(info_hash));
    let mut link = say(link, &initiator.take_transmit()).await;
    let mut key = [0; 96];
    link.read_exact(&mut key).await.unwrap();
    assert!(initiator.handle_input(&mut &key[..]).is_ok());
    say(link, &initiator.take_transmit()).await
}

#[tokio::test(start_paused = true)]
async fn a_plain_caller_says_what_it_wants() {
    for encryption in [Encryption::Prefer, Encryption::Off] {
        let words = handshake(TORRENT);
        let (caller, info_hash) = greeted(encryption, |it| say(it, &words)).await.unwrap();
        assert_eq!((info_hash, caller.cipher.is_none()), (TORRENT, true));
        assert_eq!(caller.head, words[..48]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_encrypted_caller_asks_for_any_name_of_a_torrent() {
    for encryption in [Encryption::Prefer, Encryption::Require] {
        for name in [TORRENT, OTHER_NAME] {
            let greeted = greeted(encryption, |it| ask(it, name)).await;
            let (mut caller, info_hash) = greeted.unwrap();
            assert_eq!(info_hash, name);
            let mut heard = std::mem::take(&mut caller.head);
            let mut incoming = caller.incoming;
            while heard.len() < 68 {
                incoming = read(incoming, &mut heard, 68).await.unwrap();
            }
            caller.cipher.unwrap().decrypt(&mut heard);
            assert_eq!(heard, handshake(name));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_speaks_otherwise_than_is_wanted_is_turned_away() {
    let words = handshake(TORRENT);
    let plain = greeted(Encryption::Require, |it| say(it, &words)).await;
    assert_eq!(plain.unwrap_err(), Outcome::WrongWrapping);
    let key = [0x77; 96];
    let encrypted = greeted(Encryption::Off, |it| say(it, &key)).await;
    assert_eq!(encrypted.unwrap_err(), Outcome::WrongWrapping);
}

#[tokio::test(start_paused = true)]
async fn nonsense_ends_bounded() {
    let unknown = InfoHash([0xcc; 20]);
    let asked = greeted(Encryption::Prefer, |it| ask(it, unknown)).await;
    assert_eq!(asked.unwrap_err(), Outcome::UnknownInfoHash);
    let zeros = [0; 96];
    let degenerate = greeted(Encryption::Prefer, |it| say(it, &zeros)).await;
    assert_eq!(degenerate.unwrap_err(), Outcome::ProtocolError);
    let noise = [0x77; 700];
    let endless = greeted(Encryption::Prefer, |it| say(it, &noise)).await;
    assert_eq!(endless.unwrap_err(), Outcome::ProtocolError);
    let slow = greeted(Encryption::Prefer, |it| say(it, &noise[..300])).await;
    assert_eq!(slow.unwrap_err(), Outcome::TimedOut);
    let request = b"GET / HTTP/1.1\r\n\r\n";
    let closes = |it| async {
        drop(say(it, request).await);
        let (left, _) = tokio::io::duplex(1);
        Box::new(left) as BoxLink
    };
    let web = greeted(Encryption::Prefer, closes).await;
    assert_eq!(web.unwrap_err(), Outcome::Closed);
}
