//! What we announce to our neighbours and when, and what of theirs is heard.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::moment::Moment;
use crate::protocol::address::IpFamily;
use crate::protocol::info_hash::InfoHash;

use super::search::{INFO_HASHES, Search};

/// The port of both groups.
const PORT: u16 = 6771;

/// The group of IPv4, of the organisation's scope.
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 192, 152, 143);

/// The group of IPv6, of the site's scope.
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff15, 0, 0, 0, 0, 0, 0xefc0, 0x988f);

/// A new torrent is announced this much later: those that begin together share one
/// announce.
const GATHER: Duration = Duration::from_secs(1);

/// The time over which announces of others are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// Announces heard from one address in [`WINDOW`]: BEP 14 permits one a minute, but
/// some clients send one for each torrent.
const ANNOUNCES_OF_ONE: u32 = 60;

/// Announces heard in [`WINDOW`] from all: sources can be forged.
const ANNOUNCES_OF_ALL: u32 = 2_000;

/// How we announce.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// To which group.
    pub family: IpFamily,
    /// Where peers may connect; none: nowhere, and nothing is announced.
    pub port: Option<u16>,
    /// Of no other client on this network.
    pub cookie: u32,
    /// From one announce of a torrent to the next (BEP 14: 5 min).
    pub interval: Duration,
    /// From one announce to the next, whatever torrents it names (BEP 14: 1 min).
    pub gap: Duration,
}

/// A neighbour has announced itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Where it listens.
    pub address: SocketAddr,
    /// The torrents that we follow, too.
    pub info_hashes: Vec<InfoHash>,
}

/// What became of the datagrams that came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// They named a torrent that we follow.
    pub taken: u64,
    /// They named other torrents.
    pub foreign: u64,
    /// They were our own.
    pub own: u64,
    /// They were no announces.
    pub unreadable: u64,
    /// There were too many of them.
    pub excess: u64,
    /// They came from an address that is worth nothing without its interface.
    pub link_local: u64,
}

/// Local discovery over one family.
#[derive(Debug)]
pub struct Neighbours {
    settings: Settings,
    cookie: String,
    /// When each torrent is to be announced.
    due: BTreeMap<InfoHash, Moment>,
    /// Nothing is announced before.
    free_at: Moment,
    /// When the counting of announces began, and how many came from each address.
    since: Moment,
    heard: HashMap<IpAddr, u32>,
    heard_of_all: u32,
    counts: Counts,
}

impl Neighbours {
    /// One that follows no torrent.
    pub fn new(settings: Settings) -> Self {
        Neighbours {
            cookie: format!("bta-{:08x}", settings.cookie),
            settings,
            due: BTreeMap::new(),
            free_at: Moment::EPOCH,
            since: Moment::EPOCH,
            heard: HashMap::new(),
            heard_of_all: 0,
            counts: Counts::default(),
        }
    }

    /// The group of a family.
    pub fn group(family: IpFamily) -> SocketAddr {
        match family {
            IpFamily::V4 => (GROUP_V4, PORT).into(),
            IpFamily::V6 => (GROUP_V6, PORT).into(),
        }
    }

    /// Announces a torrent from now on, and listens for its peers.
    pub fn follow(&mut self, now: Moment, info_hash: InfoHash) {
        self.due.entry(info_hash).or_insert(now + GATHER);
    }

    /// Neither announces it nor listens for its peers any longer.
    pub fn unfollow(&mut self, info_hash: InfoHash) {
        self.due.remove(&info_hash);
    }

