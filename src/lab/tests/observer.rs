//! A plain observer that shares no code with bta: it keeps connections open,
//! counts pieces, and settles after 2.5 s.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{interval, sleep, timeout};

use super::super::pace::Pace;
use super::super::*;
use crate::net::{BoxLink, MemoryNet};

const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(43, 0, 0, 1));
const PORT: u16 = 7_000;

#[derive(Default)]
struct Seen {
    busy: HashSet<IpAddr>,
    below: HashSet<IpAddr>,
    confirmed: HashMap<IpAddr, Confirmation>,
}

struct Observer {
    network: Network,
    clock: Clock,
    torrent: Arc<Torrent>,
    seen: Mutex<Seen>,
    pace: Pace,
}

impl Observer {
    async fn ask_tracker(&self, url: &str) -> Vec<SocketAddr> {
        let at: SocketAddr = url[7..].trim_end_matches("/announce").parse().unwrap();
        let hash = self.torrent.info_hash.0;
        let hash: String = hash.iter().map(|byte| format!("%{byte:02x}")).collect();
        let request = format!(
            "GET /announce?info_hash={hash}&peer_id=-OB0001-aaaaaaaaaaaa&port={PORT}&left=1\
             &compact=1&numwant=200 HTTP/1.1\r\n\r\n"
        );
        let mut link = self.network.connect(Some(HOME), at).await.unwrap();
        link.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        link.read_to_end(&mut answer).await.unwrap();
        let end = answer
            .windows(8)
            .collect::<Vec<_>>()
            .into_iter()
            .rposition(|it| it == b"6:peers6");
        let peers = answer.windows(7).position(|it| it == b"5:peers").unwrap() + 7;
        let body = &answer[peers..end.unwrap()];
        let colon = body.iter().position(|byte| *byte == b':').unwrap();
        let (compact, _) = body[colon + 1..].as_chunks::<6>();
        let address = |it: &[u8; 6]| {
            SocketAddr::from((
                [it[0], it[1], it[2], it[3]],
                u16::from_be_bytes([it[4], it[5]]),
            ))
        };
        compact.iter().map(address).collect()
    }

    async fn watch(&self, mut link: BoxLink, ip: IpAddr) {
        if !self.seen.lock().unwrap().busy.insert(ip) {
            return;
        }
        let _ = self.converse(&mut link, ip).await;
        self.seen.lock().unwrap().busy.remove(&ip);
    }

    async fn converse(&self, link: &mut BoxLink, ip: IpAddr) -> io::Result<()> {
        let mut hello = b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x04".to_vec();
        hello.extend(self.torrent.info_hash.0);
        hello.extend(b"-OB0001-aaaaaaaaaaaa");
        link.write_all(&hello).await?;
        let mut theirs = [0; 68];
        timeout(Duration::from_secs(10), link.read_exact(&mut theirs)).await??;
        // Some try encryption first.
        if !theirs.starts_with(b"\x13BitTorrent protocol") {
            return Ok(());
        }
        if theirs[27] & 4 == 0 {
            let bytes = self.torrent.pieces.div_ceil(8);
            let mut zeros = (bytes + 1).to_be_bytes().to_vec();
            zeros.push(5);
            zeros.extend(vec![0; bytes as usize]);
            link.write_all(&zeros).await?;
        }
        let (mut reader, mut writer) = tokio::io::split(link);
        let settled = self.clock.now() + self.pace.of(Duration::from_millis(2_500));
        let mut alive = interval(self.pace.of(Duration::from_secs(6)));
        alive.reset();
        let (mut pieces, mut input) = (HashSet::new(), Vec::new());
        let mut part = [0; 4096];
        loop {
            tokio::select! {
                len = reader.read(&mut part) => match len? {
                    0 => return Ok(()),
                    len => input.extend_from_slice(&part[..len]),
                },
                _ = alive.tick() => writer.write_all(&[0; 4]).await?,
                () = tokio::time::sleep_until(self.clock.instant(settled)),
                    if self.clock.now() < settled => {}
            }
            self.take(&mut input, &mut pieces);
            self.decide(pieces.len() as u32, self.clock.now() >= settled, ip);
        }
    }

    fn take(&self, input: &mut Vec<u8>, pieces: &mut HashSet<u32>) {
        while let Some((head, rest)) = input.split_first_chunk::<4>() {
            let len = u32::from_be_bytes(*head) as usize;
            let Some(body) = rest.get(..len) else { break };
            match body {
                [4, piece @ ..] => {
                    pieces.insert(u32::from_be_bytes(piece.try_into().unwrap()));
                }
                [5, bits @ ..] => {
                    let held = |it: &u32| bits[*it as usize / 8] >> (7 - it % 8) & 1 == 1;
                    *pieces = (0..self.torrent.pieces).filter(held).collect();
                }
                [14] => *pieces = (0..self.torrent.pieces).collect(),
                _ => {}
            }
            input.drain(..4 + len);
        }
    }

    fn decide(&self, pieces: u32, settled: bool, ip: IpAddr) {
        let seen = &mut *self.seen.lock().unwrap();
        if pieces >= self.torrent.threshold {
            if seen.below.contains(&ip) {
                let (torrent, at) = (self.torrent.info_hash, self.clock.now());
                let found = Confirmation {
                    torrent,
                    ip,
                    port: None,
                    at,
                };
                seen.confirmed.entry(ip).or_insert(found);
            }
        } else if settled {
            seen.below.insert(ip);
        }
    }

    async fn dial(self: Arc<Self>, to: SocketAddr) {
        let link = self.network.connect(Some(HOME), to);
        if let Ok(Ok(link)) = timeout(Duration::from_secs(10), link).await {
            self.watch(link, to.ip()).await;
        }
    }

    async fn run(self: Arc<Self>, url: String, every: Duration) {
        let mut tasks = JoinSet::new();
        let listening = self.clone();
        tasks.spawn(async move {
            let at = SocketAddr::new(HOME, PORT);
            let acceptor = listening.network.listen(at).await.unwrap();
            let mut sessions = JoinSet::new();
            loop {
                let (link, from) = acceptor.accept().await.unwrap();
                let (it, link) = (listening.clone(), link.open().unwrap());
                sessions.spawn(async move { it.watch(link, from.ip()).await });
            }
        });
        loop {
            for peer in self.ask_tracker(&url).await {
                let busy = self.seen.lock().unwrap().busy.contains(&peer.ip());
                if peer.ip() != HOME && !busy {
                    tasks.spawn(self.clone().dial(peer));
                }
            }
            sleep(every).await;
        }
    }
}

/// Watches the first torrent of a scenario from its start to its end.
pub(super) async fn observe(scenario: &Scenario) -> Judgement {
    let clock = Clock::start_at(Moment::from_millis(1_000_000));
    let network = Network::Memory(MemoryNet::new(clock, scenario.seed));
    let lab = Lab::start(network.clone(), clock, scenario).await.unwrap();
    let observer = Arc::new(Observer {
        network,
        clock,
        torrent: lab.torrents()[0].clone(),
        seen: Mutex::default(),
        pace: scenario.pace,
    });
    let url = lab.trackers()[0].url().to_owned();
    let every = scenario.pace.of(scenario.trackers[0].interval);
    let watching = observer.clone().run(url, every);
    let _ = timeout(scenario.duration, watching).await;
    let truth = lab.truth(clock.now());
    lab.stop().await;
    let seen = observer.seen.lock().unwrap();
    let found: Vec<Confirmation> = seen.confirmed.values().cloned().collect();
    truth.judge(&found)
}
