//! Where a peer is called, and what it calls from: TCP, or nothing but uTP.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rand::RngCore;
use rand::rngs::SmallRng;
use tokio::task::JoinSet;

use super::life::World;
use super::{Plan, Reach};
use crate::net::utp::{Utp, UtpSocket};
use crate::net::{Acceptor, Network};

/// The longest datagram that is read.
const DATAGRAM_BYTES: usize = 2048;

/// A peer's addresses, in use.
#[derive(Debug, Default)]
pub(super) struct Door {
    /// Where it accepts.
    pub(super) acceptors: [Option<Acceptor>; 2],
    /// What it dials by; none: TCP.
    pub(super) utp: Option<Utp>,
    /// What reads the datagrams; it ends with the door.
    reading: JoinSet<()>,
}

impl Door {
    /// Opens what the peer listens at, and calls from.
    pub(super) async fn open(world: &World, plan: &mut Plan, rng: &mut SmallRng) -> Door {
        let mut door = Door::default();
        let listens = matches!(plan.reach, Reach::Open | Reach::Full | Reach::Mute);
        let mut sockets = Vec::new();
        let addresses = [Some(&mut plan.address), plan.also.as_mut()];
        for (at, place) in addresses.into_iter().zip(0..) {
            match at {
                Some(at) if plan.utp_alone && plan.reach != Reach::Dead => {
                    let opened = door.open_utp(world, *at, listens, rng).await;
                    if let Ok((socket, acceptor)) = opened {
                        sockets.push(socket);
                        door.acceptors[place] = acceptor;
                    }
                }
                Some(at) if listens => door.acceptors[place] = listen(&world.network, at).await,
                _ => {}
            }
        }
        door.utp = plan.utp_alone.then(|| Utp::over(sockets));
        door
    }

    /// Speaks uTP at an address, and lets in who calls if it `listens`.
    async fn open_utp(
        &mut self,
        world: &World,
        at: SocketAddr,
        listens: bool,
        rng: &mut SmallRng,
    ) -> io::Result<(UtpSocket, Option<Acceptor>)> {
        let socket = Arc::new(world.network.datagrams(at).await?);
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let (spoken, acceptor) = match listens {
            true => {
                let (spoken, acceptor) = UtpSocket::open(socket.clone(), world.clock, seed)?;
                (spoken, Some(Acceptor::Utp(acceptor)))
            }
            false => (UtpSocket::closed(socket.clone(), world.clock, seed)?, None),
        };
        let utp = Utp::over(vec![spoken.clone()]);
        self.reading.spawn(async move {
            let mut datagram = [0; DATAGRAM_BYTES];
            while let Ok((len, from)) = socket.recv_from(&mut datagram).await {
                utp.receive(from, &datagram[..len]);
            }
        });
        Ok((spoken, acceptor))
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
