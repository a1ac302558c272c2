//! The machine that gathers an info dictionary from several peers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::moment::Moment;
use crate::protocol::info_hash::InfoHashes;
use crate::protocol::limits;

/// A request that was not answered for so long is made to somebody else: 16 KiB need
/// not more on the slowest line.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Who refuses, or does not answer, is left alone for so long: it may have no
/// metadata itself yet, and then it has not in a second.
const REST: Duration = Duration::from_secs(60);

/// So many different ports of one host that lied, and nobody there is believed.
const LIES_A_HOST: usize = 8;

/// Hosts that lied, as many as are remembered; then they are forgotten.
const MAX_LIARS: usize = 10_000;

/// Gathers an info dictionary from several peers at once.
///
/// A machine without clock or socket. Tell it who has metadata ([`offer`](Self::offer)),
/// what they answer ([`data`](Self::data), [`reject`](Self::reject)) and who left
/// ([`gone`](Self::gone)); after each, and every second or oftener, send what
/// [`poll_request`](Self::poll_request) says until it is empty.
///
/// First it asks all peers that name the same length, each for another piece, and for
/// one at a time: rTorrent hears nothing more if it is asked while it answers. If what
/// they gave together does not have the right hash, it asks one alone for all pieces:
/// then it is known who lies, and who lied is not asked again.
#[derive(Debug)]
pub struct Fetch<K> {
    hashes: InfoHashes,
    peers: BTreeMap<K, Candidate>,
    liars: HashMap<IpAddr, BTreeSet<u16>>,
    /// The length that is believed now; 0 while none is.
    total_bytes: u32,
    /// What was given of it, and by whom.
    pieces: Vec<Option<(K, Vec<u8>)>>,
    mode: Mode<K>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode<K> {
    /// All that name the same length give a part of it.
    Together,
    /// Together they failed: this one gives all of it.
    Alone(Option<K>),
}

#[derive(Debug)]
struct Candidate {
    endpoint: SocketAddr,
    total_bytes: u32,
    asked: Option<(u32, Moment)>,
    rests_until: Moment,
}

impl<K: Copy + Ord> Fetch<K> {
    /// Nothing is gathered yet of the dictionary that has these hashes.
    pub fn new(hashes: impl Into<InfoHashes>) -> Self {
        Fetch {
            hashes: hashes.into(),
            peers: BTreeMap::new(),
            liars: HashMap::new(),
            total_bytes: 0,
            pieces: Vec::new(),
            mode: Mode::Together,
        }
    }

    /// A peer says that it has the metadata, of this length. What is empty or longer
    /// than [`limits::METADATA_BYTES`] is none, and a liar is not heard.
    pub fn offer(&mut self, now: Moment, peer: K, endpoint: SocketAddr, total_bytes: u32) {
        let fits = (1..=limits::METADATA_BYTES).contains(&total_bytes);
        if !fits || self.is_liar(endpoint) {
            return;
        }
        let again = self.peers.get(&peer);
        if again.is_some_and(|it| it.total_bytes == total_bytes) {
            return;
        }
        let candidate = Candidate {
            endpoint,
            total_bytes,
            asked: None,
            rests_until: now,
        };
        self.peers.insert(peer, candidate);
    }

    /// A peer left; what it gave stays.
    pub fn gone(&mut self, peer: K) {
        self.peers.remove(&peer);
    }

    /// A peer will not give a piece.
    pub fn reject(&mut self, now: Moment, peer: K, piece: u32) {
        if let Some(candidate) = self.peers.get_mut(&peer)
            && candidate.asked.take_if(|it| it.0 == piece).is_some()
        {
            candidate.rest(now);
        }
    }

    /// A peer gave a piece; the whole dictionary, once it is there and has the right
    /// hash. What was not asked for is passed over.
    pub fn data(
        &mut self,
        peer: K,
        piece: u32,
        total_bytes: u32,
        bytes: Vec<u8>,
    ) -> Option<Vec<u8>> {
        let candidate = self.peers.get_mut(&peer)?;
        candidate.asked.take_if(|it| it.0 == piece)?;
        let claimed = candidate.total_bytes;
        if total_bytes != claimed || bytes.len() != piece_len(claimed, piece) {
            self.lied(peer);
            return None;
        }
        if claimed != self.total_bytes || !self.is_asked(peer) {
            return None;
        }
        let place = self.pieces.get_mut(piece as usize)?;
        place.get_or_insert((peer, bytes));
        match self.pieces.iter().all(Option::is_some) {
            true => self.verify(),
            false => None,
        }
    }

    /// What to ask whom now. The request counts as sent.
    pub fn poll_request(&mut self, now: Moment) -> Option<(K, u32)> {
        self.give_up_waiting(now);
        self.choose(now);
        let piece = self.missing()?;
        let (total_bytes, mode) = (self.total_bytes, self.mode);
        let mut able = self.peers.iter_mut().filter(|(peer, it)| {
            it.total_bytes == total_bytes
                && it.is_usable(now)
                && it.asked.is_none()
                && (mode == Mode::Together || mode == Mode::Alone(Some(**peer)))
        });
        let (peer, candidate) = able.next()?;
        candidate.asked = Some((piece, now));
        Some((*peer, piece))
    }

