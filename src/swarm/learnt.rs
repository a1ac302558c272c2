//! Trackers that peers name (BEP 28), and which of them are worth a try: whoever names
//! one has us knock at somebody's door, so no single network's word is enough.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use crate::protocol::address::AddressPolicy;
use crate::protocol::tracker::TrackerUrl;

/// Trackers taken of one torrent in a run, those that were given up among them.
const TRACKERS: usize = 8;

/// Networks that must name a tracker: who owns one address often owns its neighbours.
const WITNESSES: usize = 2;

/// Announces in a row that a tracker may leave without a good answer.
const TRIES: u32 = 3;

/// Trackers that wait for a second word.
const WAITING: usize = 512;

/// Of these, named first by one network: nobody alone fills the list.
const WAITING_OF_ONE: usize = 32;

/// Ports below 1024 at which trackers live.
const LOW_PORTS: [u16; 2] = [80, 443];

/// The first port that anybody may use.
const FREE_PORT: u16 = 1024;

/// What a tracker's word came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Standing {
    failures: u32,
    given_up: bool,
}

/// The trackers that peers of one torrent name.
#[derive(Debug)]
pub struct Learnt {
    policy: AddressPolicy,
    /// The torrent's own.
    own: Vec<TrackerUrl>,
    /// Networks that named each one that is not taken yet.
    waiting: HashMap<TrackerUrl, Vec<IpAddr>>,
    taken: HashMap<TrackerUrl, Standing>,
}

impl Learnt {
    /// Nothing yet, for a torrent that has trackers of its `own`.
    pub fn new(own: Vec<TrackerUrl>, policy: AddressPolicy) -> Self {
        Learnt {
            policy,
            own,
            waiting: HashMap::new(),
            taken: HashMap::new(),
        }
    }

    /// A peer at `from` names a tracker; true: it is to be tried from now on.
    pub fn hear(&mut self, from: IpAddr, tracker: &TrackerUrl) -> bool {
        let known = self.own.contains(tracker) || self.taken.contains_key(tracker);
        if known || self.taken.len() >= TRACKERS || !self.is_decent(tracker) {
            return false;
        }
        let network = network(from);
        if let Some(witnesses) = self.waiting.get_mut(tracker) {
            if !witnesses.contains(&network) {
                witnesses.push(network);
            }
        } else {
            let first = |it: &&Vec<IpAddr>| it.first() == Some(&network);
            let of_one = self.waiting.values().filter(first).count();
            if self.waiting.len() >= WAITING || of_one >= WAITING_OF_ONE {
                return false;
            }
            self.waiting.insert(tracker.clone(), vec![network]);
        }
        let witnesses = self.waiting.get(tracker).map_or(0, Vec::len);
        if witnesses < WITNESSES {
            return false;
        }
        self.waiting.remove(tracker);
        self.taken.insert(tracker.clone(), Standing::default());
        true
    }

    /// How an announce to a tracker ended, by the name that it is shown by; true: it
    /// was one too many, the tracker is given up.
    pub fn announced(&mut self, name: &str, answered: bool) -> bool {
        let found = self
            .taken
            .iter_mut()
            .find(|(url, _)| url.redacted() == name);
        let Some((_, standing)) = found else {
            return false;
        };
        standing.failures = if answered { 0 } else { standing.failures + 1 };
        let too_many = standing.failures >= TRIES && !standing.given_up;
        standing.given_up |= too_many;
        too_many
    }

    /// Whether a tracker was learnt, and not given up.
    pub fn is_in_use(&self, tracker: &TrackerUrl) -> bool {
        self.taken.get(tracker).is_some_and(|it| !it.given_up)
    }

    /// The torrent is private after all (BEP 27): none is in use any longer, nor ever
    /// will be.
    pub fn close(&mut self) -> Vec<TrackerUrl> {
        self.waiting.clear();
        let taken = self.taken.iter_mut().filter(|it| !it.1.given_up);
        taken
            .map(|(url, standing)| {
                standing.given_up = true;
                url.clone()
            })
            .collect()
    }

    /// Whether a stranger may name it. Names are looked up later, and then their
    /// addresses must be permitted; what is hidden where URLs are shown may be
    /// somebody's passkey, and is not ours to use.
    fn is_decent(&self, tracker: &TrackerUrl) -> bool {
        if self.policy.allow_local {
            return true;
        }
        let port = tracker.port();
        let address = tracker.host().parse::<IpAddr>();
        (port >= FREE_PORT || LOW_PORTS.contains(&port))
            && tracker.user_info().is_none()
            && !tracker.redacted().contains("***")
            && address.map_or_else(
                |_| tracker.host().contains('.'),
                |ip| self.policy.permits_ip(ip),
            )
    }
}

