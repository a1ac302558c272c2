//! A link whose metadata turns out to be of a private torrent (BEP 27): until then the DHT
//! and the gossip of peers are used, as nobody can know; from then on neither is.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bta::clock::Clock;
use bta::config::{Dht, DhtFile};
use bta::input::{Named, Torrent};
use bta::lab::Scenario;
use bta::moment::Moment;
use bta::net::{BoxLink, MemoryNet, Network};
use bta::protocol::dht::krpc::{Answer, Body, Query, read, write_answer};
use bta::protocol::dht::{NodeId, limits};
use bta::protocol::info_hash::InfoHash;
use bta::protocol::magnet::Magnet;
use bta::protocol::peer::handshake::{HANDSHAKE_BYTES, Handshake, PeerId, Reserved};
use bta::protocol::peer::{Message, MetadataMessage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{MINUTE, World, in_virtual_time};

/// The only peer that the link names; it gives the metadata after a while.
const PEER: &str = "44.9.9.9:6881";
/// A node of the DHT, and the peer that it names.
const NODE: &str = "44.8.8.8:6881";
const NAMED_BY_NODE: &str = "44.7.7.7:6881";
/// Whom the first peer gossips of.
const NAMED_BY_PEER: &str = "44.6.6.6:6881";

const WITHHELD: Duration = Duration::from_secs(5 * 60);
/// The peer hangs up after this, so that it is met anew.
const SESSION: Duration = Duration::from_secs(60);

/// The extension ids that both sides use for metadata and gossip here.
const METADATA: u8 = 2;
const GOSSIP: u8 = 1;

/// What bta did, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// Asked the node about the torrent, or announced it.
    Lookup,
    /// Dialled whom the node had named.
    DialledByDht,
    /// Dialled whom the peer had named.
    DialledByPex,
    /// Shook hands: said that it has a node.
    Greeted { dht: bool },
    /// Told what it understands: asked for gossip.
    Introduced { pex: bool },
}

/// The rest of the world.
struct Stage {
    net: MemoryNet,
    clock: Clock,
    info: Vec<u8>,
    gives_from: Moment,
    deeds: RefCell<Vec<(Moment, Deed)>>,
}

impl Stage {
    fn note(&self, deed: Deed) {
        self.deeds.borrow_mut().push((self.clock.now(), deed));
    }

    fn info_hash(&self) -> InfoHash {
        InfoHash::of_info(&self.info)
    }

    fn at(&self, address: &str) -> (Network, SocketAddr) {
        let address: SocketAddr = address.parse().unwrap();
        (Network::Memory(self.net.at(address.ip())), address)
    }

    /// Everybody begins to act.
    fn raise(self: &Rc<Self>) {
        actix_rt::spawn(Rc::clone(self).node());
        actix_rt::spawn(Rc::clone(self).trap(NAMED_BY_NODE, Deed::DialledByDht));
        actix_rt::spawn(Rc::clone(self).trap(NAMED_BY_PEER, Deed::DialledByPex));
        actix_rt::spawn(Rc::clone(self).peer());
    }

    async fn node(self: Rc<Self>) {
        let (network, at) = self.at(NODE);
        let socket = network.datagrams(at).await.unwrap();
        let mut buffer = [0; limits::DATAGRAM_BYTES];
        loop {
            let (len, from) = socket.recv_from(&mut buffer).await.unwrap();
            let Ok(message) = read(&buffer[..len]) else {
                continue;
            };
            let mut answer = Answer::default();
            match message.body {
                Body::Query(_, Query::GetPeers(hash, _)) if hash == self.info_hash() => {
                    self.note(Deed::Lookup);
                    answer.token = Some(b"token".to_vec());
                    answer.peers = vec![NAMED_BY_NODE.parse().unwrap()];
                }
                Body::Query(_, Query::AnnouncePeer { .. }) => self.note(Deed::Lookup),
                Body::Query(..) => {}
                Body::Answer(_) | Body::Error(_) => continue,
            }
            let bytes = write_answer(&message.transaction, NodeId([9; 20]), from, &answer);
            socket.send_to(&bytes, from).await.unwrap();
        }
    }

    async fn trap(self: Rc<Self>, at: &str, deed: Deed) {
        let (network, at) = self.at(at);
        let acceptor = network.listen(at).await.unwrap();
        loop {
            acceptor.accept().await.unwrap();
            self.note(deed);
        }
    }

    async fn peer(self: Rc<Self>) {
        let (network, at) = self.at(PEER);
        let acceptor = network.listen(at).await.unwrap();
        loop {
            let (incoming, _) = acceptor.accept().await.unwrap();
            let session = Rc::clone(&self).session(incoming.open().unwrap());
            // Whoever hangs up first ends it.
            let _ = tokio::time::timeout(SESSION, session).await;
        }
    }

