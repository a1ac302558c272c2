//! How much one stranger may say, and how much we say ourselves.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::limits;
use crate::moment::Moment;
use crate::protocol::address::is_global;

/// Whose messages count together: those of an address, over IPv6 of a /64, for a line has
/// 2^64 addresses of its own; in a private network, where one machine may be many nodes,
/// those of an address and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Host(SocketAddr);

impl Host {
    /// That of an address.
    pub fn of(address: SocketAddr) -> Self {
        match (is_global(address.ip()), address.ip()) {
            (false, _) => Host(address),
            (true, IpAddr::V4(ip)) => Host((ip, 0).into()),
            (true, IpAddr::V6(ip)) => {
                let line = Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64);
                Host((line, 0).into())
            }
        }
    }
}

/// So many in a span of time, and then none until the next.
#[derive(Clone, Debug)]
struct Allowance {
    span: Duration,
    most: u32,
    since: Moment,
    used: u32,
}

impl Allowance {
    fn a_second(most: u32) -> Self {
        Allowance {
            span: Duration::from_secs(1),
            most,
            since: Moment::EPOCH,
            used: 0,
        }
    }

    fn take(&mut self, now: Moment) -> bool {
        if now.since(self.since) >= self.span {
            (self.since, self.used) = (now, 0);
        }
        let granted = self.used < self.most;
        self.used += u32::from(granted);
        granted
    }
}

/// What came from one host, and went to it, in the window.
#[derive(Clone, Copy, Debug, Default)]
struct Traffic {
    messages: u32,
    garbage: u32,
    queries: u32,
}

/// What each host has used up, and what we have.
#[derive(Clone, Debug)]
pub struct Quota {
    since: Moment,
    traffic: HashMap<Host, Traffic>,
    silenced: HashMap<Host, Moment>,
    answers: Allowance,
    queries: Allowance,
    named: Allowance,
}

impl Default for Quota {
    fn default() -> Self {
        Quota {
            since: Moment::EPOCH,
            traffic: HashMap::new(),
            silenced: HashMap::new(),
            answers: Allowance::a_second(limits::ANSWERS_PER_S),
            queries: Allowance::a_second(limits::QUERIES_PER_S),
            named: Allowance::a_second(limits::NAMED_PER_S),
        }
    }
}

impl Quota {
    /// Something came from there: whether it is listened to.
    pub fn hears(&mut self, now: Moment, from: SocketAddr) -> bool {
        let host = Host::of(from);
        if self.silenced.get(&host).is_some_and(|until| now < *until) {
            return false;
        }
        let Some(traffic) = self.traffic(now, host) else {
            // So many strangers at once: what all of them may cost is bounded too.
            return true;
        };
        traffic.messages += 1;
        if traffic.messages > limits::FLOOD_MESSAGES {
            self.silence(now, host);
            return false;
        }
        true
    }

    /// What came from there was of no use: unreadable, or no answer to a question.
    pub fn disliked(&mut self, now: Moment, from: SocketAddr) {
        let host = Host::of(from);
        if let Some(traffic) = self.traffic(now, host) {
            traffic.garbage += 1;
            if traffic.garbage > limits::FLOOD_GARBAGE {
                self.silence(now, host);
            }
        }
    }

    /// Whether a query of others is still answered in this second.
    pub fn may_answer(&mut self, now: Moment) -> bool {
        self.answers.take(now)
    }

    /// Whether one more node that a peer named is tried in this second.
    pub fn may_try(&mut self, now: Moment) -> bool {
        self.named.take(now)
    }

    /// Whether we may ask there now; if so it is counted. `Err`: not before the next
    /// second, `Ok(false)`: not this one. Who is not listened to may be asked: anybody
    /// can flood us in another's name.
    pub fn may_ask(&mut self, now: Moment, to: SocketAddr) -> Result<bool, Moment> {
        let host = Host::of(to);
        let asked = self.traffic(now, host).map_or(0, |it| it.queries);
        if asked >= limits::QUERIES_TO_ONE {
            return Ok(false);
        }
        if !self.queries.take(now) {
            return Err(self.queries.since + self.queries.span);
        }
        if let Some(traffic) = self.traffic(now, host) {
            traffic.queries += 1;
        }
        Ok(true)
    }

