//! A network in memory: virtual addresses, latency, loss, hosts behind a
//! firewall, cut cables. Under tokio's paused clock it runs in virtual time.

mod datagrams;
mod link;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::sync::mpsc;

pub use datagrams::MemoryDatagrams;
pub use link::MemoryLink;

use crate::clock::Clock;
use crate::moment::Moment;

/// First waiting time before a connect knocks again, as a kernel does: it
/// doubles each time.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// Knocks before a connect gives up: 63 s in all.
const KNOCKS: u32 = 6;
/// Connections that wait to be accepted.
const BACKLOG: usize = 1024;
/// Where ports that the system chooses start.
const FIRST_FREE_PORT: u16 = 49_152;
/// One way, unless told otherwise.
const DEFAULT_LATENCY: Duration = Duration::from_millis(20);

/// One host's view of a network in memory. Clones are the same host;
/// [`MemoryNet::at`] makes another host of the same network.
#[derive(Clone)]
pub struct MemoryNet {
    core: Arc<Core>,
    v4: Ipv4Addr,
    v6: Ipv6Addr,
}

struct Core {
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    random: SmallRng,
    latency: Duration,
    pair_latency: HashMap<(IpAddr, IpAddr), Duration>,
    loss_permille: u16,
    hidden: HashSet<IpAddr>,
    cut: HashSet<IpAddr>,
    unplugged: HashSet<IpAddr>,
    names: HashMap<String, Vec<IpAddr>>,
    listeners: HashMap<SocketAddr, mpsc::Sender<(MemoryLink, SocketAddr)>>,
    sockets: HashMap<SocketAddr, Arc<datagrams::Inbox>>,
    /// Who hears each multicast group.
    groups: HashMap<SocketAddr, Vec<(IpAddr, Arc<datagrams::Inbox>)>>,
    next_port: u16,
    /// Readers that wait for a cable to be mended.
    stalled: Vec<Waker>,
}

impl MemoryNet {
    /// A network without hosts. `seed` decides which datagrams are lost.
    pub fn new(clock: Clock, seed: u64) -> Self {
        let state = State {
            random: SmallRng::seed_from_u64(seed),
            latency: DEFAULT_LATENCY,
            pair_latency: HashMap::new(),
            loss_permille: 0,
            hidden: HashSet::new(),
            cut: HashSet::new(),
            unplugged: HashSet::new(),
            names: HashMap::new(),
            listeners: HashMap::new(),
            sockets: HashMap::new(),
            groups: HashMap::new(),
            next_port: FIRST_FREE_PORT,
            stalled: Vec::new(),
        };
        let state = Mutex::new(state);
        MemoryNet {
            core: Arc::new(Core { clock, state }),
            v4: Ipv4Addr::LOCALHOST,
            v6: Ipv6Addr::LOCALHOST,
        }
    }

    /// The host that has this address (and keeps that of the other family).
    #[must_use]
    pub fn at(&self, ip: IpAddr) -> MemoryNet {
        let mut host = self.clone();
        match ip {
            IpAddr::V4(ip) => host.v4 = ip,
            IpAddr::V6(ip) => host.v6 = ip,
        }
        host
    }

    /// One-way latency between all hosts.
    pub fn set_latency(&self, latency: Duration) {
        self.core.lock().latency = latency;
    }

    /// One-way latency between two hosts, both ways.
    pub fn set_pair_latency(&self, a: IpAddr, b: IpAddr, latency: Duration) {
        let mut state = self.core.lock();
        state.pair_latency.insert((a, b), latency);
        state.pair_latency.insert((b, a), latency);
    }

    /// So many of a thousand datagrams are lost.
    pub fn set_datagram_loss(&self, permille: u16) {
        self.core.lock().loss_permille = permille;
    }

    /// Puts a host behind a firewall: nobody can connect to it, and datagrams
    /// reach it only from where it has sent some.
    pub fn hide(&self, ip: IpAddr) {
        self.core.lock().hidden.insert(ip);
    }

    /// Takes the firewall away.
    pub fn expose(&self, ip: IpAddr) {
        self.core.lock().hidden.remove(&ip);
    }

    /// Cuts a host's cable: streams stall, connects hang, datagrams are lost.
    pub fn cut(&self, ip: IpAddr) {
        self.core.lock().cut.insert(ip);
    }

    /// Pulls a host's cable out of its socket: the same, and it knows of it; connects
    /// and datagrams fail at once.
    pub fn unplug(&self, ip: IpAddr) {
        self.core.lock().unplugged.insert(ip);
    }

    /// Mends the cable, and puts it in again: what was stalled goes on.
    pub fn mend(&self, ip: IpAddr) {
        let stalled = {
            let mut state = self.core.lock();
            state.cut.remove(&ip);
            state.unplugged.remove(&ip);
            std::mem::take(&mut state.stalled)
        };
        stalled.into_iter().for_each(Waker::wake);
    }

    /// Gives hosts a name.
    pub fn name(&self, host: &str, ips: &[IpAddr]) {
        self.core.lock().names.insert(host.to_owned(), ips.to_vec());
    }