/// The /16 of an IPv4 address, the /32 of an IPv6 one.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            IpAddr::from([a, b, 0, 0])
        }
        IpAddr::V6(ip) => {
            let [a, b, ..] = ip.segments();
            Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "45.1.0.1";
    const B: &str = "45.2.0.1";

    fn url(text: &str) -> TrackerUrl {
        TrackerUrl::parse(text).unwrap()
    }

    fn learnt() -> Learnt {
        Learnt::new(
            vec![url("http://own.example/announce")],
            AddressPolicy::default(),
        )
    }

    fn hear(learnt: &mut Learnt, from: &str, tracker: &str) -> bool {
        learnt.hear(from.parse().unwrap(), &url(tracker))
    }

    /// Whether it is taken on the word of two networks.
    fn takes(learnt: &mut Learnt, tracker: &str) -> bool {
        hear(learnt, A, tracker) || hear(learnt, B, tracker)
    }

    #[test]
    fn two_networks_must_name_a_tracker() {
        let (mut it, tracker) = (learnt(), "udp://new.example:1337");
        for neighbour in [A, A, "45.1.255.9", "::ffff:45.1.3.3"] {
            assert!(!hear(&mut it, neighbour, tracker));
        }
        assert!(hear(&mut it, B, tracker));
        assert!(it.is_in_use(&url(tracker)));
        assert!(!hear(&mut it, "45.3.0.1", tracker), "once is enough");
        let (mut it, tracker) = (learnt(), "udp://six.example:1337");
        assert!(!hear(&mut it, "2a01:7:1::1", tracker));
        assert!(!hear(&mut it, "2a01:7:2::1", tracker));
        assert!(hear(&mut it, "2a01:8::1", tracker));
    }

    #[test]
    fn what_the_torrent_has_is_not_learnt() {
        let mut it = learnt();
        assert!(!takes(&mut it, "HTTP://Own.Example:80/announce"));
        assert!(takes(&mut it, "http://own.example:6969/announce"));
    }

    #[test]
    fn no_more_than_eight_are_taken() {
        let mut it = learnt();
        let taken =
            (0..20).filter(|number| takes(&mut it, &format!("udp://t{number}.example:1337")));
        assert_eq!(taken.count(), TRACKERS);
        for number in 0..TRACKERS {
            for _ in 0..TRIES {
                it.announced(&format!("udp://t{number}.example:1337"), false);
            }
        }
        assert!(!takes(&mut it, "udp://late.example:1337"));
    }

    #[test]
    fn strangers_may_not_name_every_door() {
        let doors = [
            "http://192.168.1.1/announce",
            "http://[fe80::1]/announce",
            "http://127.1/announce",
            "http://localhost:8080/announce",
            "http://mail.example:25/announce",
            "udp://dns.example:53/announce",
            "http://user:word@tracker.example/announce",
            "http://tracker.example/0123456789abcdef/announce",
            "http://tracker.example/announce?passkey=1",
        ];
        for door in doors {
            assert!(!takes(&mut learnt(), door), "{door}");
        }
        for decent in [
            "http://45.9.9.9/announce",
            "https://tracker.example/announce.php",
        ] {
            assert!(takes(&mut learnt(), decent), "{decent}");
        }
        let lab = AddressPolicy {
            allow_local: true,
            ..AddressPolicy::default()
        };
        let mut lab = Learnt::new(Vec::new(), lab);
        assert!(takes(&mut lab, "http://127.0.0.1:25/announce"));
    }

    #[test]
    fn who_never_answers_is_given_up_after_three_tries() {
        let (mut it, tracker) = (learnt(), "udp://new.example:1337");
        assert!(takes(&mut it, tracker));
        for answered in [false, false, true, false, false] {
            assert!(!it.announced(tracker, answered));
        }
        assert!(it.announced(tracker, false));
        assert!(!it.announced(tracker, false), "only once");
        assert!(!it.is_in_use(&url(tracker)) && !takes(&mut it, tracker));
        assert!(!it.announced("http://own.example/announce", false));
    }

    #[test]
    fn nobody_alone_fills_the_list() {
        let mut it = learnt();
        for number in 0..1_000 {
            hear(&mut it, A, &format!("udp://junk{number}.example:1337"));
        }
        assert_eq!(it.waiting.len(), WAITING_OF_ONE);
        assert!(!hear(&mut it, B, "udp://good.example:1337"));
        assert!(hear(&mut it, "45.3.0.1", "udp://good.example:1337"));
    }

    #[test]
    fn a_private_torrent_drops_them() {
        let mut it = learnt();
        assert!(takes(&mut it, "udp://new.example:1337"));
        assert_eq!(it.close(), [url("udp://new.example:1337")]);
        assert!(!it.is_in_use(&url("udp://new.example:1337")) && it.close().is_empty());
    }
}
