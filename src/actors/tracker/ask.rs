//! One announce, over HTTP or UDP.

use std::io;
use std::net::{IpAddr, SocketAddr};

use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;

use crate::clock::Clock;
use crate::net::{BoxLink, Datagrams, Network};
use crate::protocol::address::{AddressPolicy, canonical_ip};
use crate::protocol::limits;
use crate::protocol::tracker::udp::{UdpClient, UdpReply};
use crate::protocol::tracker::{
    AnnounceRequest, Announced, ConnectFailure, Scheme, TrackerError, TrackerUrl, http,
};

/// The largest datagram that UDP can carry.
const DATAGRAM_BYTES: usize = 65_535;

/// Speaks to one tracker at all its addresses.
#[derive(Clone, Debug)]
pub struct Asker {
    network: Network,
    /// Our own addresses to speak from, at most one a family; none: any.
    bind: Vec<IpAddr>,
    policy: AddressPolicy,
    user_agent: String,
    pace: u32,
}

impl Asker {
    /// Speaks from `bind` to addresses that `policy` permits.
    pub fn new(
        network: Network,
        bind: Vec<IpAddr>,
        policy: AddressPolicy,
        user_agent: String,
        pace: u32,
    ) -> Self {
        Asker {
            network,
            bind,
            policy,
            user_agent,
            pace,
        }
    }

    /// Announces; each address of the tracker's name is tried until one answers.
    /// The caller bounds the time.
    ///
    /// # Errors
    /// The failure of the last address tried.
    pub async fn announce(
        &self,
        url: &TrackerUrl,
        request: &AnnounceRequest,
        clock: Clock,
    ) -> Result<Announced, TrackerError> {
        let mut failure = TrackerError::ConnectionFailed(ConnectFailure::NoSuchHost);
        for address in self.addresses(url).await? {
            let answer = match url.scheme() {
                Scheme::Http => self.over_http(url, address, request).await,
                Scheme::Udp => self.over_udp(address, request, clock).await,
                Scheme::Https => return Err(TrackerError::Unsupported("HTTPS")),
            };
            match answer {
                // Nobody is there: another address of the name may do.
                Err(TrackerError::ConnectionFailed(why)) => {
                    failure = TrackerError::ConnectionFailed(why);
                }
                answer => return answer,
            }
        }
        Err(failure)
    }

