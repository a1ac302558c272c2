//! What comes in on one connection: put in order, and kept for the reader.

use std::collections::{BTreeMap, VecDeque};

use super::limits::{AHEAD, PAYLOAD_BYTES, RECEIVE_BYTES};

/// The receiving half of a connection.
#[derive(Debug)]
pub(super) struct Receiving {
    /// The last packet that came with all before it.
    acknowledged: u16,
    /// In order, not read yet.
    inbox: VecDeque<u8>,
    /// What came before its turn, by number.
    ahead: BTreeMap<u16, Vec<u8>>,
    ahead_bytes: usize,
    /// The number of their FIN.
    end: Option<u16>,
    /// The window that they were told last.
    told_bytes: usize,
}

impl Receiving {
    /// All up to `acknowledged` has come.
    pub(super) fn after(acknowledged: u16) -> Self {
        Receiving {
            acknowledged,
            inbox: VecDeque::new(),
            ahead: BTreeMap::new(),
            ahead_bytes: 0,
            end: None,
            told_bytes: RECEIVE_BYTES,
        }
    }

    /// The last packet that came with all before it.
    pub(super) fn acknowledged(&self) -> u16 {
        self.acknowledged
    }

    /// Bytes that are still welcome, as packets tell it.
    pub(super) fn window_bytes(&self) -> u32 {
        u32::try_from(self.window()).unwrap_or(u32::MAX)
    }

    /// A packet has told them.
    pub(super) fn tell_window(&mut self) {
        self.told_bytes = self.window();
    }

    fn window(&self) -> usize {
        RECEIVE_BYTES.saturating_sub(self.inbox.len() + self.ahead_bytes)
    }

    /// Whether they believe that we have no room, and are wrong.
    pub(super) fn has_opened(&self) -> bool {
        self.told_bytes < 2 * PAYLOAD_BYTES && self.window() >= RECEIVE_BYTES / 2
    }

    /// A DATA packet. One that has no room is left for them to send again.
    pub(super) fn data(&mut self, sequence: u16, payload: &[u8]) {
        let distance = sequence.wrapping_sub(self.acknowledged);
        let beyond = |end: u16| end.wrapping_sub(self.acknowledged) <= distance;
        if distance == 0 || distance > AHEAD + 1 || self.end.is_some_and(beyond) {
            return;
        }
        if distance > 1 {
            let room = RECEIVE_BYTES.saturating_sub(self.ahead_bytes);
            if payload.len() <= room && !self.ahead.contains_key(&sequence) {
                self.ahead_bytes += payload.len();
                self.ahead.insert(sequence, payload.to_vec());
            }
            return;
        }
        if self.inbox.len() + payload.len() > RECEIVE_BYTES {
            return;
        }
        self.acknowledged = sequence;
        self.inbox.extend(payload);
        while let Some(next) = self.ahead.remove(&self.acknowledged.wrapping_add(1)) {
            self.ahead_bytes -= next.len();
            self.acknowledged = self.acknowledged.wrapping_add(1);
            self.inbox.extend(next);
        }
        self.reach_end();
    }

    /// Their FIN: nothing comes after it.
    pub(super) fn fin(&mut self, sequence: u16) {
        let distance = sequence.wrapping_sub(self.acknowledged);
        if self.end.is_none() && (1..=AHEAD + 1).contains(&distance) {
            self.end = Some(sequence);
            let acknowledged = self.acknowledged;
            self.ahead
                .retain(|it, _| it.wrapping_sub(acknowledged) < distance);
            self.ahead_bytes = self.ahead.values().map(Vec::len).sum();
            self.reach_end();
        }
    }

    fn reach_end(&mut self) {
        if self.end == Some(self.acknowledged.wrapping_add(1)) {
            self.acknowledged = self.acknowledged.wrapping_add(1);
        }
    }

    /// Whether everything up to their FIN has come.
    pub(super) fn has_ended(&self) -> bool {
        self.end == Some(self.acknowledged)
    }

    /// Moves bytes to the reader; how many.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> usize {
        let len = buffer.len().min(self.inbox.len());
        for (to, byte) in buffer.iter_mut().zip(self.inbox.drain(..len)) {
            *to = byte;
        }
        if self.inbox.is_empty() {
            // Most connections are idle, and keep no room for what may come.
            self.inbox = VecDeque::new();
        }
        len
    }

    /// What came ahead of a missing packet, as its header tells it; empty: nothing.
    pub(super) fn selective(&self) -> Vec<u8> {
        let mut mask = [0_u8; AHEAD as usize / 8];
        for sequence in self.ahead.keys() {
            // The first bit is the one after the missing packet.
            let bit = usize::from(sequence.wrapping_sub(self.acknowledged)).wrapping_sub(2);
            if let Some(byte) = mask.get_mut(bit / 8) {
                *byte |= 1 << (bit % 8);
            }
        }
        // Its length must be a multiple of four.
        let words = mask.chunks(4).rposition(|word| word != [0; 4]);
        words.map_or(Vec::new(), |last| mask[..4 * (last + 1)].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(receiving: &mut Receiving) -> Vec<u8> {
        let mut buffer = vec![0; 2 * RECEIVE_BYTES];
        let len = receiving.read(&mut buffer);
        buffer.truncate(len);
        buffer
    }

    #[test]
    fn puts_packets_in_order_across_the_wrap() {
        let mut receiving = Receiving::after(0xfffe);
        receiving.data(1, b"d");
        receiving.data(0, b"c");
        assert_eq!(receiving.selective(), [0b11, 0, 0, 0]);
        assert_eq!(read(&mut receiving), b"");
        receiving.data(0xffff, b"ab");
        assert_eq!(receiving.acknowledged(), 1);
        assert_eq!(read(&mut receiving), b"abcd");
        assert!(receiving.selective().is_empty());
        // All of them once more.
        for late in [0xffff, 0, 1] {
            receiving.data(late, b"x");
        }
        assert_eq!(read(&mut receiving), b"");
    }

    #[test]
    fn ends_when_all_before_the_fin_has_come() {
        let mut receiving = Receiving::after(5);
        receiving.data(9, b"never sent by an honest one");
        receiving.fin(8);
        receiving.data(7, b"2");
        receiving.data(8, b"in the place of the FIN");
        assert!(!receiving.has_ended());
        receiving.data(6, b"1");
        assert!(receiving.has_ended());
        assert_eq!(receiving.acknowledged(), 8);
        assert_eq!(read(&mut receiving), b"12");
        assert_eq!(receiving.ahead_bytes, 0);
    }

    #[test]
    fn keeps_no_more_than_it_has_room_for() {
        let mut receiving = Receiving::after(0);
        let payload = [7; 1_000];
        for sequence in (2..=u16::MAX).chain(1..500) {
            receiving.data(sequence, &payload);
        }
        assert!(receiving.inbox.len() <= 2 * RECEIVE_BYTES, "bounded");
        assert!(receiving.ahead_bytes <= RECEIVE_BYTES);
        assert!(receiving.window_bytes() < PAYLOAD_BYTES as u32 * 2);
        receiving.tell_window();
        assert!(!receiving.has_opened());
        while !read(&mut receiving).is_empty() {}
        // What came ahead waits for one packet, and that one is welcome.
        receiving.data(receiving.acknowledged().wrapping_add(1), &payload);
        while !read(&mut receiving).is_empty() {}
        assert!(receiving.has_opened());
    }
}
