//! The datagrams of BEP 15, both ways. All integers are big-endian.

use std::net::SocketAddr;

use crate::protocol::address;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::limits;
use crate::protocol::peer::handshake::PeerId;
use crate::protocol::tracker::AnnounceEvent;

/// What stands in a connect request where others have a connection id.
const PROTOCOL_ID: u64 = 0x0417_2710_1980;

const CONNECT: u32 = 0;
const ANNOUNCE: u32 = 1;
const SCRAPE: u32 = 2;
const ERROR: u32 = 3;

/// Ends the options of an announce.
const END_OF_OPTIONS: u8 = 0;
/// An option of one byte that says nothing.
const NOP: u8 = 1;
/// A length byte, and so much of the URL's path and query.
const URL_DATA: u8 = 2;

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Asks for a connection id. 16 bytes.
    Connect {
        /// To be repeated in the answer.
        transaction: u32,
    },
    /// 98 bytes, and options (BEP 41).
    Announce {
        /// From the answer to `Connect`.
        connection: u64,
        /// To be repeated in the answer.
        transaction: u32,
        /// What is said.
        announce: Announce,
    },
    /// 16 bytes, and 20 for each torrent.
    Scrape {
        /// From the answer to `Connect`.
        connection: u64,
        /// To be repeated in the answer.
        transaction: u32,
        /// At most [`limits::UDP_SCRAPE_TORRENTS`].
        torrents: Vec<InfoHash>,
    },
}

/// What an announce says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announce {
    /// The torrent.
    pub info_hash: InfoHash,
    /// The client.
    pub peer_id: PeerId,
    /// Bytes downloaded.
    pub downloaded: u64,
    /// Bytes missing.
    pub left: u64,
    /// Bytes uploaded.
    pub uploaded: u64,
    /// 0 none, 1 completed, 2 started, 3 stopped.
    pub event: u32,
    /// Survives a change of address.
    pub key: u32,
    /// How many peers; -1 leaves it to the tracker.
    pub numwant: i32,
    /// The client's port.
    pub port: u16,
    /// Path and query of the URL, in options of up to 255 bytes each; empty if there
    /// are none (BEP 41).
    pub url_data: Vec<u8>,
}

/// What an answer to a scrape says of one torrent. 12 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Peers that have everything.
    pub seeders: u32,
    /// Completions reported to the tracker.
    pub completed: u32,
    /// Peers that have not.
    pub leechers: u32,
}

/// What a tracker answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// 16 bytes.
    Connect {
        /// That of the request.
        transaction: u32,
        /// For the coming requests.
        connection: u64,
    },
    /// 20 bytes, and 6 (over IPv4) or 18 (over IPv6) for each peer.
    Announce {
        /// That of the request.
        transaction: u32,
        /// Seconds.
        interval_s: u32,
        /// Peers that miss something.
        leechers: u32,
        /// Peers that have everything.
        seeders: u32,
        /// At most [`limits::ANNOUNCE_PEERS`].
        peers: Vec<SocketAddr>,
    },
    /// 8 bytes, and 12 for each torrent.
    Scrape {
        /// That of the request.
        transaction: u32,
        /// In the order of the request.
        torrents: Vec<Counts>,
    },
    /// 8 bytes, and a text.
    Error {
        /// That of the request.
        transaction: u32,
        /// The tracker's words, as they came.
        message: Vec<u8>,
    },
}

impl Request {
    /// As it travels.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(98);
        let mut head = |connection: u64, action: u32, transaction: u32| {
            out.extend(connection.to_be_bytes());
            out.extend(action.to_be_bytes());
            out.extend(transaction.to_be_bytes());
        };
        match self {
            Request::Connect { transaction } => head(PROTOCOL_ID, CONNECT, *transaction),
            Request::Announce {
                connection,
                transaction,
                announce,
            } => {
                head(*connection, ANNOUNCE, *transaction);
                announce.write(&mut out);
            }
            Request::Scrape {
                connection,
                transaction,
                torrents,
            } => {
                head(*connection, SCRAPE, *transaction);
                out.extend(torrents.iter().flat_map(|hash| hash.0));
            }
        }
        out
    }

    /// Reads a request; `None` if it is none.
    pub fn decode(bytes: &[u8]) -> Option<Request> {
        let mut rest = Reader(bytes);
        let (connection, action, transaction) = (rest.u64()?, rest.u32()?, rest.u32()?);
        match action {
            CONNECT if connection == PROTOCOL_ID => Some(Request::Connect { transaction }),
            ANNOUNCE => {
                let announce = Announce::read(&mut rest)?;
                Some(Request::Announce {
                    connection,
                    transaction,
                    announce,
                })
            }
            SCRAPE => {
                let (hashes, _) = rest.0.as_chunks::<20>();
                let hashes = hashes.iter().take(limits::UDP_SCRAPE_TORRENTS);
                let torrents = hashes.map(|hash| InfoHash(*hash)).collect();
                Some(Request::Scrape {
                    connection,
                    transaction,
                    torrents,
                })
            }
            _ => None,
        }
    }
}

