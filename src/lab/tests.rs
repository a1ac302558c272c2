//! The lab as a whole, seen by a plain observer that shares no code with bta:
//! it keeps connections open, counts pieces, and settles after 2.5 s.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{interval, sleep, timeout};

use super::pace::Pace;
use super::peer::{Fate, Reach};
use super::*;
use crate::net::{BoxLink, MemoryNet, OsNet};

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
async fn observe(scenario: &Scenario) -> Judgement {
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
    let watching = observer
        .clone()
        .run(url, scenario.pace.of(Duration::from_secs(10)));
    let _ = timeout(scenario.duration, watching).await;
    let truth = lab.truth(clock.now());
    lab.stop().await;
    let seen = observer.seen.lock().unwrap();
    let found: Vec<Confirmation> = seen.confirmed.values().cloned().collect();
    truth.judge(&found)
}

fn scenario() -> Scenario {
    let mut scenario = Scenario::sim(11, 120, Duration::from_secs(3_000));
    scenario.torrents.truncate(1);
    scenario.torrents[0].trackers = vec![0];
    scenario.torrents[0].nominal_bytes /= 10;
    scenario.trackers[0].interval = Duration::from_secs(30);
    scenario.crowd.neighbours = 0.0;
    scenario
}

#[tokio::test(start_paused = true)]
async fn an_observer_finds_what_was_told_and_nothing_else() {
    let judgement = observe(&scenario()).await;
    println!("{judgement}");
    assert!(judgement.all.of > 20, "{}", judgement.all);
    assert!(judgement.wrong.is_empty());
    assert!(judgement.truth.offences.is_empty());
    assert!(
        judgement.showable.percent() > 95.0,
        "{}",
        judgement.showable
    );
    assert!(judgement.all.percent() > 70.0, "{}", judgement.all);
    assert!(judgement.time_error(0.5) < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn the_demo_can_be_confirmed() {
    for seed in 1..=5 {
        let mut scenario = Scenario::demo(seed);
        scenario.torrents.truncate(1);
        scenario.crowd.extras.clear();
        scenario.crowd.neighbours = 0.0;
        let judgement = observe(&scenario).await;
        println!("{judgement}");
        let strays = judgement.wrong.iter().filter(|it| !it.again);
        println!("seed {seed}: {} fair {}", judgement.line(), judgement.fair);
        assert_eq!(strays.count(), 0);
        assert!(judgement.fair.percent() >= 95.0, "{}", judgement.fair);
        assert!(judgement.all.percent() >= 80.0, "{}", judgement.all);
    }
}

#[tokio::test(start_paused = true)]
async fn pretenders_deceive_a_plain_observer() {
    let mut scenario = scenario();
    scenario.crowd.present = 0;
    scenario.crowd.arriving = 0;
    scenario.crowd.extras = vec![
        (Fate::SuperSeeds, 6),
        (Fate::Rechecks, 4),
        (Fate::Lies, 4),
        (Fate::PartialSeed, 4),
    ];
    let judgement = observe(&scenario).await;
    println!("{judgement}");
    assert_eq!(judgement.all.of, 0);
    let fates: HashSet<Fate> = judgement
        .wrong
        .iter()
        .map(|it| judgement.truth.peers[it.peer.unwrap()].fate)
        .collect();
    assert_eq!(
        fates,
        HashSet::from([Fate::SuperSeeds, Fate::Rechecks, Fate::Lies])
    );
}

#[tokio::test(start_paused = true)]
async fn firewalled_peers_come_by_themselves_and_dead_ones_never() {
    let mut scenario = scenario();
    scenario.crowd.present = 12;
    scenario.crowd.arriving = 0;
    scenario.crowd.reach = vec![(Reach::Firewalled, 1.0)];
    scenario.crowd.ghosts = vec![(Reach::Dead, 5), (Reach::Mute, 5), (Reach::Full, 5)];
    let judgement = observe(&scenario).await;
    for peer in &judgement.truth.peers {
        let met = peer.reach == Reach::Firewalled;
        assert_eq!(peer.shown.met.is_some(), met, "{peer:?}");
    }
}

#[tokio::test]
async fn a_demo_starts_on_loopback_and_ends() {
    let clock = Clock::start();
    let network = Network::Os(OsNet);
    let scenario = Scenario::demo(1);
    let lab = Lab::start(network.clone(), clock, &scenario).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let files = lab.write_torrents(dir.path()).unwrap();
    for (file, torrent) in files.iter().zip(lab.torrents()) {
        let bytes = std::fs::read(file).unwrap();
        let parsed = crate::protocol::metainfo::Metainfo::parse(&bytes).unwrap();
        assert_eq!(
            (parsed.info_hash, parsed.pieces),
            (torrent.info_hash, torrent.pieces)
        );
        assert_eq!(parsed.trackers.concat(), torrent.trackers);
    }
    let open = |it: &&Plan| it.reach == Reach::Open && it.arrives <= clock.now();
    let plan = lab.plans().iter().find(open).unwrap().clone();
    let mut hello = b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x04".to_vec();
    hello.extend(plan.torrent.info_hash.0);
    hello.extend(b"-OB0001-aaaaaaaaaaaa");
    let mut link = loop {
        // It listens as soon as its task has run.
        match network.connect(None, plan.address).await {
            Ok(link) => break link,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    link.write_all(&hello).await.unwrap();
    let mut theirs = [0; 68];
    link.read_exact(&mut theirs).await.unwrap();
    assert_eq!(theirs[28..48], plan.torrent.info_hash.0);
    lab.stop().await;
    let mut rest = Vec::new();
    let _ = link.read_to_end(&mut rest).await;
    let gone = network.connect(None, plan.address).await;
    assert!(gone.is_err(), "nobody listens any more");
}