    fn silence(&mut self, now: Moment, host: Host) {
        if self.silenced.len() < limits::FLOOD_ADDRESSES {
            self.silenced.insert(host, now + limits::FLOOD_SILENCE);
        }
    }

    fn traffic(&mut self, now: Moment, host: Host) -> Option<&mut Traffic> {
        if now.since(self.since) >= limits::FLOOD_WINDOW {
            self.since = now;
            self.traffic.clear();
            self.silenced.retain(|_, until| now < *until);
        }
        let room = self.traffic.len() < limits::FLOOD_ADDRESSES;
        match room || self.traffic.contains_key(&host) {
            true => Some(self.traffic.entry(host).or_default()),
            false => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Moment = Moment::from_millis(1_000_000);

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn who_floods_is_ignored_for_a_while() {
        let (mut quota, flood) = (Quota::default(), address("9.9.9.9:1"));
        let heard = (0..1_000).filter(|_| quota.hears(T0, flood)).count();
        assert_eq!(heard, limits::FLOOD_MESSAGES as usize);
        assert!(!quota.hears(T0 + limits::FLOOD_WINDOW, address("9.9.9.9:2")));
        assert!(quota.hears(T0, address("9.9.9.8:1")));
        assert!(quota.hears(T0 + limits::FLOOD_SILENCE, flood));
    }

    #[test]
    fn garbage_is_borne_less_long() {
        let (mut quota, liar) = (Quota::default(), address("9.9.9.9:1"));
        for _ in 0..=limits::FLOOD_GARBAGE {
            assert!(quota.hears(T0, liar));
            quota.disliked(T0, liar);
        }
        assert!(!quota.hears(T0, liar));
        let name_of_another = quota.may_ask(T0, liar);
        assert_eq!(name_of_another, Ok(true), "it may have been forged");
    }

    #[test]
    fn nodes_of_one_machine_in_a_lab_are_not_one() {
        let mut quota = Quota::default();
        for port in 1..200 {
            assert!(quota.hears(T0, SocketAddr::from(([127, 0, 0, 1], port))));
        }
    }

    #[test]
    fn all_addresses_of_a_line_are_one() {
        let host = |text: &str| Host::of(address(text));
        assert_eq!(host("[2a01:7::1]:1"), host("[2a01:7::ff:2]:9"));
        assert_ne!(host("[2a01:7::1]:1"), host("[2a01:7:0:1::1]:1"));
        assert_ne!(host("9.9.9.9:1"), host("9.9.9.8:1"));
    }

    #[test]
    fn we_ask_within_bounds() {
        let mut quota = Quota::default();
        let one = address("9.9.9.9:1");
        let asked = (0..100).filter(|_| quota.may_ask(T0, one) == Ok(true));
        assert_eq!(asked.count(), limits::QUERIES_TO_ONE as usize);
        let others = (0..250_u8).map(|host| SocketAddr::from(([8, 8, 8, host], 1)));
        let asked = others
            .filter(|it| quota.may_ask(T0, *it) == Ok(true))
            .count();
        assert_eq!(
            asked,
            (limits::QUERIES_PER_S - limits::QUERIES_TO_ONE) as usize
        );
        let next = T0 + Duration::from_secs(1);
        assert_eq!(quota.may_ask(T0, address("7.7.7.7:1")), Err(next));
        assert_eq!(quota.may_ask(next, address("7.7.7.7:1")), Ok(true));
    }

    #[test]
    fn strangers_without_number_take_no_memory() {
        let mut quota = Quota::default();
        for number in 0..10_000_u32 {
            quota.hears(T0, SocketAddr::from((number.to_be_bytes(), 1)));
        }
        assert_eq!(quota.traffic.len(), limits::FLOOD_ADDRESSES);
    }
}
