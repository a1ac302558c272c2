//! What all swarms share: session slots, and how often an address is knocked at.

mod recall;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as TaskContext, Poll};

use crate::config::Sessions;
use crate::moment::Moment;
use crate::swarm::facts::{Direction, TorrentNumber};
use crate::swarm::pace::Pace;
use crate::swarm::schedule::{Callers, Knocks, Offer, Offers, Shares, Throttle};
use crate::swarm::vantage::Vantage;
use crate::table::Table;
use recall::Recall;

/// Of so many sessions one is asked to end at a time, while others wait for it.
const ROOM_SHARE: usize = 8;

/// Dials under way in a lab at most, where nothing else bounds how fast they start: its
/// listen queues are short.
const LAB_DIALS: usize = 512;

/// The sessions of the whole run, a quarter of them kept for incoming peers.
#[derive(Clone, Debug)]
pub struct Slots {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    total: usize,
    outgoing: usize,
    book: Mutex<Book>,
    knocks: Mutex<Knocks>,
    /// Where we are, as peers see us.
    vantage: Mutex<Vantage>,
    /// No cap by address, nor by time: all peers of a lab share a few.
    any_address: bool,
    pace: Pace,
}

/// The slots in use.
#[derive(Debug, Default)]
struct Book {
    outgoing: usize,
    incoming: usize,
    /// Of the outgoing ones, those that have met nobody yet.
    dials: usize,
    /// Slots given so far: the next one's number.
    given: u64,
    shares: Shares,
    throttle: Throttle,
    offers: Offers,
    /// Tells a session that was offered to end.
    recalls: Table<u64, Arc<Recall>>,
    /// Sessions that were told, and are not over.
    recalled: usize,
}

/// One session's slot; given back when it falls.
#[derive(Debug)]
pub struct Slot {
    shared: Arc<Shared>,
    direction: Direction,
    torrent: TorrentNumber,
    number: u64,
    /// Nobody was met yet.
    dials: bool,
    recall: Arc<Recall>,
}

impl Slots {
    /// So many sessions at a time; those kept for incoming peers are not dialled.
    /// `any_address`: without a cap by IP address, or on how fast contacts start.
    pub fn new(sessions: Sessions, any_address: bool, pace: Pace) -> Self {
        let outgoing = sessions.outgoing as usize;
        Slots {
            shared: Arc::new(Shared {
                total: outgoing + sessions.incoming as usize,
                outgoing,
                book: Mutex::default(),
                knocks: Mutex::default(),
                vantage: Mutex::default(),
                any_address,
                pace,
            }),
        }
    }

    /// A slot for a session that we dial, if one is free, no torrent that has fewer waits
    /// for it, and not too many contacts have started just now.
    pub fn take(&self, now: Moment, torrent: TorrentNumber) -> Option<Slot> {
        let mut book = self.shared.book();
        let full = book.outgoing >= self.shared.outgoing || book.used() >= self.shared.total;
        if full || !book.shares.is_next(now, torrent) || !self.may_start(&mut book, now) {
            book.shares.waits(now, torrent);
            return None;
        }
        book.shares.begin(torrent);
        book.outgoing += 1;
        book.dials += 1;
        Some(self.slot(&mut book, torrent, Direction::Outgoing))
    }

    fn may_start(&self, book: &mut Book, now: Moment) -> bool {
        match self.shared.any_address {
            true => book.dials < LAB_DIALS,
            false => book.throttle.start(now, self.shared.pace),
        }
    }

    /// A slot for somebody who came in, if one is free.
    pub fn admit(&self, torrent: TorrentNumber) -> Option<Slot> {
        let mut book = self.shared.book();
        if book.used() >= self.shared.total {
            return None;
        }
        book.incoming += 1;
        Some(self.slot(&mut book, torrent, Direction::Incoming))
    }

    fn slot(&self, book: &mut Book, torrent: TorrentNumber, direction: Direction) -> Slot {
        book.given += 1;
        Slot {
            shared: Arc::clone(&self.shared),
            direction,
            torrent,
            number: book.given,
            dials: direction == Direction::Outgoing,
            recall: Arc::default(),
        }
    }

