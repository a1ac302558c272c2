//! The room that all sessions of a run have for what they are told of torrents whose
//! number of pieces is unknown.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::protocol::limits;

/// What may be taken of the room by one alone, as a part of what is still free: who
/// tells much finds ever less, and hundreds of them still leave enough for a bitfield
/// of usual length.
const SHARE: usize = 128;

/// Counts the bytes that are kept, over all torrents of a run.
#[derive(Clone, Debug, Default)]
pub struct Room(Arc<AtomicUsize>);

impl Room {
    /// A part for one session, empty as yet.
    pub fn part(&self) -> Part {
        Part {
            room: self.clone(),
            len_bytes: 0,
        }
    }

    fn free(&self) -> usize {
        limits::UNMEASURED_ROOM_BYTES.saturating_sub(self.0.load(Relaxed))
    }
}

/// What one session takes of the room; given back when it is dropped.
#[derive(Debug)]
pub struct Part {
    room: Room,
    len_bytes: usize,
}

impl Part {
    /// Takes so much more, if that is not too much for one.
    #[must_use]
    pub fn grow(&mut self, more: usize) -> bool {
        let len_bytes = self.len_bytes + more;
        // Those who grow at the same time may pass the bound by what each of them adds.
        let fits = len_bytes <= limits::UNMEASURED_BYTES && len_bytes <= self.room.free() / SHARE;
        if fits {
            self.room.0.fetch_add(more, Relaxed);
            self.len_bytes = len_bytes;
        }
        fits
    }

    /// Whether it may stay after its session: those still open have the other half of
    /// the room.
    pub fn may_stay(&self) -> bool {
        self.room.free() >= limits::UNMEASURED_ROOM_BYTES / 2
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.room.0.fetch_sub(self.len_bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_of_talkers_leaves_room_for_a_usual_bitfield() {
        let room = Room::default();
        let mut crowd = Vec::new();
        for _ in 0..400 {
            let mut part = room.part();
            while part.grow(1_000) {}
            crowd.push(part);
        }
        assert!(room.0.load(Relaxed) < limits::UNMEASURED_ROOM_BYTES);
        assert!(room.part().grow(1_000), "8,000 pieces");
        assert!(!room.part().may_stay());
        drop(crowd);
        assert_eq!(room.0.load(Relaxed), 0);
        assert!(room.part().may_stay());
    }

    #[test]
    fn nobody_takes_more_than_one_may() {
        let room = Room::default();
        let mut part = room.part();
        assert!(part.grow(limits::UNMEASURED_BYTES));
        assert!(!part.grow(1));
    }
}