impl Announce {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.info_hash.0);
        out.extend(self.peer_id.0);
        for number in [self.downloaded, self.left, self.uploaded] {
            out.extend(number.to_be_bytes());
        }
        out.extend(self.event.to_be_bytes());
        out.extend([0; 4]); // the sender's address: that of the datagram
        out.extend(self.key.to_be_bytes());
        out.extend(self.numwant.to_be_bytes());
        out.extend(self.port.to_be_bytes());
        for part in self.url_data.chunks(usize::from(u8::MAX)) {
            out.extend([URL_DATA, part.len() as u8]);
            out.extend(part);
        }
    }

    fn read(rest: &mut Reader<'_>) -> Option<Announce> {
        let (info_hash, peer_id) = (InfoHash(rest.take()?), PeerId(rest.take()?));
        let (downloaded, left, uploaded) = (rest.u64()?, rest.u64()?, rest.u64()?);
        let (event, _address, key) = (rest.u32()?, rest.u32()?, rest.u32()?);
        let numwant = i32::from_be_bytes(rest.take()?);
        let port = u16::from_be_bytes(rest.take()?);
        let url_data = rest.url_data();
        Some(Announce {
            info_hash,
            peer_id,
            downloaded,
            left,
            uploaded,
            event,
            key,
            numwant,
            port,
            url_data,
        })
    }
}

impl Response {
    /// As it travels. An announce's peers are to be of one address family.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let numbers = |out: &mut Vec<u8>, numbers: &[u32]| {
            out.extend(numbers.iter().flat_map(|it| it.to_be_bytes()));
        };
        match self {
            Response::Connect {
                transaction,
                connection,
            } => {
                numbers(&mut out, &[CONNECT, *transaction]);
                out.extend(connection.to_be_bytes());
            }
            Response::Announce {
                transaction,
                interval_s,
                leechers,
                seeders,
                peers,
            } => {
                let head = [ANNOUNCE, *transaction, *interval_s, *leechers, *seeders];
                numbers(&mut out, &head);
                for peer in peers {
                    address::write_compact(*peer, &mut out);
                }
            }
            Response::Scrape {
                transaction,
                torrents,
            } => {
                numbers(&mut out, &[SCRAPE, *transaction]);
                for it in torrents {
                    numbers(&mut out, &[it.seeders, it.completed, it.leechers]);
                }
            }
            Response::Error {
                transaction,
                message,
            } => {
                numbers(&mut out, &[ERROR, *transaction]);
                out.extend(message);
            }
        }
        out
    }

    /// Reads an answer; `None` if it is none. Over IPv6 (`v6`) peers have 18
    /// bytes.
    pub fn decode(bytes: &[u8], v6: bool) -> Option<Response> {
        let mut rest = Reader(bytes);
        let (action, transaction) = (rest.u32()?, rest.u32()?);
        match action {
            CONNECT => {
                let connection = rest.u64()?;
                Some(Response::Connect {
                    transaction,
                    connection,
                })
            }
            ANNOUNCE => {
                let (interval_s, leechers, seeders) = (rest.u32()?, rest.u32()?, rest.u32()?);
                let max = limits::ANNOUNCE_PEERS;
                // bittorrent-tracker sends IPv4 peers over IPv6, too.
                let short = rest.0.len() % 18 != 0 && rest.0.len() % 6 == 0;
                let peers = match v6 && !short {
                    true => address::compact_v6(rest.0).take(max).collect(),
                    false => address::compact_v4(rest.0).take(max).collect(),
                };
                Some(Response::Announce {
                    transaction,
                    interval_s,
                    leechers,
                    seeders,
                    peers,
                })
            }
            SCRAPE => {
                let mut torrents = Vec::new();
                while torrents.len() < limits::UDP_SCRAPE_TORRENTS && rest.0.len() >= 12 {
                    let (seeders, completed, leechers) = (rest.u32()?, rest.u32()?, rest.u32()?);
                    torrents.push(Counts {
                        seeders,
                        completed,
                        leechers,
                    });
                }
                Some(Response::Scrape {
                    transaction,
                    torrents,
                })
            }
            ERROR => {
                let message = rest.0.to_vec();
                Some(Response::Error {
                    transaction,
                    message,
                })
            }
            _ => None,
        }
    }

    /// Which request it answers; readable also where the rest is not.
    pub fn peek_transaction(bytes: &[u8]) -> Option<u32> {
        Some(u32::from_be_bytes(*bytes.get(4..)?.first_chunk()?))
    }
}

impl From<AnnounceEvent> for u32 {
    /// The number of BEP 15.
    fn from(event: AnnounceEvent) -> u32 {
        match event {
            AnnounceEvent::None => 0,
            AnnounceEvent::Started => 2,
            AnnounceEvent::Stopped => 3,
        }
    }
}

/// Takes numbers off the front.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// What the options say of the URL. Options that nobody knows are passed over.
    fn url_data(&mut self) -> Vec<u8> {
        let mut url_data = Vec::new();
        while let Some([option]) = self.take() {
            match option {
                END_OF_OPTIONS => break,
                NOP => continue,
                _ => {}
            }
            let Some([len]) = self.take::<1>() else { break };
            let Some((value, rest)) = self.0.split_at_checked(len.into()) else {
                break;
            };
            self.0 = rest;
            if option == URL_DATA {
                url_data.extend(value);
            }
        }
        url_data
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }
}

#[cfg(test)]
mod tests;