    /// Tells the sessions of which least is expected to end, so that `wanted` others
    /// find room to dial: as far as all is taken, and not too many at a time.
    pub fn make_room(&self, now: Moment, wanted: usize) {
        let mut book = self.shared.book();
        let full = book.outgoing >= self.shared.outgoing || book.used() >= self.shared.total;
        if full {
            // What is kept for those that come in is not taken from them.
            let callers = match book.incoming > self.shared.kept() {
                true => Callers::Too,
                false => Callers::Spared,
            };
            let most = (self.shared.total / ROOM_SHARE).max(1);
            book.recall(now, wanted.min(most), callers, self.shared.pace);
        }
    }

    /// The same for the next who comes in, if nobody else would find room: among those
    /// that came in. Whoever calls again and again does not end what we dialled.
    pub fn make_room_inside(&self, now: Moment) {
        let mut book = self.shared.book();
        if book.used() >= self.shared.total {
            book.recall(now, 1, Callers::Alone, self.shared.pace);
        }
    }

    /// Whether one more session could be dialled.
    pub fn has_room(&self) -> bool {
        let book = self.shared.book();
        book.outgoing < self.shared.outgoing && book.used() < self.shared.total
    }

    /// Sessions in use.
    pub fn used(&self) -> usize {
        self.shared.book().used()
    }

    /// Sessions in use that were opened by these.
    pub fn used_by(&self, direction: Direction) -> usize {
        let book = self.shared.book();
        match direction {
            Direction::Outgoing => book.outgoing,
            Direction::Incoming => book.incoming,
        }
    }

    /// Sessions at most.
    pub fn total(&self) -> usize {
        self.shared.total
    }

    /// Whether a contact to `ip` may start now; if not, when.
    ///
    /// # Errors
    /// Too many contacts to this address started within the last half minute.
    pub fn knock(&self, now: Moment, ip: IpAddr) -> Result<(), Moment> {
        if self.shared.any_address {
            return Ok(());
        }
        let knocks = self.shared.knocks.lock();
        let mut knocks = knocks.unwrap_or_else(PoisonError::into_inner);
        knocks.knock(now, ip, self.shared.pace)
    }
}

impl Shared {
    /// Kept for those that come in.
    fn kept(&self) -> usize {
        self.total - self.outgoing
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn vantage(&self) -> MutexGuard<'_, Vantage> {
        self.vantage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn used(&self) -> usize {
        self.outgoing + self.incoming
    }

    fn recall(&mut self, now: Moment, most: usize, callers: Callers, pace: Pace) {
        while self.recalled < most {
            let Some(number) = self.offers.take(now, callers, pace) else {
                return;
            };
            // One that was told may offer itself at the same moment.
            let recall = self.recalls.get(&number);
            if let Some(recall) = recall.filter(|it| !it.is_told()) {
                recall.tell();
                self.recalled += 1;
            }
        }
    }
}

impl Slot {
    /// Somebody was met.
    pub fn met(&mut self) {
        if std::mem::take(&mut self.dials) {
            self.shared.book().dials -= 1;
        }
    }

    /// The session may be ended when another needs the slot more.
    pub fn offer(&self, offer: Offer) {
        if self.recall.is_told() {
            return;
        }
        let mut book = self.shared.book();
        book.offers.offer(self.number, offer);
        let recall = || Arc::clone(&self.recall);
        book.recalls.entry(self.number).or_insert_with(recall);
    }

    /// The peer says that it sees us at `seen`.
    pub fn told(&self, peer: IpAddr, seen: IpAddr) {
        self.shared.vantage().told(peer, seen);
    }

    /// The priority of the session's connection (BEP 40), once we know where we are.
    pub fn priority(&self, listen_port: u16, peer: SocketAddr) -> Option<u32> {
        self.shared.vantage().priority(listen_port, peer)
    }

    /// Ready when another needs the slot more, after it was offered.
    pub fn poll_recall(&self, task: &TaskContext<'_>) -> Poll<()> {
        self.recall.poll(task)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.met();
        let mut book = self.shared.book();
        match self.direction {
            Direction::Outgoing => {
                book.outgoing -= 1;
                book.shares.end(self.torrent);
            }
            Direction::Incoming => book.incoming -= 1,
        }
        book.offers.withdraw(self.number);
        book.recalls.remove(&self.number);
        book.recalled -= usize::from(self.recall.is_told());
    }
}

#[cfg(test)]
mod tests;