    async fn addresses(&self, url: &TrackerUrl) -> Result<Vec<SocketAddr>, TrackerError> {
        let found = self.network.resolve(url.host(), url.port()).await;
        let found = found.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => TrackerError::Timeout,
            _ => TrackerError::ConnectionFailed(ConnectFailure::NoSuchHost),
        })?;
        let excluded = found.iter().any(|it| self.policy.excludes(it.ip()));
        let permitted: Vec<_> = found
            .into_iter()
            .filter(|it| self.policy.permits_ip(canonical_ip(it.ip())))
            .collect();
        match (permitted.is_empty(), excluded) {
            (false, _) => Ok(permitted),
            (true, true) => Err(TrackerError::ConnectionFailed(ConnectFailure::Excluded)),
            (true, false) => Err(TrackerError::ConnectionFailed(ConnectFailure::Forbidden)),
        }
    }

    fn own_address(&self, to: SocketAddr) -> Option<IpAddr> {
        let same_family = |ip: &&IpAddr| ip.is_ipv4() == to.is_ipv4();
        self.bind.iter().find(same_family).copied()
    }

    async fn over_http(
        &self,
        url: &TrackerUrl,
        address: SocketAddr,
        request: &AnnounceRequest,
    ) -> Result<Announced, TrackerError> {
        let link = self
            .network
            .connect(self.own_address(address), address)
            .await;
        let link = link.map_err(|error| TrackerError::from(&error))?;
        let target = http::announce_target(url, request);
        let body = self.get(link, url, &target).await?;
        http::parse_announce(&body)
    }

    async fn get(
        &self,
        link: BoxLink,
        url: &TrackerUrl,
        target: &str,
    ) -> Result<Bytes, TrackerError> {
        let broken = |_: hyper::Error| TrackerError::ConnectionFailed(ConnectFailure::Reset);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(link))
            .await
            .map_err(broken)?;
        let request = Request::get(target)
            .header(header::HOST, url.host_header())
            .header(header::USER_AGENT, &self.user_agent)
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::CONNECTION, "close")
            .body(Empty::<Bytes>::new())
            .map_err(|error| TrackerError::BadUrl(error.to_string()))?;
        let exchange = async {
            let response = sender.send_request(request).await.map_err(not_http)?;
            let status = response.status();
            let body = Limited::new(response.into_body(), limits::ANNOUNCE_BODY_BYTES);
            let body = body.collect().await.map_err(|error| {
                match error.downcast_ref::<LengthLimitError>() {
                    Some(_) => TrackerError::BodyTooLarge {
                        max: limits::ANNOUNCE_BODY_BYTES,
                    },
                    None => TrackerError::malformed("the answer breaks off"),
                }
            })?;
            let body = body.to_bytes();
            // Some trackers say why in the body of an error status.
            match (status.as_u16(), http::parse_announce(&body)) {
                (200, _) | (_, Err(TrackerError::Failure { .. })) => Ok(body),
                (status, _) => Err(TrackerError::HttpStatus(status)),
            }
        };
        // The connection makes progress only while it is polled. Once it has
        // ended, what it delivered is still to be read.
        let mut exchange = std::pin::pin!(exchange);
        tokio::select! {
            biased;
            answer = &mut exchange => answer,
            _ = connection => exchange.await,
        }
    }

    async fn over_udp(
        &self,
        address: SocketAddr,
        request: &AnnounceRequest,
        clock: Clock,
    ) -> Result<Announced, TrackerError> {
        let any = match address {
            SocketAddr::V4(_) => IpAddr::from([0; 4]),
            SocketAddr::V6(_) => IpAddr::from([0; 16]),
        };
        let from = SocketAddr::new(self.own_address(address).unwrap_or(any), 0);
        let socket = self.network.datagrams(from).await;
        let socket = socket.map_err(|error| TrackerError::from(&error))?;
        // A connection id belongs to the socket that it was given to, and lives for a
        // minute: the next exchange needs another one anyway.
        let mut client = UdpClient::new(address, rand::random(), self.pace);
        client.announce(clock.now(), request);
        converse(&mut client, &socket, clock).await
    }
}

async fn converse(
    client: &mut UdpClient,
    socket: &Datagrams,
    clock: Clock,
) -> Result<Announced, TrackerError> {
    let mut buffer = vec![0; DATAGRAM_BYTES];
    loop {
        while let Some(datagram) = client.poll_transmit() {
            let sent = socket.send_to(&datagram, client.tracker()).await;
            sent.map_err(|error| TrackerError::from(&error))?;
        }
        match client.poll_reply() {
            Some(Ok(UdpReply::Announced(answer))) => return Ok(answer),
            Some(Ok(UdpReply::Scraped(_))) => {
                return Err(TrackerError::malformed("a scrape in answer to an announce"));
            }
            Some(Err(failure)) => return Err(failure),
            None => {}
        }
        let Some(due) = client.poll_timeout() else {
            return Err(TrackerError::Timeout);
        };
        tokio::select! {
            received = socket.recv_from(&mut buffer) => {
                // An ICMP error about an earlier datagram is not final: the
                // resend schedule decides.
                if let Ok((len, from)) = received {
                    client.handle_datagram(clock.now(), from, &buffer[..len]);
                }
            }
            () = tokio::time::sleep_until(clock.instant(due)) => {
                client.handle_timeout(clock.now());
            }
        }
    }
}

fn not_http(error: hyper::Error) -> TrackerError {
    if error.is_parse() {
        return TrackerError::malformed("not HTTP");
    }
    TrackerError::ConnectionFailed(ConnectFailure::Reset)
}
