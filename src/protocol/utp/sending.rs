//! What goes out on one connection: packets, until each is acknowledged.

use std::collections::VecDeque;
use std::time::Duration;

use super::limits::{
    FIRST_TIMEOUT, LEAST_TIMEOUT, LONGEST_TIMEOUT, PAYLOAD_BYTES, SEND_BYTES, UNACKNOWLEDGED,
    WINDOW,
};
use super::packet::Kind;
use crate::moment::Moment;

/// So many packets that came after a missing one, or acknowledgements that stand
/// still, mean that it is lost.
const LOST_AFTER: usize = 3;

/// The sending half of a connection.
#[derive(Debug)]
pub(super) struct Sending {
    /// Number of the next new packet.
    next: u16,
    /// Sent and not acknowledged, in order; the last one has number `next - 1`.
    unacknowledged: VecDeque<Sent>,
    /// Not sent yet.
    waiting: VecDeque<u8>,
    /// Nothing comes after what waits.
    finishing: bool,
    fin_sent: bool,
    /// Bytes that the other side has room for.
    their_window: u32,
    /// Packets that may be under way.
    window: u8,
    /// Acknowledgements that stood still.
    standing: usize,
    round_trip: Option<RoundTrip>,
    timeout: Duration,
    resend_at: Option<Moment>,
}

#[derive(Debug)]
struct Sent {
    kind: Kind,
    payload: Vec<u8>,
    first: Moment,
    last: Moment,
    times: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    UnderWay,
    /// To be sent again.
    Lost,
    /// It came, others before it did not.
    Arrived,
}

/// Smoothed, as RFC 6298 has it.
#[derive(Clone, Copy, Debug)]
struct RoundTrip {
    mean: Duration,
    deviation: Duration,
}

/// A packet to be sent.
pub(super) struct Outgoing<'a> {
    pub(super) kind: Kind,
    pub(super) sequence: u16,
    pub(super) payload: &'a [u8],
}

impl Sending {
    /// The next new packet has number `next`; all before it is acknowledged.
    pub(super) fn from(next: u16, their_window: u32) -> Self {
        Sending {
            next,
            unacknowledged: VecDeque::new(),
            waiting: VecDeque::new(),
            finishing: false,
            fin_sent: false,
            their_window,
            window: *WINDOW.start(),
            standing: 0,
            round_trip: None,
            timeout: FIRST_TIMEOUT,
            resend_at: None,
        }
    }

    /// Number of the next new packet.
    pub(super) fn next(&self) -> u16 {
        self.next
    }