    async fn session(self: Rc<Self>, mut link: BoxLink) -> io::Result<()> {
        let mut head = [0; HANDSHAKE_BYTES];
        link.read_exact(&mut head).await?;
        let theirs = Handshake::decode(&head).unwrap().unwrap();
        let dht = theirs.reserved.dht();
        self.note(Deed::Greeted { dht });
        let ours = Handshake {
            reserved: Reserved::OURS.and_dht(),
            info_hash: self.info_hash(),
            peer_id: PeerId(*b"-LT2080-aaaaaaaaaaaa"),
        };
        let hello = format!(
            "d1:md11:ut_metadatai{METADATA}e6:ut_pexi{GOSSIP}ee13:metadata_sizei{}ee",
            self.info.len()
        );
        let mut out = ours.encode().to_vec();
        Message::HaveNone.encode(&mut out);
        say(&mut out, 0, hello.as_bytes());
        say(
            &mut out,
            GOSSIP,
            b"d5:added6:\x2c\x06\x06\x06\x1a\xe17:added.f1:\0e",
        );
        link.write_all(&out).await?;
        loop {
            let mut body = vec![0; link.read_u32().await? as usize];
            link.read_exact(&mut body).await?;
            let Some(Ok(Message::Extended { id, payload })) =
                (!body.is_empty()).then(|| Message::decode(&body))
            else {
                continue;
            };
            if id == 0 {
                let pex = String::from_utf8_lossy(payload).contains("ut_pex");
                self.note(Deed::Introduced { pex });
            }
            let asked = (id == METADATA).then(|| MetadataMessage::decode(payload));
            if let Some(Some(MetadataMessage::Request(piece))) = asked
                && self.clock.now() >= self.gives_from
            {
                let data = MetadataMessage::Data {
                    piece,
                    total_bytes: self.info.len() as u32,
                    bytes: self.info.clone(),
                };
                let mut out = Vec::new();
                say(&mut out, METADATA, &data.encode());
                link.write_all(&out).await?;
            }
        }
    }
}

fn say(out: &mut Vec<u8>, id: u8, payload: &[u8]) {
    Message::Extended { id, payload }.encode(out);
}

/// What bta did before the metadata came, and from a second after it.
fn around_the_metadata(private: bool) -> [Vec<Deed>; 2] {
    in_virtual_time(async {
        let mut world = World::of(&Scenario::sim(73, 1, MINUTE)).await;
        let mut info = b"d6:lengthi40000e4:name1:x12:piece lengthi16384e6:pieces60:".to_vec();
        info.extend([7; 60]);
        info.extend(match private {
            true => &b"7:privatei1ee"[..],
            false => b"e",
        });
        let stage = Rc::new(Stage {
            net: world.net.clone(),
            clock: world.clock,
            info,
            gives_from: world.clock.now() + WITHHELD,
            deeds: RefCell::default(),
        });
        stage.raise();
        let named = Magnet {
            peers: vec![PEER.parse().unwrap()],
            ..Magnet::bare(stage.info_hash())
        };
        world.torrents = vec![Torrent {
            named: Named::Magnet(named),
            ..world.torrents[0].clone()
        }];
        world.config.dht = Some(Dht {
            bootstrap: vec![("44.8.8.8".into(), 6881)],
            read_only: false,
            file: DhtFile::Nowhere,
        });
        world.run(WITHHELD * 6).await;
        // A second run knows at once what the first was told.
        world.run(2 * MINUTE).await;
        let harvest = world.harvest();
        assert!(harvest.adds_up());
        let mut events = harvest.events.iter();
        let found = events.find(|it| &*it.kind == "metadata_found").unwrap().at;
        let deeds = stage.deeds.borrow();
        let that = |holds: fn(Moment, Moment) -> bool| {
            let deeds = deeds.iter().filter(|(at, _)| holds(*at, found));
            deeds.map(|it| it.1).collect::<Vec<_>>()
        };
        [
            that(|at, found| at < found),
            that(|at, found| at > found + Duration::from_secs(1)),
        ]
    })
}

#[test]
fn a_link_to_a_private_torrent_leaves_dht_and_gossip_at_once() {
    let [before, after] = around_the_metadata(true);
    let open = [
        Deed::Lookup,
        Deed::DialledByDht,
        Deed::DialledByPex,
        Deed::Greeted { dht: true },
        Deed::Introduced { pex: true },
    ];
    for deed in open {
        assert!(before.contains(&deed), "{deed:?} in {before:?}");
        assert!(!after.contains(&deed), "{deed:?} in {after:?}");
    }
    assert!(after.contains(&Deed::Greeted { dht: false }), "{after:?}");
    assert!(
        after.contains(&Deed::Introduced { pex: false }),
        "{after:?}"
    );
    // It is the flag that makes the difference.
    let [_, after] = around_the_metadata(false);
    for deed in open {
        assert!(after.contains(&deed), "{deed:?} in {after:?}");
    }
}
