//! The client's side of BEP 15 for one address of a tracker, as a state machine.
//!
//! After each call that takes a `now`, empty the polls: [`UdpClient::poll_transmit`],
//! [`UdpClient::poll_reply`], [`UdpClient::poll_timeout`].

use std::net::SocketAddr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::wire::{Announce, Counts, Request, Response};
use crate::moment::Moment;
use crate::protocol::address::canonical;
use crate::protocol::bencode::printable;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::limits;
use crate::protocol::tracker::{AnnounceRequest, Announced, Scraped, TrackerError};

/// How a query ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UdpReply {
    /// To an announce.
    Announced(Announced),
    /// To a scrape, in the order asked.
    Scraped(Vec<Scraped>),
}

/// Speaks to one address of one tracker, one query at a time.
#[derive(Debug)]
pub struct UdpClient {
    tracker: SocketAddr,
    random: StdRng,
    pace: u32,
    connection: Option<Connection>,
    query: Option<Query>,
    outgoing: Option<Vec<u8>>,
    reply: Option<Result<UdpReply, TrackerError>>,
}

#[derive(Clone, Copy, Debug)]
struct Connection {
    id: u64,
    ends: Moment,
}

#[derive(Debug)]
struct Query {
    question: Question,
    stage: Stage,
    transaction: u32,
    /// Of the whole query.
    resends: u32,
    /// Of this request: doubles the waiting time.
    doublings: u32,
    due: Moment,
}

#[derive(Clone, Debug)]
enum Question {
    Announce(Announce),
    Scrape(Vec<InfoHash>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connecting,
    Asking,
}

impl UdpClient {
    /// `seed` makes the transaction ids: it must not be guessable, for they and
    /// the address are all that tells a tracker's answer from a forged one.
    /// `pace` divides the waiting times (1 in earnest).
    pub fn new(tracker: SocketAddr, seed: [u8; 32], pace: u32) -> Self {
        UdpClient {
            tracker: canonical(tracker),
            random: StdRng::from_seed(seed),
            pace: pace.max(1),
            connection: None,
            query: None,
            outgoing: None,
            reply: None,
        }
    }

    /// The address spoken to.
    pub fn tracker(&self) -> SocketAddr {
        self.tracker
    }

    /// Asks for peers. `path_and_query` are those of the tracker's URL, if it has
    /// any. A query that is under way is given up.
    pub fn announce(
        &mut self,
        now: Moment,
        request: &AnnounceRequest,
        path_and_query: Option<&str>,
    ) {
        let announce = Announce {
            info_hash: request.info_hash,
            peer_id: request.peer_id,
            downloaded: 0,
            left: request.left,
            uploaded: 0,
            event: request.event.into(),
            key: request.key,
            numwant: i32::try_from(request.numwant).unwrap_or(-1),
            port: request.port,
            url_data: path_and_query.unwrap_or_default().into(),
        };
        self.ask(now, Question::Announce(announce));
    }

    /// Asks for the figures of torrents; more than
    /// [`limits::UDP_SCRAPE_TORRENTS`] are left out. A query that is under way
    /// is given up.
    pub fn scrape(&mut self, now: Moment, torrents: &[InfoHash]) {
        let asked = torrents.len().min(limits::UDP_SCRAPE_TORRENTS);
        self.ask(now, Question::Scrape(torrents[..asked].to_vec()));
    }

    /// Gives up what is under way: a late answer is ignored.
    pub fn abandon(&mut self) {
        self.query = None;
        self.outgoing = None;
    }

    /// Takes a datagram. Returns whether it was an answer to what was asked,
    /// from the address that was asked; any other changes nothing.
    pub fn handle_datagram(&mut self, now: Moment, from: SocketAddr, bytes: &[u8]) -> bool {
        let Some(query) = &mut self.query else {
            return false;
        };
        let (transaction, stage) = (query.transaction, query.stage);
        let asked = canonical(from) == self.tracker;
        if !asked || Response::peek_transaction(bytes) != Some(transaction) {
            return false;
        }
        let result = match (Response::decode(bytes, self.tracker.is_ipv6()), stage) {
            (Some(Response::Connect { connection, .. }), Stage::Connecting) => {
                let ends = now + limits::UDP_CONNECTION_LIFE;
                self.connection = Some(Connection {
                    id: connection,
                    ends,
                });
                query.doublings = 0;
                self.send(now, true);
                return true;
            }
            (Some(Response::Error { message, .. }), _) => Err(TrackerError::Failure {
                reason: printable(&message, limits::TRACKER_TEXT_BYTES),
                retry_in: None,
            }),
            (Some(response), Stage::Asking) => self.answer(response),
            _ => Err(TrackerError::malformed("not an answer to this request")),
        };
        if result.is_err() {
            // Whatever the tracker dislikes, the next query starts afresh.
            self.connection = None;
        }
        self.abandon();
        self.reply = Some(result);
        true
    }

