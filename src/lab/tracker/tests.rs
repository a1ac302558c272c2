//! Trackers over a network in memory.

use super::*;
use crate::lab::pace::Pace;
use crate::moment::Moment;
use crate::net::MemoryNet;

/// An announce of a swarm that no tracker here knows.
const ANNOUNCE: &[u8] =
    b"GET /announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb\
    &port=7000&left=1&compact=1 HTTP/1.1\r\n\r\n";

struct Bench {
    network: Network,
    clock: Clock,
    tracker: Arc<Tracker>,
    /// Its end is the tracker's.
    _tasks: JoinSet<()>,
}

async fn bench(transport: Transport, manner: Manner) -> Bench {
    let clock = Clock::start_at(Moment::from_millis(1_000_000));
    let network = Network::Memory(MemoryNet::new(clock, 1));
    let spec = TrackerSpec {
        transport,
        at: SocketAddr::from(([44, 0, 0, 1], 6_969)),
        manner,
        interval: Duration::from_secs(900),
    };
    let swarm = [InfoHash([b'a'; 20])];
    let registry = Registry::new(spec.interval, Pace::REAL, swarm, 1);
    let mut tasks = JoinSet::new();
    let authority = Authority::invent().unwrap();
    let tracker = Tracker::start(&network, clock, &spec, &authority, registry, &mut tasks).await;
    Bench {
        network,
        clock,
        tracker: tracker.unwrap(),
        _tasks: tasks,
    }
}

impl Bench {
    /// What comes back over HTTP, and after how long.
    async fn get(&self, parts: &[&[u8]]) -> (String, Duration) {
        let asked = self.clock.now();
        let at = SocketAddr::from(([44, 0, 0, 1], 6_969));
        let mut link = self.network.connect(None, at).await.unwrap();
        for part in parts {
            link.write_all(part).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut answer = Vec::new();
        link.read_to_end(&mut answer).await.unwrap();
        let text = answer.into_iter().map(char::from).collect();
        (text, self.clock.now().since(asked))
    }
}

#[tokio::test(start_paused = true)]
async fn http_answers_requests_in_pieces() {
    let bench = bench(Transport::Http, Manner::Honest).await;
    assert_eq!(bench.tracker.url(), "http://44.0.0.1:6969/announce");
    let (head, tail) = ANNOUNCE.split_at(40);
    let (text, _) = bench.get(&[head, tail]).await;
    assert!(
        text.starts_with("HTTP/1.1 200 ") && text.ends_with("peers60:e"),
        "{text}"
    );
    assert_eq!(bench.tracker.guest_announces(), 1);
}

#[tokio::test(start_paused = true)]
async fn http_is_slow_or_silent_as_told() {
    let slow = Manner::Slow(Duration::from_secs(40));
    let (text, span) = bench(Transport::Http, slow).await.get(&[ANNOUNCE]).await;
    assert!(
        text.ends_with("peers60:e") && span.as_secs() == 40,
        "{text}"
    );
    let silent = bench(Transport::Http, Manner::Silent).await;
    let (text, span) = silent.get(&[ANNOUNCE]).await;
    assert_eq!((text.as_str(), span.as_secs()), ("", 120));
    let (endless, _) = silent.get(&[&[b'x'; 9_000]]).await;
    assert!(endless.is_empty());
}

#[tokio::test(start_paused = true)]
async fn udp_answers_who_connects_first() {
    let bench = bench(Transport::Udp, Manner::Honest).await;
    assert_eq!(bench.tracker.url(), "udp://44.0.0.1:6969/announce");
    let at = SocketAddr::from(([43, 0, 0, 1], 5_000));
    let socket = bench.network.datagrams(at).await.unwrap();
    let tracker = SocketAddr::from(([44, 0, 0, 1], 6_969));
    let connect = b"\0\0\x04\x17\x27\x10\x19\x80\0\0\0\0ABCD";
    socket.send_to(b"nonsense", tracker).await.unwrap();
    socket.send_to(connect, tracker).await.unwrap();
    let mut buffer = [0; 100];
    let (len, from) = socket.recv_from(&mut buffer).await.unwrap();
    assert_eq!(
        (len, from, &buffer[..8]),
        (16, tracker, &b"\0\0\0\0ABCD"[..])
    );
}
