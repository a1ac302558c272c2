//! A network in memory, trackers that answer by a script, and who asks them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bta::actors::tracker::Asker;
use bta::clock::Clock;
use bta::lab::tracker::authority::{Authority, Identity};
use bta::moment::Moment;
use bta::net::tls::Roots;
use bta::net::{MemoryNet, Network, Tls};
use bta::protocol::address::AddressPolicy;
use bta::protocol::info_hash::InfoHash;
use bta::protocol::peer::handshake::PeerId;
use bta::protocol::tracker::{
    AnnounceEvent, AnnounceRequest, Announced, Scraped, TrackerError, TrackerUrl,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Where bta lives.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(44, 2, 2, 2));
/// Where the tracker is.
pub(crate) const THERE: Ipv4Addr = Ipv4Addr::new(44, 1, 1, 1);
pub(crate) const PORT: u16 = 8080;
pub(crate) const NAME: &str = "tracker.example";
/// For one exchange.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

pub(crate) const HASH: InfoHash = InfoHash([b'a'; 20]);

/// A network in memory with one authority that bta trusts.
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) net: MemoryNet,
    pub(crate) authority: Authority,
}

/// What was asked of a scripted tracker, in the order asked.
pub(crate) type Heard = Arc<Mutex<Vec<String>>>;

impl World {
    pub(crate) fn new() -> World {
        let clock = Clock::start_at(Moment::from_millis(1_000_000));
        let net = MemoryNet::new(clock, 1);
        net.name(NAME, &[IpAddr::V4(THERE)]);
        let authority = Authority::invent().unwrap();
        World {
            clock,
            net,
            authority,
        }
    }

    pub(crate) fn asker(&self, allow_local: bool) -> Asker {
        let mut roots = Roots::default();
        roots.add_pem(self.authority.pem().as_bytes()).unwrap();
        Asker::new(
            Network::Memory(self.net.at(HERE)),
            Tls::new(roots).unwrap(),
            Vec::new(),
            AddressPolicy {
                allow_local,
                ..Default::default()
            },
            "bta/test".into(),
            self.clock,
            1,
        )
    }

    pub(crate) async fn announce(&self, url: &str) -> Result<Announced, TrackerError> {
        let url = TrackerUrl::parse(url).unwrap();
        self.asker(false).announce(&url, &request(), LIMIT).await
    }

    pub(crate) async fn scrape(&self, url: &str) -> Result<Scraped, TrackerError> {
        let url = TrackerUrl::parse(url).unwrap();
        self.asker(false).scrape(&url, &HASH, LIMIT).await
    }

    /// A server that answers each request with the next of `replies`, the last one
    /// for ever.
    pub(crate) async fn serve(&self, at: SocketAddr, replies: Vec<Vec<u8>>) -> Heard {
        self.serve_as(at, None, replies).await
    }

    /// The same behind TLS.
    pub(crate) async fn serve_as(
        &self,
        at: SocketAddr,
        identity: Option<Identity>,
        replies: Vec<Vec<u8>>,
    ) -> Heard {
        let network = Network::Memory(self.net.at(at.ip()));
        let acceptor = network.listen(at).await.unwrap();
        let heard = Heard::default();
        let told = heard.clone();
        tokio::spawn(async move {
            loop {
                let (incoming, _) = acceptor.accept().await.unwrap();
                let mut link = incoming.open().unwrap();
                if let Some(identity) = &identity {
                    match identity.accept(link).await {
                        Ok(encrypted) => link = encrypted,
                        Err(_) => continue,
                    }
                }
                let mut head = vec![0; 4096];
                let len = link.read(&mut head).await.unwrap_or(0);
                let count = {
                    let mut told = told.lock().unwrap();
                    told.push(String::from_utf8_lossy(&head[..len]).into_owned());
                    told.len()
                };
                let reply = &replies[count.min(replies.len()) - 1];
                let _ = link.write_all(reply).await;
                let _ = link.shutdown().await;
            }
        });
        heard
    }
}

pub(crate) fn request() -> AnnounceRequest {
    AnnounceRequest {
        info_hash: HASH,
        peer_id: PeerId(*b"-BA0100-abcdefghijkl"),
        port: 6881,
        left: 1,
        event: AnnounceEvent::Started,
        numwant: 50,
        key: 7,
        tracker_id: None,
    }
}

pub(crate) fn there() -> SocketAddr {
    (THERE, PORT).into()
}

/// An HTTP answer; `headers` end in a line break each.
pub(crate) fn reply(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let len = body.len();
    let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {len}\r\n\r\n");
    [head.as_bytes(), body].concat()
}