    /// What became of the datagrams so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// A datagram has come to the group.
    pub fn handle_datagram(
        &mut self,
        now: Moment,
        from: SocketAddr,
        datagram: &[u8],
    ) -> Option<Heard> {
        let search = Search::read(datagram);
        if search.as_ref().and_then(|it| it.cookie.as_ref()) == Some(&self.cookie) {
            self.counts.own += 1;
            return None;
        }
        if !self.has_ear(now, from.ip()) {
            self.counts.excess += 1;
            return None;
        }
        let Some(search) = search else {
            self.counts.unreadable += 1;
            return None;
        };
        if is_link_local(from.ip()) {
            self.counts.link_local += 1;
            return None;
        }
        let mut info_hashes = search.info_hashes;
        info_hashes.sort_unstable();
        info_hashes.dedup();
        info_hashes.retain(|it| self.due.contains_key(it));
        if info_hashes.is_empty() {
            self.counts.foreign += 1;
            return None;
        }
        self.counts.taken += 1;
        Some(Heard {
            address: SocketAddr::new(from.ip(), search.port),
            info_hashes,
        })
    }

    /// The next announce to send, if it is time.
    pub fn poll_transmit(&mut self, now: Moment) -> Option<Vec<u8>> {
        let port = self.settings.port?;
        if now < self.free_at {
            return None;
        }
        let mut due: Vec<_> = self.due.iter().map(|(hash, at)| (*at, *hash)).collect();
        due.retain(|(at, _)| *at <= now);
        due.sort_unstable();
        due.truncate(INFO_HASHES);
        let info_hashes: Vec<_> = due.into_iter().map(|(_, hash)| hash).collect();
        if info_hashes.is_empty() {
            return None;
        }
        self.free_at = now + self.settings.gap;
        for info_hash in &info_hashes {
            self.due.insert(*info_hash, now + self.settings.interval);
        }
        let search = Search {
            port,
            info_hashes,
            cookie: Some(self.cookie.clone()),
        };
        let group = Self::group(self.settings.family).to_string();
        Some(search.write(&group))
    }

    /// When an announce is due next.
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.settings.port?;
        let first = self.due.values().min()?;
        Some(self.free_at.max(*first))
    }

    /// Whether one more announce of this address may be heard.
    fn has_ear(&mut self, now: Moment, from: IpAddr) -> bool {
        if now.since(self.since) >= WINDOW {
            self.since = now;
            self.heard.clear();
            self.heard_of_all = 0;
        }
        if self.heard_of_all >= ANNOUNCES_OF_ALL {
            return false;
        }
        let heard = self.heard.entry(from).or_default();
        if *heard >= ANNOUNCES_OF_ONE {
            return false;
        }
        *heard += 1;
        self.heard_of_all += 1;
        true
    }
}

