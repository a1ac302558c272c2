//! One announce or one scrape, over HTTP, HTTPS or UDP, at all addresses of a tracker.

mod http;
mod names;
mod udp;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::timeout;

use crate::actors::lifesigns::LifeSigns;
use crate::clock::Clock;
use crate::moment::Moment;
use crate::net::{Network, Tls};
use crate::protocol::address::{AddressPolicy, canonical_ip};
use crate::protocol::info_hash::InfoHash;
use crate::protocol::limits;
use crate::protocol::tracker::redirect::Page;
use crate::protocol::tracker::udp::UdpReply;
use crate::protocol::tracker::{
    AnnounceRequest, Announced, ConnectFailure, Scheme, Scraped, TrackerError, TrackerUrl,
    http as wire,
};
use names::Names;

/// Speaks to trackers, at all addresses of their names.
#[derive(Clone, Debug)]
pub struct Asker {
    network: Network,
    tls: Tls,
    /// Our own addresses to speak from, at most one a family; none: any.
    bind: Vec<IpAddr>,
    policy: AddressPolicy,
    user_agent: String,
    clock: Clock,
    pace: u32,
    signs: LifeSigns,
    names: Names,
}

impl Asker {
    /// Speaks from `bind` to addresses that `policy` permits. `pace` divides the
    /// waiting times of UDP.
    pub fn new(
        network: Network,
        tls: Tls,
        bind: Vec<IpAddr>,
        policy: AddressPolicy,
        user_agent: String,
        clock: Clock,
        pace: u32,
    ) -> Self {
        Asker {
            network,
            tls,
            bind,
            policy,
            user_agent,
            clock,
            pace,
            signs: LifeSigns::default(),
            names: Names::default(),
        }
    }

    /// With `signs` that learn of whoever answers.
    #[must_use]
    pub fn telling(self, signs: LifeSigns) -> Self {
        Asker { signs, ..self }
    }

    /// Announces. Within `limit` each address of the tracker's name is tried until
    /// one answers.
    ///
    /// # Errors
    /// The tracker's refusal, what is wrong with its answer, or the failure of the last
    /// address tried.
    pub async fn announce(
        &self,
        url: &TrackerUrl,
        request: &AnnounceRequest,
        limit: Duration,
    ) -> Result<Announced, TrackerError> {
        let deadline = self.clock.now() + limit;
        if url.scheme() != Scheme::Udp {
            let page = Page::new(url.clone(), wire::announce_target(url, request));
            return wire::parse_announce(&self.fetch(page, deadline).await?);
        }
        let told = url.path_and_query();
        let reply = self.at_each(url, deadline, async |address| {
            self.over_udp(address, |client, now| {
                client.announce(now, request, told.as_deref());
            })
            .await
        });
        match reply.await? {
            UdpReply::Announced(answer) => Ok(answer),
            UdpReply::Scraped(_) => Err(TrackerError::malformed("a scrape's answer")),
        }
    }

    /// Asks for the figures of one torrent, in the same way.
    ///
    /// # Errors
    /// As [`Self::announce`]; [`TrackerError::NoScrape`] if the URL names no scrape.
    pub async fn scrape(
        &self,
        url: &TrackerUrl,
        torrent: &InfoHash,
        limit: Duration,
    ) -> Result<Scraped, TrackerError> {
        let deadline = self.clock.now() + limit;
        if url.scheme() != Scheme::Udp {
            let target = wire::scrape_target(url, torrent).ok_or(TrackerError::NoScrape)?;
            let page = Page::new(url.clone(), target);
            return wire::parse_scrape(&self.fetch(page, deadline).await?, torrent);
        }
        let reply = self.at_each(url, deadline, async |address| {
            self.over_udp(address, |client, now| client.scrape(now, &[*torrent]))
                .await
        });
        match reply.await? {
            UdpReply::Scraped(torrents) => torrents
                .first()
                .copied()
                .ok_or(TrackerError::TorrentMissing),
            UdpReply::Announced(_) => Err(TrackerError::malformed("an announce's answer")),
        }
    }

    /// Tries the addresses of the tracker's name in turn, as long as nobody answers,
    /// each with an equal share of the time that is left.
    async fn at_each<T>(
        &self,
        url: &TrackerUrl,
        deadline: Moment,
        exchange: impl AsyncFn(SocketAddr) -> Result<T, TrackerError>,
    ) -> Result<T, TrackerError> {
        let addresses = timeout(self.until(deadline), self.addresses(url)).await;
        let addresses = addresses.unwrap_or(Err(TrackerError::Timeout))?;
        let mut failure = TrackerError::ConnectionFailed(ConnectFailure::NoSuchHost);
        for (address, left) in addresses.iter().zip((1..=addresses.len() as u32).rev()) {
            let share = self.until(deadline) / left;
            let answer = timeout(share, exchange(*address)).await;
            match answer.unwrap_or(Err(TrackerError::Timeout)) {
                Err(error) if error.is_of_the_address() => failure = error,
                answer => {
                    self.signs.heard(self.clock.now(), *address);
                    return answer;
                }
            }
        }
        Err(failure)
    }

    fn until(&self, deadline: Moment) -> Duration {
        deadline.since(self.clock.now())
    }

    async fn addresses(&self, url: &TrackerUrl) -> Result<Vec<SocketAddr>, TrackerError> {
        let found = self.resolve(url.host(), url.port()).await;
        let found = found.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => TrackerError::Timeout,
            _ => TrackerError::ConnectionFailed(ConnectFailure::NoSuchHost),
        })?;
        let excluded = found.iter().any(|it| self.policy.excludes(it.ip()));
        let mut permitted = found;
        permitted.retain(|it| self.policy.permits_ip(canonical_ip(it.ip())));
        if permitted.is_empty() {
            let why = match excluded {
                true => ConnectFailure::Excluded,
                false => ConnectFailure::Forbidden,
            };
            return Err(TrackerError::ConnectionFailed(why));
        }
        let mut turns = in_turns(permitted);
        turns.truncate(limits::TRACKER_ADDRESSES);
        Ok(turns)
    }

    fn own_address(&self, to: SocketAddr) -> Option<IpAddr> {
        let same_family = |ip: &&IpAddr| ip.is_ipv4() == to.is_ipv4();
        self.bind.iter().find(same_family).copied()
    }
}

/// The families by turns, in the order found: where one of them leads nowhere, the
/// second try is of the other.
fn in_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let v6_first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (one, other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|it| it.is_ipv6() == v6_first);
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    let mut turns = Vec::new();
    loop {
        match (one.next(), other.next()) {
            (None, None) => return turns,
            pair => turns.extend(pair.0.into_iter().chain(pair.1)),
        }
    }
}
