//! Where a peer can be reached, and by what it reaches others: TCP, or uTP alone.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;

use super::{Plan, Reach};
use crate::clock::Clock;
use crate::net::utp::{Utp, UtpSocket};
use crate::net::{Acceptor, BoxLink, Datagrams, Network};
use crate::protocol::peer::Transport;

/// What is read of a datagram.
const DATAGRAM_BYTES: usize = 1500;

/// After an error of the socket.
const PAUSE: Duration = Duration::from_millis(100);

/// What a peer dials by. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) enum Dialler {
    Tcp(Network),
    Utp(Utp),
}

impl Dialler {
    /// Connects, from one of the peer's addresses.
    pub(super) async fn connect(&self, plan: &Plan, to: SocketAddr) -> io::Result<BoxLink> {
        match self {
            Dialler::Utp(utp) => Ok(Box::new(utp.connect(to).await?)),
            Dialler::Tcp(network) => {
                let own = plan.addresses().map(|it| it.ip());
                let from = own.clone().find(|it| it.is_ipv4() == to.is_ipv4());
                network.connect(from, to).await
            }
        }
    }
}

/// A peer's doors, open as long as they are held.
pub(super) struct Doors {
    pub(super) acceptors: [Option<Acceptor>; 2],
    pub(super) dialler: Dialler,
    /// Who reads datagrams.
    _readers: JoinSet<()>,
}

impl Doors {
    /// Opens those that the plan has, and notes where they truly are.
    pub(super) async fn open(network: &Network, clock: Clock, plan: &mut Plan) -> Doors {
        let listens = matches!(plan.reach, Reach::Open | Reach::Full | Reach::Mute);
        let mut rng = SmallRng::seed_from_u64(plan.seed);
        let (mut acceptors, mut sockets, mut readers) = ([None, None], Vec::new(), JoinSet::new());
        let addresses = [Some(&mut plan.address), plan.also.as_mut()];
        for (door, at) in acceptors.iter_mut().zip(addresses) {
            let Some(at) = at else { continue };
            match plan.transport {
                Transport::Tcp if listens => *door = listen(network, at).await,
                Transport::Tcp => {}
                Transport::Utp => {
                    let Some(socket) = bind(network, at).await else {
                        continue;
                    };
                    let (held, seed) = (Arc::clone(&socket), rng.random());
                    let opened = match listens {
                        true => {
                            UtpSocket::open(held, clock, seed).map(|(it, door)| (it, Some(door)))
                        }
                        false => UtpSocket::closed(held, clock, seed).map(|it| (it, None)),
                    };
                    if let Ok((opened, acceptor)) = opened {
                        *door = acceptor.map(Acceptor::Utp);
                        readers.spawn(read(socket, Utp::over(vec![opened.clone()])));
                        sockets.push(opened);
                    }
                }
            }
        }
        let dialler = match plan.transport {
            Transport::Tcp => Dialler::Tcp(network.clone()),
            Transport::Utp => Dialler::Utp(Utp::over(sockets)),
        };
        Doors {
            acceptors,
            dialler,
            _readers: readers,
        }
    }
}

/// Another program may sit on the port: then any other will do.
async fn listen(network: &Network, at: &mut SocketAddr) -> Option<Acceptor> {
    for port in [at.port(), 0] {
        at.set_port(port);
        if let Ok(acceptor) = network.listen(*at).await {
            *at = acceptor.local_addr().ok()?;
            return Some(acceptor);
        }
    }
    None
}

async fn bind(network: &Network, at: &mut SocketAddr) -> Option<Arc<Datagrams>> {
    for port in [at.port(), 0] {
        at.set_port(port);
        if let Ok(socket) = network.datagrams(*at).await {
            *at = socket.local_addr().ok()?;
            return Some(Arc::new(socket));
        }
    }
    None
}

async fn read(socket: Arc<Datagrams>, utp: Utp) {
    let mut buffer = [0; DATAGRAM_BYTES];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((len, from)) => utp.receive(from, &buffer[..len]),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
