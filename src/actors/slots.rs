//! What all swarms share: session slots, and how often an address is knocked at.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::config::Sessions;
use crate::moment::Moment;
use crate::swarm::facts::{Direction, TorrentNumber};
use crate::swarm::pace::Pace;
use crate::swarm::schedule::{Knocks, Offer, Offers, Shares};
use crate::swarm::vantage::Vantage;

/// Of so many sessions one is asked to end at a time, while others wait for it.
const ROOM_SHARE: usize = 8;

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
    /// No cap by address: all peers of a lab share a few.
    any_address: bool,
    pace: Pace,
}

/// The slots in use.
#[derive(Debug, Default)]
struct Book {
    outgoing: usize,
    incoming: usize,
    /// Slots given so far: the next one's number.
    given: u64,
    shares: Shares,
    offers: Offers,
    /// Tells a session that was offered to end.
    recalls: HashMap<u64, CancellationToken>,
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
    recall: CancellationToken,
}

impl Slots {
    /// So many sessions at a time; those kept for incoming peers are not dialled.
    /// `any_address`: without a cap by IP address.
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

    /// A slot for a session that we dial, if one is free and no torrent that has
    /// fewer waits for it.
    pub fn take(&self, now: Moment, torrent: TorrentNumber) -> Option<Slot> {
        let mut book = self.shared.book();
        let full = book.outgoing >= self.shared.outgoing || book.used() >= self.shared.total;
        if full || !book.shares.is_next(now, torrent) {
            book.shares.waits(now, torrent);
            return None;
        }
        book.shares.begin(torrent);
        book.outgoing += 1;
        Some(self.slot(&mut book, torrent, Direction::Outgoing))
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
            recall: CancellationToken::new(),
        }
    }

    /// Tells the sessions of which least is expected to end, so that `wanted` others
    /// find room to dial: as far as all is taken, and not too many at a time.
    pub fn make_room(&self, now: Moment, wanted: usize) {
        let mut book = self.shared.book();
        let full = book.outgoing >= self.shared.outgoing || book.used() >= self.shared.total;
        if full {
            // What is kept for those that come in is not taken from them.
            let shy = book.incoming > self.shared.kept();
            let most = (self.shared.total / ROOM_SHARE).max(1);
            book.recall(now, wanted.min(most), shy, self.shared.pace);
        }
    }

    /// The same for the next who comes in, if nobody else would find room.
    pub fn make_room_inside(&self, now: Moment) {
        let mut book = self.shared.book();
        if book.used() >= self.shared.total {
            book.recall(now, 1, true, self.shared.pace);
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

    fn recall(&mut self, now: Moment, most: usize, shy: bool, pace: Pace) {
        while self.recalled < most {
            let Some(number) = self.offers.take(now, shy, pace) else {
                return;
            };
            // One that was told may offer itself at the same moment.
            let recall = self.recalls.get(&number);
            if let Some(recall) = recall.filter(|it| !it.is_cancelled()) {
                recall.cancel();
                self.recalled += 1;
            }
        }
    }
}

impl Slot {
    /// The session may be ended when another needs the slot more.
    pub fn offer(&self, offer: Offer) {
        if self.recall.is_cancelled() {
            return;
        }
        let mut book = self.shared.book();
        book.offers.offer(self.number, offer);
        let recall = || self.recall.clone();
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
    pub fn recalled(&self) -> WaitForCancellationFutureOwned {
        self.recall.clone().cancelled_owned()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
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
        book.recalled -= usize::from(self.recall.is_cancelled());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: TorrentNumber = TorrentNumber(1);
    const OTHER: TorrentNumber = TorrentNumber(2);

    fn slots(outgoing: u32, incoming: u32) -> Slots {
        Slots::new(Sessions { outgoing, incoming }, true, Pace::default())
    }

    fn at(seconds: u64) -> Moment {
        Moment::from_millis(seconds * 1000)
    }

    fn dialled(slots: &Slots) -> Vec<Slot> {
        std::iter::from_fn(|| slots.take(at(0), ONE)).collect()
    }

    fn admitted(slots: &Slots) -> Vec<Slot> {
        std::iter::from_fn(|| slots.admit(ONE)).collect()
    }

    fn recalled(slots: &[Slot]) -> Vec<usize> {
        let all = slots.iter().enumerate();
        let recalled = all.filter(|(_, slot)| slot.recall.is_cancelled());
        recalled.map(|(index, _)| index).collect()
    }

    #[test]
    fn keeps_a_quarter_for_who_comes_in() {
        let slots = slots(6, 2);
        let outgoing = dialled(&slots);
        assert_eq!(outgoing.len(), 6);
        assert_eq!(admitted(&slots).len(), 2);
        let incoming = admitted(&slots);
        assert_eq!(slots.used_by(Direction::Outgoing), 6);
        assert_eq!(slots.used_by(Direction::Incoming), 2);
        drop(outgoing);
        assert_eq!(slots.used(), 2);
        assert!(slots.take(at(0), ONE).is_some());
        drop(incoming);
    }

    #[test]
    fn dials_nobody_without_jobs() {
        let slots = slots(0, 3);
        assert!(slots.take(at(0), ONE).is_none());
        assert!(slots.admit(ONE).is_some());
        assert_eq!(slots.used(), 0);
    }

    #[test]
    fn the_torrent_with_fewer_sessions_has_the_next_one() {
        let slots = slots(4, 0);
        let mut big = dialled(&slots);
        assert!(slots.take(at(0), OTHER).is_none());
        big.pop();
        assert!(slots.take(at(0), ONE).is_none(), "the other one waits");
        let small = slots.take(at(0), OTHER);
        assert!(small.is_some());
        big.pop();
        assert!(slots.take(at(0), ONE).is_some());
    }

    #[test]
    fn whose_finish_is_farthest_is_told_to_end_when_all_is_taken() {
        let slots = slots(3, 1);
        let mut held = dialled(&slots);
        let finish = |seconds| Offer {
            finish: Some(at(seconds)),
            shy: false,
            priority: None,
        };
        for (slot, seconds) in held.iter().zip([61, 900, 60]) {
            slot.offer(finish(seconds));
        }
        slots.make_room(at(0), 2);
        assert_eq!(recalled(&held), [1], "one of eight at a time");
        slots.make_room(at(0), 2);
        assert_eq!(recalled(&held), [1], "it is not over yet");
        held.remove(1);
        slots.make_room(at(0), 1);
        assert_eq!(recalled(&held), [0; 0], "there is room");
        held.push(slots.take(at(0), ONE).unwrap());
        slots.make_room(at(0), 1);
        assert_eq!(recalled(&held), [0]);
        held.remove(0);
        held.push(slots.take(at(0), ONE).unwrap());
        slots.make_room(at(0), 1);
        assert_eq!(recalled(&held), [0; 0], "the others finish within a minute");
    }

    #[test]
    fn who_offers_itself_while_it_is_told_to_end_is_told_once() {
        let slots = slots(1, 0);
        let mut held = dialled(&slots);
        let nothing = Offer {
            finish: None,
            shy: false,
            priority: None,
        };
        held[0].offer(nothing);
        slots.make_room(at(0), 1);
        let mut book = slots.shared.book();
        book.offers.offer(held[0].number, nothing);
        book.recall(at(0), 2, false, Pace::default());
        assert_eq!(book.recalled, 1);
        drop(book);
        held.clear();
        assert_eq!(slots.shared.book().recalled, 0);
    }

    #[test]
    fn who_came_in_gives_way_to_callers_alone_while_few_are_in() {
        let slots = slots(3, 1);
        let outgoing = dialled(&slots);
        let mut incoming = admitted(&slots);
        let hopeless = Offer {
            finish: None,
            shy: true,
            priority: None,
        };
        incoming[0].offer(hopeless);
        slots.make_room(at(0), 1);
        assert_eq!(recalled(&incoming), [0; 0]);
        slots.make_room_inside(at(0));
        assert_eq!(recalled(&incoming), [0]);
        drop((outgoing, incoming.pop()));

        let incoming = admitted(&slots);
        incoming[2].offer(hopeless);
        slots.make_room(at(0), 1);
        assert_eq!(
            recalled(&incoming),
            [2],
            "more are in than is kept for them"
        );
    }
}
