//! Datagrams between virtual hosts.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Core;
use crate::moment::Moment;

/// Datagrams that wait to be read; more are lost.
const INBOX: usize = 1024;

/// A datagram socket at one virtual address.
pub struct MemoryDatagrams {
    core: Arc<Core>,
    at: SocketAddr,
    inbox: Arc<Inbox>,
}

/// What is under way to one socket.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<InboxState>,
    arrived: Notify,
}

#[derive(Default)]
struct InboxState {
    /// By time of arrival, then in the order sent.
    datagrams: BTreeMap<(Moment, u64), (Vec<u8>, SocketAddr)>,
    sent: u64,
    /// Whom this socket has written to: they get through its firewall.
    written_to: HashSet<SocketAddr>,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, InboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, arrives: Moment, bytes: &[u8], from: SocketAddr) {
        let mut state = self.lock();
        if state.datagrams.len() < INBOX {
            state.sent += 1;
            let key = (arrives, state.sent);
            state.datagrams.insert(key, (bytes.to_vec(), from));
            self.arrived.notify_one();
        }
    }
}

impl MemoryDatagrams {
    pub(super) fn new(core: Arc<Core>, at: SocketAddr, inbox: Arc<Inbox>) -> Self {
        MemoryDatagrams { core, at, inbox }
    }

    /// Sends; whether it arrives, nobody says.
    pub(in crate::net) fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        let len = bytes.len();
        if self.core.lock().unplugged.contains(&self.at.ip()) {
            return Err(io::ErrorKind::NetworkUnreachable.into());
        }
        self.inbox.lock().written_to.insert(to);
        if to.ip().is_multicast() {
            self.send_to_all(bytes, to);
            return Ok(len);
        }
        let (target, arrives, hidden) = {
            let mut net = self.core.lock();
            let lost = net.loses_datagram() || !net.connected(self.at.ip(), to.ip());
            let latency = net.latency(self.at.ip(), to.ip());
            let target = net.sockets.get(&to).filter(|_| !lost).cloned();
            (
                target,
                self.core.now() + latency,
                net.hidden.contains(&to.ip()),
            )
        };
        let Some(target) = target else { return Ok(len) };
        if !hidden || target.lock().written_to.contains(&self.at) {
            target.put(arrives, bytes, self.at);
        }
        Ok(len)
    }

    /// To the members of a group: a firewall lets multicast pass.
    fn send_to_all(&self, bytes: &[u8], group: SocketAddr) {
        let mut net = self.core.lock();
        let members = net.groups.get(&group).cloned().unwrap_or_default();
        for (host, target) in members {
            if !net.loses_datagram() && net.connected(self.at.ip(), host) {
                let arrives = self.core.now() + net.latency(self.at.ip(), host);
                target.put(arrives, bytes, self.at);
            }
        }
    }

    pub(in crate::net) async fn recv_from(
        &self,
        buffer: &mut [u8],
    ) -> io::Result<(usize, SocketAddr)> {
        loop {
            let due = {
                let mut inbox = self.inbox.lock();
                let now = self.core.now();
                match inbox.datagrams.first_entry() {
                    Some(entry) if entry.key().0 <= now => {
                        let (bytes, from) = entry.remove();
                        let len = bytes.len().min(buffer.len());
                        buffer[..len].copy_from_slice(&bytes[..len]);
                        return Ok((len, from));
                    }
                    Some(entry) => Some(self.core.clock.instant(entry.key().0)),
                    None => None,
                }
            };
            match due {
                None => self.inbox.arrived.notified().await,
                Some(due) => {
                    // A later one may arrive earlier: from a nearer host.
                    tokio::select! {
                        () = tokio::time::sleep_until(due) => {}
                        () = self.inbox.arrived.notified() => {}
                    }
                }
            }
        }
    }

    pub(in crate::net) fn local_addr(&self) -> SocketAddr {
        self.at
    }
}

impl Drop for MemoryDatagrams {
    fn drop(&mut self) {
        let mut net = self.core.lock();
        match net.groups.get_mut(&self.at) {
            Some(members) => members.retain(|(_, inbox)| !Arc::ptr_eq(inbox, &self.inbox)),
            None => drop(net.sockets.remove(&self.at)),
        }
    }
}

impl fmt::Debug for MemoryDatagrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryDatagrams({})", self.at)
    }
}