    /// Takes bytes to be sent; how many there was room for.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let len = bytes
            .len()
            .min(SEND_BYTES.saturating_sub(self.waiting.len()));
        self.waiting.extend(&bytes[..len]);
        len
    }

    /// Sends a FIN after what waits.
    pub(super) fn finish(&mut self) {
        self.finishing = true;
    }

    /// Whether nothing more is to be written.
    pub(super) fn is_finishing(&self) -> bool {
        self.finishing
    }

    /// Whether all has been sent and acknowledged, the FIN too.
    pub(super) fn is_done(&self) -> bool {
        self.fin_sent && self.unacknowledged.is_empty()
    }

    /// Since when the oldest packet waits to be acknowledged.
    pub(super) fn unanswered_since(&self) -> Option<Moment> {
        self.unacknowledged.front().map(|it| it.first)
    }

    /// When an acknowledgement is overdue.
    pub(super) fn resend_at(&self) -> Option<Moment> {
        self.resend_at
    }

    /// Whether a number is one that they may acknowledge: sent, and not long past.
    pub(super) fn knows(&self, acknowledged: u16) -> bool {
        let behind = self.next.wrapping_sub(1).wrapping_sub(acknowledged);
        usize::from(behind) <= self.unacknowledged.len() + LOST_AFTER
    }

    /// The number of the last packet that they have, with all before it.
    pub(super) fn acknowledged(&self) -> u16 {
        let under_way = u16::try_from(self.unacknowledged.len()).unwrap_or(u16::MAX);
        self.next.wrapping_sub(1).wrapping_sub(under_way)
    }

    /// What a packet of theirs says of ours; `still`: it says nothing else. How many have
    /// newly arrived.
    pub(super) fn acknowledge(
        &mut self,
        now: Moment,
        (acknowledged, selective): (u16, &[u8]),
        their_window: u32,
        still: bool,
    ) -> usize {
        self.their_window = their_window;
        let ahead = usize::from(self.next.wrapping_sub(1).wrapping_sub(acknowledged));
        let Some(arrived) = self.unacknowledged.len().checked_sub(ahead) else {
            return 0;
        };
        let mut sample = None;
        for sent in self.unacknowledged.drain(..arrived) {
            // Of one that was sent twice nobody knows which was answered.
            if sent.times == 1 && sent.state == State::UnderWay {
                sample = Some(now.since(sent.last));
            }
        }
        let bits = selective
            .iter()
            .flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
        for (sent, came) in self.unacknowledged.iter_mut().skip(1).zip(bits) {
            if came {
                sent.state = State::Arrived;
                sent.payload = Vec::new();
            }
        }
        if let Some(sample) = sample {
            self.measure(sample);
        }
        if arrived > 0 {
            self.standing = 0;
            self.window = self.window.saturating_add(1).min(*WINDOW.end());
            self.timeout = self.round_trip.map_or(FIRST_TIMEOUT, RoundTrip::timeout);
            let more = !self.unacknowledged.is_empty();
            self.resend_at = more.then(|| now + self.timeout);
        } else if still && !self.unacknowledged.is_empty() {
            self.standing += 1;
        }
        self.find_loss();
        arrived
    }

    /// The oldest packet is lost if three others came after it; once.
    fn find_loss(&mut self) {
        let arrived = |it: &&Sent| it.state == State::Arrived;
        let later = self.unacknowledged.iter().filter(arrived).count();
        let lost = later.max(self.standing) >= LOST_AFTER;
        if let Some(first) = self.unacknowledged.front_mut().filter(|_| lost)
            && first.state == State::UnderWay
            && first.times == 1
        {
            first.state = State::Lost;
            self.window = (self.window / 2).max(1);
        }
    }

    fn measure(&mut self, sample: Duration) {
        let round_trip = match self.round_trip {
            None => RoundTrip {
                mean: sample,
                deviation: sample / 2,
            },
            Some(RoundTrip { mean, deviation }) => RoundTrip {
                mean: (mean * 7 + sample) / 8,
                deviation: (deviation * 3 + mean.abs_diff(sample)) / 4,
            },
        };
        self.round_trip = Some(round_trip);
    }

    /// If an acknowledgement is overdue, all that is under way counts as lost.
    pub(super) fn handle_timeout(&mut self, now: Moment) {
        if self.resend_at.is_none_or(|at| now < at) {
            return;
        }
        for sent in &mut self.unacknowledged {
            if sent.state == State::UnderWay {
                sent.state = State::Lost;
            }
        }
        self.window = 1;
        self.standing = 0;
        self.timeout = (self.timeout * 2).min(LONGEST_TIMEOUT);
        self.resend_at = Some(now + self.timeout);
    }

    /// The next packet to send, as far as the windows allow.
    pub(super) fn transmit(&mut self, now: Moment) -> Option<Outgoing<'_>> {
        let under_way = |it: &&Sent| it.state == State::UnderWay;
        let packets = self.unacknowledged.iter().filter(under_way).count();
        if packets >= usize::from(self.window) {
            return None;
        }
        let lost = |it: &Sent| it.state == State::Lost;
        let at = match self.unacknowledged.iter().position(lost) {
            Some(at) => at,
            None => {
                self.begin(now, packets == 0)?;
                self.unacknowledged.len() - 1
            }
        };
        let behind = u16::try_from(self.unacknowledged.len() - at).ok()?;
        let sent = self.unacknowledged.get_mut(at)?;
        sent.state = State::UnderWay;
        sent.last = now;
        sent.times += 1;
        self.resend_at.get_or_insert(now + self.timeout);
        Some(Outgoing {
            kind: sent.kind,
            sequence: self.next.wrapping_sub(behind),
            payload: &sent.payload,
        })
    }

    /// Makes a new packet of what waits. Against a window that is shut one packet at a
    /// time is tried all the same: else nobody would say when it opens.
    fn begin(&mut self, now: Moment, alone: bool) -> Option<()> {
        if self.unacknowledged.len() >= UNACKNOWLEDGED {
            return None;
        }
        let bytes: usize = self.unacknowledged.iter().map(|it| it.payload.len()).sum();
        let room = usize::try_from(self.their_window).unwrap_or(usize::MAX);
        let mut len = self.waiting.len().min(PAYLOAD_BYTES);
        if bytes + len > room {
            // A small one now or a full one later: as much as they take, if that is all.
            if !alone {
                return None;
            }
            len = len.min(room.max(1));
        }
        let kind = match len {
            0 if self.finishing && !self.fin_sent => Kind::Fin,
            0 => return None,
            _ => Kind::Data,
        };
        self.fin_sent = kind == Kind::Fin;
        let payload: Vec<u8> = self.waiting.drain(..len).collect();
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        self.unacknowledged.push_back(Sent {
            kind,
            payload,
            first: now,
            last: now,
            times: 0,
            state: State::UnderWay,
        });
        self.next = self.next.wrapping_add(1);
        Some(())
    }
}

impl RoundTrip {
    fn timeout(self) -> Duration {
        (self.mean + self.deviation * 4).clamp(LEAST_TIMEOUT, LONGEST_TIMEOUT)
    }
}
