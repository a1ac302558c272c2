//! Trackers: what each knows of its swarms ([`registry`]), how it answers over
//! HTTP, HTTPS and UDP, and how badly ([`manner`]).

pub mod authority;
mod http;
pub mod manner;
pub mod registry;
mod udp;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use self::authority::{Authority, EVER, Identity};
use self::manner::Manner;
use self::registry::{Announce, Answer, Registry};
use super::scenario::{TrackerSpec, Transport};
use crate::clock::Clock;
use crate::net::{Acceptor, BoxLink, Datagrams, Network};
use crate::protocol::info_hash::InfoHash;

/// Connections of one HTTP tracker at a time.
const CONNECTIONS: usize = 256;
/// A connection that lasts longer is dropped.
const CONNECTION_LIFE: Duration = Duration::from_secs(120);
/// After an error of the socket; its causes (descriptors) need time to go.
const PAUSE: Duration = Duration::from_millis(100);

/// A running tracker.
#[derive(Debug)]
pub struct Tracker {
    url: String,
    manner: Manner,
    key: u64,
    clock: Clock,
    registry: Mutex<Registry>,
}

impl Tracker {
    /// Opens its socket, and serves on it as one of `tasks`.
    pub(super) async fn start(
        network: &Network,
        clock: Clock,
        spec: &TrackerSpec,
        authority: &Authority,
        mut registry: Registry,
        tasks: &mut JoinSet<()>,
    ) -> io::Result<Arc<Tracker>> {
        let key = registry.draw();
        let tracker = |scheme: &str, at: SocketAddr| {
            Arc::new(Tracker {
                url: format!("{scheme}://{at}/announce"),
                manner: spec.manner.clone(),
                key,
                clock,
                registry: Mutex::new(registry),
            })
        };
        let (scheme, identity) = match spec.transport {
            Transport::Http => ("http", None),
            Transport::Https => {
                let name = spec.at.ip().to_string();
                ("https", Some(authority.vouch(&name, EVER)?))
            }
            Transport::Udp => {
                let socket = network.datagrams(spec.at).await?;
                let tracker = tracker("udp", socket.local_addr()?);
                tasks.spawn(tracker.clone().serve_udp(socket));
                return Ok(tracker);
            }
        };
        let acceptor = network.listen(spec.at).await?;
        let tracker = tracker(scheme, acceptor.local_addr()?);
        tasks.spawn(tracker.clone().serve_http(acceptor, identity));
        Ok(tracker)
    }

    /// Its announce URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it counts in a swarm now; `None` if it does not know it.
    pub fn count(&self, info_hash: &InfoHash) -> Option<Answer> {
        self.registry().scrape(info_hash)
    }

    /// Announces that came from outside of the lab.
    pub fn guest_announces(&self) -> u32 {
        self.registry().guest_announces()
    }

    /// A peer of the lab announces itself; these need no socket for it.
    pub(super) fn announce(&self, announce: &Announce) -> Option<Answer> {
        let now = self.clock.now();
        self.registry().announce(now, announce)
    }

    pub(super) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve_http(self: Arc<Self>, acceptor: Acceptor, identity: Option<Identity>) {
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            if connections.len() >= CONNECTIONS {
                connections.join_next().await;
                continue;
            }
            let accepted = acceptor.accept().await;
            let Ok((link, from)) = accepted.and_then(|(link, from)| Ok((link.open()?, from)))
            else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let reply = self.clone().reply(link, from, identity.clone());
            connections.spawn(async move {
                // What a guest does to its connection is its own affair.
                let _ = tokio::time::timeout(CONNECTION_LIFE, reply).await;
            });
        }
    }

    async fn reply(
        self: Arc<Self>,
        mut link: BoxLink,
        from: SocketAddr,
        identity: Option<Identity>,
    ) -> io::Result<()> {
        if let Some(identity) = identity {
            link = identity.accept(link).await?;
        }
        let mut head = Vec::new();
        while !http::is_whole(&head) {
            let mut part = [0; 1024];
            let len = link.read(&mut part).await?;
            if len == 0 || head.len() + len > http::HEAD_BYTES {
                return Ok(());
            }
            head.extend_from_slice(&part[..len]);
        }
        let (bytes, manner) = {
            let (registry, now) = (&mut *self.registry(), self.clock.now());
            let bytes = http::answer(registry, &self.manner, &head, from.ip(), now);
            (bytes, self.manner.at(registry.guest_announces()).clone())
        };
        match manner {
            Manner::Slow(span) => tokio::time::sleep(span).await,
            Manner::Silent => std::future::pending().await,
            _ => {}
        }
        link.write_all(&bytes).await?;
        link.shutdown().await
    }

    async fn serve_udp(self: Arc<Self>, socket: Datagrams) {
        let mut buffer = vec![0; 2048];
        loop {
            let Ok((len, from)) = socket.recv_from(&mut buffer).await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let (answer, manner) = {
                let (registry, now) = (&mut *self.registry(), self.clock.now());
                let datagram = &buffer[..len];
                let answer = udp::answer(registry, &self.manner, datagram, from, self.key, now);
                (answer, self.manner.at(registry.guest_announces()).clone())
            };
            if let Manner::Slow(span) = manner {
                tokio::time::sleep(span).await;
            }
            if let Some(answer) = answer {
                // A datagram may get lost; so may one that cannot be sent.
                let _ = socket.send_to(&answer, from).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