/// Who announces itself from such an address does so from another one, too.
fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Moment = Moment::from_millis(1_000_000);
    const MINUTE: Duration = Duration::from_secs(60);
    const A: InfoHash = InfoHash([0xa1; 20]);

    fn neighbours(cookie: u32) -> Neighbours {
        Neighbours::new(Settings {
            family: IpFamily::V4,
            port: Some(6881),
            cookie,
            interval: 5 * MINUTE,
            gap: MINUTE,
        })
    }

    fn following(cookie: u32) -> Neighbours {
        let mut it = neighbours(cookie);
        it.follow(T0, A);
        it
    }

    fn from(host: u32, port: u16) -> SocketAddr {
        (Ipv4Addr::from(0x0a00_0000 + host), port).into()
    }

    #[test]
    fn neighbours_hear_of_each_other() {
        let (mut one, mut other) = (following(1), following(2));
        assert_eq!(one.poll_transmit(T0), None);
        let announce = one.poll_transmit(T0 + GATHER).unwrap();
        let text = String::from_utf8(announce.clone()).unwrap();
        assert!(text.contains("Host: 239.192.152.143:6771\r\nPort: 6881\r\n"));
        let heard = other.handle_datagram(T0, from(1, 40_000), &announce);
        let expected = Heard {
            address: from(1, 6881),
            info_hashes: vec![A],
        };
        assert_eq!(heard, Some(expected));
        assert_eq!(other.counts().taken, 1);
    }

    #[test]
    fn our_own_announce_is_known_by_its_cookie() {
        let mut it = following(1);
        let announce = it.poll_transmit(T0 + GATHER).unwrap();
        assert_eq!(it.handle_datagram(T0, from(1, 1), &announce), None);
        assert_eq!((it.counts().own, it.counts().taken), (1, 0));
    }

    #[test]
    fn a_torrent_is_announced_every_five_minutes() {
        let mut it = following(1);
        let mut sent = Vec::new();
        for _ in 0..4 {
            let at = it.poll_timeout().unwrap();
            assert!(it.poll_transmit(at).is_some());
            assert_eq!(it.poll_transmit(at), None);
            sent.push(at.since(T0).as_secs());
        }
        assert_eq!(sent, [1, 301, 601, 901]);
        // A Swarm that died follows anew.
        it.follow(T0 + 16 * MINUTE, A);
        assert_eq!(it.poll_timeout(), Some(T0 + GATHER + 20 * MINUTE));
        it.unfollow(A);
        assert_eq!(it.poll_timeout(), None);
    }

    #[test]
    fn many_torrents_take_turns_with_one_announce_a_minute() {
        let mut it = neighbours(1);
        let hashes: Vec<_> = (0..100).map(|byte| InfoHash([byte; 20])).collect();
        hashes.iter().for_each(|hash| it.follow(T0, *hash));
        let mut announced = Vec::new();
        for minute in 0..5 {
            let at = T0 + GATHER + minute * MINUTE;
            assert_eq!(it.poll_timeout(), Some(at));
            let announce = it.poll_transmit(at).unwrap();
            announced.extend(Search::read(&announce).unwrap().info_hashes);
        }
        assert_eq!(announced, hashes);
        assert_eq!(it.poll_timeout(), Some(T0 + GATHER + 5 * MINUTE));
    }

    #[test]
    fn who_listens_nowhere_announces_nothing_and_hears_all_the_same() {
        let mut deaf = Neighbours::new(Settings {
            port: None,
            ..neighbours(1).settings
        });
        deaf.follow(T0, A);
        assert_eq!(
            (deaf.poll_timeout(), deaf.poll_transmit(T0 + MINUTE)),
            (None, None)
        );
        let announce = following(2).poll_transmit(T0 + GATHER).unwrap();
        assert!(deaf.handle_datagram(T0, from(1, 1), &announce).is_some());
    }

    #[test]
    fn what_is_of_no_use_is_dropped_and_counted() {
        let mut it = following(1);
        let announce = following(2).poll_transmit(T0 + GATHER).unwrap();
        let link_local = "[fe80::1]:6771".parse().unwrap();
        assert_eq!(it.handle_datagram(T0, link_local, &announce), None);
        assert_eq!(it.handle_datagram(T0, from(1, 1), b"hello"), None);
        let mut other = neighbours(3);
        other.follow(T0, InfoHash([9; 20]));
        let foreign = other.poll_transmit(T0 + GATHER).unwrap();
        assert_eq!(it.handle_datagram(T0, from(1, 1), &foreign), None);
        let counts = it.counts();
        assert_eq!(
            (counts.link_local, counts.unreadable, counts.foreign),
            (1, 1, 1)
        );
        assert!(it.handle_datagram(T0, from(1, 1), &announce).is_some());
    }

    #[test]
    fn who_floods_is_not_heard_for_a_minute() {
        let mut it = following(1);
        let announce = following(2).poll_transmit(T0 + GATHER).unwrap();
        let mut hears = |at, host| it.handle_datagram(at, from(host, 1), &announce).is_some();
        let heard = (0..1_000).filter(|_| hears(T0, 1)).count();
        assert_eq!(heard, ANNOUNCES_OF_ONE as usize);
        assert!(hears(T0, 2), "others are");
        assert!(hears(T0 + WINDOW, 1));
        let later = T0 + 2 * WINDOW;
        let heard = (0..10_000).filter(|host| hears(later, *host)).count();
        assert_eq!(heard, ANNOUNCES_OF_ALL as usize);
        assert!(it.heard.len() <= ANNOUNCES_OF_ALL as usize);
    }
}
