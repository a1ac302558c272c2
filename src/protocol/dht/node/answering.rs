//! What the node answers to others.

use std::net::SocketAddr;

use super::Node;
use crate::moment::Moment;
use crate::protocol::address::IpFamily;
use crate::protocol::dht::contact::Contact;
use crate::protocol::dht::krpc::{self, Answer, Query, Want};
use crate::protocol::dht::limits;
use crate::protocol::dht::node_id::NodeId;

/// A malformed query, or a bad token (BEP 5).
const PROTOCOL_ERROR: u16 = 203;

/// A query that nobody knows (BEP 5).
const METHOD_UNKNOWN: u16 = 204;

impl Node {
    /// Somebody asks.
    pub(super) fn asked(&mut self, now: Moment, from: Contact, transaction: &[u8], query: Query) {
        if !self.quota.may_answer(now) {
            return;
        }
        self.tokens.turn(now, &mut self.rng);
        let to = from.address;
        let answer = match query {
            Query::Ping => Answer::default(),
            Query::FindNode(target, want) => self.nodes(target, want),
            Query::GetPeers(info_hash, want) => {
                let most = match self.settings.family {
                    IpFamily::V4 => limits::TOLD_PEERS_V4,
                    IpFamily::V6 => limits::TOLD_PEERS_V6,
                };
                Answer {
                    peers: self.storage.peers(info_hash, most, &mut self.rng),
                    token: Some(self.tokens.give(to.ip())),
                    ..self.nodes(info_hash.into(), want)
                }
            }
            // Without the peers, as libtorrent: not both fit a datagram.
            Query::Scrape(info_hash, want) => Answer {
                filters: self.storage.filters(info_hash).map(Box::new),
                token: Some(self.tokens.give(to.ip())),
                ..self.nodes(info_hash.into(), want)
            },
            Query::AnnouncePeer {
                info_hash,
                port,
                token,
                seed,
            } => {
                if !self.tokens.is_valid(to.ip(), &token) {
                    return self.refuse(to, transaction, PROTOCOL_ERROR, "bad token");
                }
                let peer = SocketAddr::new(to.ip(), port.unwrap_or(to.port()));
                // Where there is no room the answer is the same: it is not the peer's fault.
                self.storage.put(now, info_hash, peer, seed);
                Answer::default()
            }
            Query::Sample(target, want) => Answer {
                samples: Some(self.storage.sample(&mut self.rng)),
                ..self.nodes(target, want)
            },
            Query::Malformed => {
                return self.refuse(to, transaction, PROTOCOL_ERROR, "malformed query");
            }
            Query::Unknown => {
                return self.refuse(to, transaction, METHOD_UNKNOWN, "method unknown");
            }
        };
        let bytes = krpc::write_answer(transaction, self.id, to, &answer);
        self.send(to, bytes);
    }

    fn refuse(&mut self, to: SocketAddr, transaction: &[u8], code: u16, text: &str) {
        self.send(to, krpc::write_error(transaction, code, text));
    }

    /// The closest nodes of our own family, if they are wanted.
    fn nodes(&self, target: NodeId, want: Want) -> Answer {
        let family = self.settings.family;
        let nodes = want
            .includes(family, family)
            .then(|| self.table.closest(target, limits::K));
        match family {
            IpFamily::V4 => Answer {
                nodes,
                ..Answer::default()
            },
            IpFamily::V6 => Answer {
                nodes6: nodes,
                ..Answer::default()
            },
        }
    }
}