    /// All pieces are there: are they the right ones?
    fn verify(&mut self) -> Option<Vec<u8>> {
        let given = std::mem::take(&mut self.pieces);
        let given: Vec<_> = given.into_iter().flatten().collect();
        let whole: Vec<u8> = given.iter().flat_map(|(_, bytes)| bytes).copied().collect();
        if self.hashes.are_of(&whole) {
            return Some(whole);
        }
        let givers: BTreeSet<K> = given.iter().map(|(giver, _)| *giver).collect();
        match givers.first() {
            Some(liar) if givers.len() == 1 => self.lied(*liar),
            _ => self.mode = Mode::Alone(None),
        }
        self.begin_anew(self.total_bytes);
        None
    }

    /// Whom and what length to believe now, if those of before are of no more use.
    fn choose(&mut self, now: Moment) {
        let usable = |(_, it): &(&K, &Candidate)| it.is_usable(now);
        let mut candidates = self.peers.iter().filter(usable);
        match self.mode {
            Mode::Together => {
                if candidates.any(|(_, it)| it.total_bytes == self.total_bytes) {
                    return;
                }
                let mut named: BTreeMap<u32, usize> = BTreeMap::new();
                for (_, it) in self.peers.iter().filter(usable) {
                    *named.entry(it.total_bytes).or_default() += 1;
                }
                if let Some((total_bytes, _)) = named.into_iter().max_by_key(|it| it.1) {
                    self.begin_anew(total_bytes);
                }
            }
            Mode::Alone(sole) => {
                if candidates.any(|(peer, _)| sole == Some(*peer)) {
                    return;
                }
                let usable = self.peers.iter().filter(usable);
                let next = usable.min_by_key(|(_, it)| self.lies_at(it.endpoint.ip()));
                if let Some((peer, total_bytes)) = next.map(|(peer, it)| (*peer, it.total_bytes)) {
                    self.mode = Mode::Alone(Some(peer));
                    self.begin_anew(total_bytes);
                }
            }
        }
    }

    /// Nothing is gathered, nothing is asked for.
    fn begin_anew(&mut self, total_bytes: u32) {
        self.total_bytes = total_bytes;
        let count = total_bytes.div_ceil(limits::METADATA_PIECE_BYTES);
        self.pieces = (0..count).map(|_| None).collect();
        self.peers.values_mut().for_each(|it| it.asked = None);
    }

    /// The first piece that is not there and that nobody is asked for.
    fn missing(&self) -> Option<u32> {
        let asked: BTreeSet<u32> = self
            .peers
            .values()
            .filter_map(|it| Some(it.asked?.0))
            .collect();
        let open = (0..).zip(&self.pieces).filter(|(_, it)| it.is_none());
        open.map(|(piece, _)| piece)
            .find(|piece| !asked.contains(piece))
    }

    /// Who did not answer in time rests; what it was asked for is open again.
    fn give_up_waiting(&mut self, now: Moment) {
        for candidate in self.peers.values_mut() {
            let late = |(_, at): (u32, Moment)| at + ANSWER_WITHIN <= now;
            if candidate.asked.is_some_and(late) {
                candidate.rest(now);
            }
        }
    }

    fn lied(&mut self, peer: K) {
        let Some(candidate) = self.peers.remove(&peer) else {
            return;
        };
        for place in &mut self.pieces {
            place.take_if(|(giver, _)| *giver == peer);
        }
        if self.liars.len() >= MAX_LIARS {
            self.liars.clear();
        }
        let ports = self.liars.entry(candidate.endpoint.ip()).or_default();
        if ports.len() < LIES_A_HOST {
            ports.insert(candidate.endpoint.port());
        }
    }

    fn is_liar(&self, endpoint: SocketAddr) -> bool {
        let ports = self.liars.get(&endpoint.ip());
        ports.is_some_and(|it| it.len() >= LIES_A_HOST || it.contains(&endpoint.port()))
    }

    fn lies_at(&self, ip: IpAddr) -> usize {
        self.liars.get(&ip).map_or(0, BTreeSet::len)
    }

    fn is_asked(&self, peer: K) -> bool {
        matches!(self.mode, Mode::Together) || self.mode == Mode::Alone(Some(peer))
    }
}

impl Candidate {
    fn is_usable(&self, now: Moment) -> bool {
        self.rests_until <= now
    }

    fn rest(&mut self, now: Moment) {
        self.asked = None;
        self.rests_until = now + REST;
    }
}

/// Bytes of a piece; 0 behind the last.
fn piece_len(total_bytes: u32, piece: u32) -> usize {
    let begin = piece.saturating_mul(limits::METADATA_PIECE_BYTES);
    let rest = total_bytes.saturating_sub(begin);
    rest.min(limits::METADATA_PIECE_BYTES) as usize
}
