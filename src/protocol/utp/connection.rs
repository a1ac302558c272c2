//! One connection, from the moment that both sides know of it.

use super::limits::{GIVE_UP, LINGER};
use super::liveness::{Heard, Liveness};
use super::packet::{Header, Kind, Packet};
use super::receiving::Receiving;
use super::sending::{Outgoing, Sending};
use crate::moment::Moment;

/// Why a connection ended before it was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The other side knows nothing of it, or nothing more.
    #[error("the connection was reset")]
    Reset,
    /// The other side answers nothing any longer.
    #[error("the other side is silent")]
    Silent,
}

/// Which connection, of those with one address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    /// What the other side knows the connection by.
    pub(super) send_id: u16,
    /// Of our next packet.
    pub(super) next: u16,
    /// Of their last.
    pub(super) acknowledged: u16,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    send_id: u16,
    sending: Sending,
    receiving: Receiving,
    /// When they were heard last.
    heard: Moment,
    liveness: Liveness,
    /// How long their last packet was under way, by the two clocks.
    difference_us: u32,
    acknowledge: bool,
    /// Whether anything was sent that could be sent again, to be answered.
    has_spoken: bool,
    failure: Option<Failure>,
    /// They are to be told of it.
    farewell: bool,
    /// Nobody holds it any longer, since.
    left: Option<Moment>,
    /// What its owner has set its timer to.
    timer: Option<Moment>,
}

impl Connection {
    pub(super) fn new(now: Moment, numbers: Numbers, first: &Header) -> Self {
        Connection {
            send_id: numbers.send_id,
            sending: Sending::from(numbers.next, first.window_bytes),
            receiving: Receiving::after(numbers.acknowledged),
            heard: now,
            liveness: Liveness::new(now),
            difference_us: difference(now, first),
            acknowledge: false,
            has_spoken: false,
            failure: None,
            farewell: false,
            left: None,
            timer: None,
        }
    }

    /// Whether nobody needs to remember it.
    pub(super) fn is_over(&self, now: Moment) -> bool {
        let done = self.failure.is_some()
            || (self.sending.is_done() && self.receiving.has_ended() && !self.acknowledge);
        self.left
            .is_some_and(|since| done || now.since(since) >= LINGER)
    }

    /// What the other side knows it by.
    pub(super) fn send_id(&self) -> u16 {
        self.send_id
    }

    /// A packet of theirs with our number for this connection.
    pub(super) fn handle_input(&mut self, now: Moment, packet: &Packet<'_>) {
        let Header {
            kind,
            sequence,
            acknowledged,
            window_bytes,
            ..
        } = packet.header;
        if self.failure.is_some() || !self.is_plausible(&packet.header) {
            return;
        }
        if kind == Kind::Reset {
            return self.fail(Failure::Reset);
        }
        self.heard = now;
        self.difference_us = difference(now, &packet.header);
        let told = (acknowledged, packet.selective);
        let still = kind == Kind::State;
        let arrived = self.sending.acknowledge(now, told, window_bytes, still);
        let what = match (kind, arrived) {
            (Kind::State, 0) => Heard::NothingNew,
            (Kind::State, _) => Heard::Acknowledgement,
            _ => Heard::Speech,
        };
        self.liveness.heard(now, what);
        match kind {
            // Nobody reads it, and nobody will: they should know.
            Kind::Data if self.left.is_some() => return self.abort(),
            Kind::Data => self.receiving.data(sequence, packet.payload),
            Kind::Fin => self.receiving.fin(sequence),
            Kind::State | Kind::Reset | Kind::Syn => return,
        }
        self.acknowledge = true;
    }

    /// Who does not see our packets knows little of their numbers.
    fn is_plausible(&self, header: &Header) -> bool {
        let acknowledged = match header.kind {
            // It answers a packet of any kind; where it has no number of its own, by
            // that of the next.
            Kind::Reset if header.acknowledged == self.sending.next() => return true,
            _ => header.acknowledged,
        };
        header.kind != Kind::Syn && self.sending.knows(acknowledged)
    }

    fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }

    /// Ends it at once, and says so.
    pub(super) fn abort(&mut self) {
        self.farewell |= self.failure.is_none();
        self.fail(Failure::Reset);
    }

    /// Bytes for the reader: how many, none if it must wait.
    ///
    /// # Errors
    /// The connection has failed, and all that came before was read.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Failure> {
        match self.receiving.read(buffer) {
            0 if buffer.is_empty() || self.receiving.has_ended() => Ok(Some(0)),
            0 => self.failure.map_or(Ok(None), Err),
            len => Ok(Some(len)),
        }
    }

    /// Takes bytes to be sent: how many, none if the writer must wait.
    ///
    /// # Errors
    /// The connection has failed.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<Option<usize>, Failure> {
        match self.failure {
            Some(failure) => Err(failure),
            None if self.sending.is_finishing() => Err(Failure::Reset),
            None => match self.sending.write(bytes) {
                0 if !bytes.is_empty() => Ok(None),
                len => Ok(Some(len)),
            },
        }
    }

    /// Nothing more will be written.
    pub(super) fn finish(&mut self) {
        self.sending.finish();
    }

    /// What its owner has set its timer to.
    pub(super) fn timer(&mut self) -> &mut Option<Moment> {
        &mut self.timer
    }

    /// Nobody holds it any longer.
    pub(super) fn leave(&mut self, now: Moment) {
        self.sending.finish();
        self.left.get_or_insert(now);
    }

    /// When something is due.
    pub(super) fn poll_timeout(&self) -> Option<Moment> {
        if self.failure.is_some() {
            return None;
        }
        let silent = self.silent_at();
        let resend = self.sending.resend_at();
        let question = self.may_ask().then(|| self.liveness.due());
        let over = self.left.map(|since| since + LINGER);
        [silent, resend, question, over].into_iter().flatten().min()
    }

    /// When they have been silent for too long, to something that wants an answer.
    fn silent_at(&self) -> Option<Moment> {
        let since = self.sending.unanswered_since()?;
        Some(since.max(self.heard) + GIVE_UP)
    }

    /// What is due now. Somebody else was heard last at `others`.
    pub(super) fn handle_timeout(&mut self, now: Moment, others: Option<Moment>) {
        let silent = self.silent_at().is_some_and(|at| at <= now);
        if silent || self.may_ask() && self.liveness.is_gone(now, others) {
            return self.fail(Failure::Silent);
        }
        self.sending.handle_timeout(now);
    }

    /// Whether they can be asked if they are still there: something was sent that they
    /// have, and what is sent again asks nothing that is answered by itself.
    fn may_ask(&self) -> bool {
        let settled = self.liveness.answers() || self.sending.unanswered_since().is_none();
        self.has_spoken && settled && !self.sending.is_finishing()
    }

    /// The packets that may be sent now.
    pub(super) fn transmit(&mut self, now: Moment, out: &mut Vec<Vec<u8>>) {
        let mut header = Header {
            kind: Kind::State,
            connection: self.send_id,
            timestamp_us: timestamp(now),
            difference_us: self.difference_us,
            window_bytes: self.receiving.window_bytes(),
            sequence: self.sending.next(),
            acknowledged: self.receiving.acknowledged(),
        };
        if self.failure.is_some() {
            header.kind = Kind::Reset;
            out.extend(std::mem::take(&mut self.farewell).then(|| header.encode(&[], &[])));
            return;
        }
        let before = out.len();
        let ask = self.may_ask() && self.liveness.ask(now);
        while let Some(Outgoing {
            kind,
            sequence,
            payload,
        }) = self.sending.transmit(now)
        {
            (header.kind, header.sequence) = (kind, sequence);
            out.push(header.encode(&[], payload));
            self.has_spoken = true;
        }
        let selective = self.receiving.selective();
        // Any packet acknowledges; that something is missing is told by one of its own.
        let told = out.len() > before && selective.is_empty();
        header.sequence = self.sending.next();
        if (self.acknowledge && !told) || self.receiving.has_opened() {
            header.kind = Kind::State;
            out.push(header.encode(&selective, &[]));
        }
        if ask {
            // Its number was acknowledged: what it carries is thrown away, and answered.
            header.kind = Kind::Data;
            header.sequence = self.sending.acknowledged();
            out.push(header.encode(&[], &[0]));
        }
        if out.len() > before {
            self.liveness.sent(now);
            self.receiving.tell_window();
        }
        self.acknowledge = false;
    }
}

/// Our clock as packets carry it; it wraps every 71 min.
pub(super) fn timestamp(now: Moment) -> u32 {
    (now.as_millis().wrapping_mul(1_000) & u64::from(u32::MAX)) as u32
}

/// How long a packet was under way, by the two clocks.
pub(super) fn difference(now: Moment, header: &Header) -> u32 {
    match header.timestamp_us {
        0 => 0,
        sent => timestamp(now).wrapping_sub(sent),
    }
}