    pub(super) fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let state = self.core.lock();
        let cut = |ip: IpAddr| state.unplugged.contains(&ip) || state.cut.contains(&ip);
        if cut(self.v4.into()) && cut(self.v6.into()) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let ips = state.names.get(host).ok_or(io::ErrorKind::NotFound)?;
        Ok(ips.iter().map(|ip| SocketAddr::new(*ip, port)).collect())
    }

    pub(super) fn has_route(&self, to: SocketAddr) -> bool {
        !self.core.lock().unplugged.contains(&self.home(to))
    }

    pub(super) async fn connect(
        &self,
        from: Option<IpAddr>,
        to: SocketAddr,
    ) -> io::Result<MemoryLink> {
        let from = from.filter(|ip| ip.is_ipv4() == to.is_ipv4() && !ip.is_unspecified());
        let from = from.unwrap_or_else(|| self.home(to));
        if self.core.lock().unplugged.contains(&from) {
            return Err(io::ErrorKind::NetworkUnreachable.into());
        }
        let mut knocks = 0;
        while !self.core.lock().answers(from, to.ip()) {
            if knocks == KNOCKS {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.core.sleep(FIRST_RETRY * (1 << knocks)).await;
            knocks += 1;
        }
        let latency = self.core.lock().latency(from, to.ip());
        self.core.sleep(latency).await;
        let (listener, port) = {
            let mut state = self.core.lock();
            (state.listeners.get(&to).cloned(), state.next_port())
        };
        let from = SocketAddr::new(from, port);
        let (ours, theirs) = link::pair(&self.core, from, to, latency);
        let accepted = match listener {
            Some(listener) => listener.send((theirs, from)).await.is_ok(),
            None => false,
        };
        self.core.sleep(latency).await;
        match accepted {
            true => Ok(ours),
            false => Err(io::ErrorKind::ConnectionRefused.into()),
        }
    }

    pub(super) fn listen(&self, at: SocketAddr) -> io::Result<MemoryAcceptor> {
        let mut state = self.core.lock();
        let at = self.bind(at, &mut state, |state, at| state.listeners.contains_key(at))?;
        let (sender, queue) = mpsc::channel(BACKLOG);
        state.listeners.insert(at, sender);
        Ok(MemoryAcceptor {
            core: Arc::clone(&self.core),
            at,
            queue: tokio::sync::Mutex::new(queue),
        })
    }

    pub(super) fn datagrams(&self, at: SocketAddr) -> io::Result<MemoryDatagrams> {
        let mut state = self.core.lock();
        let at = self.bind(at, &mut state, |state, at| state.sockets.contains_key(at))?;
        let inbox = Arc::new(datagrams::Inbox::default());
        state.sockets.insert(at, Arc::clone(&inbox));
        Ok(MemoryDatagrams::new(Arc::clone(&self.core), at, inbox))
    }

    /// A socket that hears what is sent to a group, and one to speak to it.
    pub(super) fn join(&self, group: SocketAddr) -> io::Result<(MemoryDatagrams, MemoryDatagrams)> {
        let mouth = self.datagrams(SocketAddr::new(self.home(group), 0))?;
        let inbox = Arc::new(datagrams::Inbox::default());
        let mut state = self.core.lock();
        let members = state.groups.entry(group).or_default();
        members.push((self.home(group), Arc::clone(&inbox)));
        let ear = MemoryDatagrams::new(Arc::clone(&self.core), group, inbox);
        Ok((ear, mouth))
    }

    /// Our own address for speaking with `to`.
    fn home(&self, to: SocketAddr) -> IpAddr {
        match to {
            SocketAddr::V4(_) => self.v4.into(),
            SocketAddr::V6(_) => self.v6.into(),
        }
    }

    fn bind(
        &self,
        mut at: SocketAddr,
        state: &mut State,
        taken: impl Fn(&State, &SocketAddr) -> bool,
    ) -> io::Result<SocketAddr> {
        if at.ip().is_unspecified() {
            at.set_ip(self.home(at));
        }
        if at.port() != 0 {
            return match taken(state, &at) {
                true => Err(io::ErrorKind::AddrInUse.into()),
                false => Ok(at),
            };
        }
        for _ in FIRST_FREE_PORT..=u16::MAX {
            at.set_port(state.next_port());
            if !taken(state, &at) {
                return Ok(at);
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }
}

impl Core {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Moment {
        self.clock.now()
    }

    async fn sleep(&self, span: Duration) {
        let until = self.clock.instant(self.now() + span);
        tokio::time::sleep_until(until).await;
    }
}

impl State {
    fn latency(&self, from: IpAddr, to: IpAddr) -> Duration {
        let pair = self.pair_latency.get(&(from, to));
        pair.copied().unwrap_or(self.latency)
    }

    fn connected(&self, a: IpAddr, b: IpAddr) -> bool {
        let all_well = self.cut.is_empty() && self.unplugged.is_empty();
        let is_off = |ip| self.cut.contains(ip) || self.unplugged.contains(ip);
        all_well || !(is_off(&a) || is_off(&b))
    }

    /// Whether a connect gets any answer, be it a refusal.
    fn answers(&self, from: IpAddr, to: IpAddr) -> bool {
        self.connected(from, to) && !self.hidden.contains(&to)
    }

    fn next_port(&mut self) -> u16 {
        let port = self.next_port;
        self.next_port = port.checked_add(1).unwrap_or(FIRST_FREE_PORT);
        port
    }

    fn loses_datagram(&mut self) -> bool {
        self.loss_permille > 0 && self.random.random_range(0..1000) < self.loss_permille
    }
}

impl fmt::Debug for MemoryNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryNet({}, {})", self.v4, self.v6)
    }
}

/// Accepts streams at one virtual address.
pub struct MemoryAcceptor {
    core: Arc<Core>,
    at: SocketAddr,
    queue: tokio::sync::Mutex<mpsc::Receiver<(MemoryLink, SocketAddr)>>,
}

impl MemoryAcceptor {
    pub(super) async fn accept(&self) -> io::Result<(MemoryLink, SocketAddr)> {
        let next = self.queue.lock().await.recv().await;
        next.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.at
    }
}

impl Drop for MemoryAcceptor {
    fn drop(&mut self) {
        self.core.lock().listeners.remove(&self.at);
    }
}

impl fmt::Debug for MemoryAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryAcceptor({})", self.at)
    }
}