    /// Sends again what got no answer; gives up after
    /// [`limits::UDP_RESENDS`] times.
    pub fn handle_timeout(&mut self, now: Moment) {
        let Some(query) = self.query.as_mut().filter(|query| now >= query.due) else {
            return;
        };
        if query.resends >= limits::UDP_RESENDS {
            self.abandon();
            self.reply = Some(Err(TrackerError::Timeout));
            return;
        }
        query.resends += 1;
        query.doublings += 1;
        self.send(now, false);
    }

    /// When [`Self::handle_timeout`] is to be called next.
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.query.as_ref().map(|query| query.due)
    }

    /// A datagram to be sent to the tracker now.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.outgoing.take()
    }

    /// How the query ended.
    pub fn poll_reply(&mut self) -> Option<Result<UdpReply, TrackerError>> {
        self.reply.take()
    }

    fn ask(&mut self, now: Moment, question: Question) {
        self.reply = None;
        self.query = Some(Query {
            question,
            stage: Stage::Connecting,
            transaction: 0,
            resends: 0,
            doublings: 0,
            due: now,
        });
        self.send(now, true);
    }

    /// Sends the question, or first a request for a connection id if there is
    /// none that is fresh. A new stage takes a new transaction id; a resend
    /// keeps it, so that an answer which is only late still counts.
    fn send(&mut self, now: Moment, fresh: bool) {
        let Some(query) = &mut self.query else {
            return;
        };
        let connection = self.connection.filter(|it| now < it.ends);
        let stage = match connection {
            Some(_) => Stage::Asking,
            None => Stage::Connecting,
        };
        if fresh || stage != query.stage {
            query.transaction = self.random.random();
        }
        query.stage = stage;
        query.due = now + wait(query.doublings) / self.pace;
        let transaction = query.transaction;
        let request = match (connection, query.question.clone()) {
            (None, _) => Request::Connect { transaction },
            (Some(Connection { id: connection, .. }), Question::Announce(announce)) => {
                Request::Announce {
                    connection,
                    transaction,
                    announce,
                }
            }
            (Some(Connection { id: connection, .. }), Question::Scrape(torrents)) => {
                Request::Scrape {
                    connection,
                    transaction,
                    torrents,
                }
            }
        };
        self.outgoing = Some(request.encode());
    }

    /// Whether the answer is one to the question.
    fn answer(&self, response: Response) -> Result<UdpReply, TrackerError> {
        match (response, self.query.as_ref().map(|query| &query.question)) {
            (
                Response::Announce {
                    interval_s,
                    leechers,
                    seeders,
                    mut peers,
                    ..
                },
                Some(Question::Announce(_)),
            ) => {
                let mut seen = std::collections::HashSet::new();
                peers.retain(|peer| seen.insert(*peer));
                Ok(UdpReply::Announced(Announced {
                    peers,
                    seeders: count(seeders),
                    leechers: count(leechers),
                    interval: Some(Duration::from_secs(interval_s.into())),
                    ..Announced::default()
                }))
            }
            (Response::Scrape { torrents, .. }, Some(Question::Scrape(asked)))
                if torrents.len() >= asked.len() =>
            {
                let torrents = torrents.iter().take(asked.len());
                Ok(UdpReply::Scraped(torrents.map(scraped).collect()))
            }
            (Response::Scrape { .. }, Some(Question::Scrape(_))) => {
                Err(TrackerError::TorrentMissing)
            }
            _ => Err(TrackerError::malformed("an answer to another request")),
        }
    }
}

fn scraped(counts: &Counts) -> Scraped {
    Scraped {
        seeders: count(counts.seeders),
        leechers: count(counts.leechers),
        downloaded: count(counts.completed),
        min_interval: None,
    }
}

/// The integers of BEP 15 have a sign: a negative count is none.
fn count(number: u32) -> Option<u32> {
    i32::try_from(number).is_ok().then_some(number)
}

/// How long to wait for an answer: 15 s · 2ⁿ.
fn wait(doublings: u32) -> Duration {
    limits::UDP_FIRST_WAIT * (1 << doublings.min(limits::UDP_RESENDS))
}

#[cfg(test)]
mod tests;
