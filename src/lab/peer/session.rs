//! One connection of a scripted peer, as a machine.

mod extending;
mod rumours;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use self::extending::METADATA;
use super::client::{Habits, Opening};
use super::ending::Ending;
use super::gossiping::Gossiping;
use super::telling::{Restarted, Telling};
use super::{Plan, Reach};
use crate::lab::conduct::Offence;
use crate::lab::pace::Pace;
use crate::moment::Moment;
use crate::protocol::peer::handshake::HANDSHAKE_BYTES;
use crate::protocol::peer::{Handshake, Message, PeerId, Reserved};
use rumours::Rumours;

/// Waiting for a handshake.
const HANDSHAKE_WAIT: Duration = Duration::from_secs(20);
/// No frame of a guest is longer.
const FRAME_BYTES: usize = 1 << 20;

/// A connection, from its opening to its end.
///
/// Feed it with [`handle_input`](Self::handle_input) and
/// [`handle_timeout`](Self::handle_timeout); send what
/// [`transmit`](Self::transmit) holds; come back at
/// [`poll_timeout`](Self::poll_timeout). An `Err` is the connection's end.
#[derive(Debug)]
pub struct Session {
    plan: Arc<Plan>,
    pace: Pace,
    rng: SmallRng,
    peer_id: PeerId,
    dialled: bool,
    began: Moment,
    now: Moment,
    heard: Moment,
    spoke: Moment,
    input: Vec<u8>,
    output: Vec<u8>,
    guest: Option<Handshake>,
    telling: Option<Telling>,
    /// The number under which the other side takes `upload_only`.
    upload_only: Option<u8>,
    /// The number under which it takes metadata.
    ut_metadata: Option<u8>,
    gossiping: Option<Gossiping>,
    /// Whom the peer gossips about.
    neighbours: Vec<SocketAddr>,
    last_keep_alive: Option<Moment>,
    pub(super) rumours: Rumours,
    offences: Vec<Offence>,
}

impl Session {
    /// The peer has connected to somebody: its handshake goes out at once.
    pub fn dial(plan: Arc<Plan>, pace: Pace, seed: u64, now: Moment) -> Self {
        let mut session = Session::accept(plan, pace, seed, now);
        session.dialled = true;
        session.say_handshake();
        session
    }

    /// Somebody has connected to the peer.
    pub fn accept(plan: Arc<Plan>, pace: Pace, seed: u64, now: Moment) -> Self {
        let mut rng = SmallRng::seed_from_u64(plan.seed ^ seed);
        let habits = plan.client.habits();
        let mut life_long = SmallRng::seed_from_u64(plan.seed);
        let id_rng = if habits.fresh_ids {
            &mut rng
        } else {
            &mut life_long
        };
        let peer_id = draw_peer_id(habits, id_rng);
        Session {
            plan,
            pace,
            rng,
            peer_id,
            dialled: false,
            began: now,
            now,
            heard: now,
            spoke: now,
            input: Vec::new(),
            output: Vec::new(),
            guest: None,
            telling: None,
            upload_only: None,
            ut_metadata: None,
            gossiping: None,
            neighbours: Vec::new(),
            last_keep_alive: None,
            rumours: Rumours::default(),
            offences: Vec::new(),
        }
    }

    /// The other side's peer id, once it is known.
    pub fn guest_id(&self) -> Option<PeerId> {
        self.guest.map(|it| it.peer_id)
    }

    /// How many pieces the other side knows of; `None` before it was told.
    pub fn told(&self) -> Option<u32> {
        self.telling.as_ref().and_then(Telling::told)
    }

    /// What the other side did wrong since the last call.
    pub fn take_offences(&mut self) -> Vec<Offence> {
        std::mem::take(&mut self.offences)
    }

    /// Whether it gossips next time that it does what is due: about those that it was
    /// told of by [`meet`](Self::meet).
    pub fn will_gossip(&self, now: Moment) -> bool {
        let gossiping = self.gossiping.as_ref();
        gossiping.is_some_and(|it| it.poll_timeout() <= now)
    }

    /// The peer is connected to these now.
    pub fn meet(&mut self, neighbours: Vec<SocketAddr>) {
        self.neighbours = neighbours;
    }

    /// Bytes to send.
    pub fn transmit(&self) -> &[u8] {
        &self.output
    }

    /// The first `len_bytes` of [`transmit`](Self::transmit) are sent.
    pub fn transmitted(&mut self, len_bytes: usize) {
        self.output.drain(..len_bytes.min(self.output.len()));
    }

    /// Takes in what came.
    ///
    /// # Errors
    /// The peer closes.
    pub fn handle_input(&mut self, now: Moment, bytes: &[u8]) -> Result<(), Ending> {
        self.now = now;
        if self.plan.reach == Reach::Mute {
            return Ok(());
        }
        self.input.extend_from_slice(bytes);
        if self.guest.is_none() && !self.hear_handshake()? {
            return Ok(());
        }
        while let Some(body) = self.next_frame()? {
            self.hear(&body)?;
        }
        self.tell()
    }

    /// Does what is due.
    ///
    /// # Errors
    /// The peer closes.
    pub fn handle_timeout(&mut self, now: Moment) -> Result<(), Ending> {
        self.now = now;
        self.tell()?;
        if self.plan.broken(self.began, now) {
            return Err(Ending::Left);
        }
        let habits = self.plan.client.habits();
        let due = |since: Moment, span| since + self.pace.of(span) <= now;
        if self.guest.is_none() {
            return match due(self.began, HANDSHAKE_WAIT) {
                true => Err(Ending::NoHandshake),
                false => Ok(()),
            };
        }
        if due(self.heard, habits.silence) {
            return Err(Ending::Silence);
        }
        if habits.patience.is_some_and(|it| due(self.began, it)) {
            return Err(Ending::Impatience);
        }
        if due(self.spoke, habits.keep_alive) {
            self.say(Message::KeepAlive);
        }
        self.gossip();
        Ok(())
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Moment {
        let habits = self.plan.client.habits();
        let after = |since: Moment, span| since + self.pace.of(span);
        let mut due = match &self.telling {
            None => after(self.began, HANDSHAKE_WAIT),
            Some(telling) => after(self.heard, habits.silence)
                .min(after(self.spoke, habits.keep_alive))
                .min(telling.poll_timeout()),
        };
        if let Some(patience) = habits.patience {
            due = due.min(after(self.began, patience));
        }
        if let Some(gossiping) = &self.gossiping {
            due = due.min(gossiping.poll_timeout());
        }
        self.plan.next_break(self.now).map_or(due, |it| it.min(due))
    }

    fn hear_handshake(&mut self) -> Result<bool, Ending> {
        let Some(guest) = Handshake::decode(&self.input).map_err(|_| Ending::Broken)? else {
            return Ok(false);
        };
        self.input.drain(..HANDSHAKE_BYTES);
        if self.plan.reach == Reach::Full {
            return Err(Ending::Full);
        }
        if guest.info_hash != self.plan.torrent.info_hash {
            return Err(Ending::WrongInfoHash);
        }
        if !self.dialled {
            self.say_handshake();
        }
        self.guest = Some(guest);
        self.heard = self.now;
        let ours = Reserved(self.plan.client.habits().reserved);
        let fast = ours.fast() && guest.reserved.fast();
        let rng = SmallRng::seed_from_u64(self.rng.random());
        self.telling = Some(Telling::new(&self.plan, self.pace, fast, rng, self.now));
        if self.plan.client.habits().opening == Opening::BitfieldFirst {
            self.tell()?;
        }
        if ours.extended() && guest.reserved.extended() {
            self.say_hello();
        }
        Ok(true)
    }

    fn next_frame(&mut self) -> Result<Option<Vec<u8>>, Ending> {
        let Some((head, rest)) = self.input.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let len = u32::from_be_bytes(*head) as usize;
        if len > FRAME_BYTES {
            self.offences.push(Offence::BrokenFrame);
            return Err(Ending::Broken);
        }
        let Some(body) = rest.get(..len).map(<[u8]>::to_vec) else {
            return Ok(None);
        };
        self.input.drain(..4 + len);
        Ok(Some(body))
    }

    fn hear(&mut self, body: &[u8]) -> Result<(), Ending> {
        self.heard = self.now;
        let Ok(message) = Message::decode(body) else {
            self.offences.push(Offence::BrokenFrame);
            return Err(Ending::Broken);
        };
        let fast = Reserved(self.plan.client.habits().reserved).fast();
        let offence = match message {
            Message::KeepAlive => return self.hear_keep_alive(),
            Message::Extended { id: 0, payload } => return self.hear_hello(payload),
            Message::Extended {
                id: METADATA,
                payload,
            } => {
                self.answer_metadata(payload);
                None
            }
            Message::Extended {
                id: rumours::ID,
                payload,
            } => self.rumours.hear(&self.plan, self.pace, self.now, payload),
            Message::Interested => Some(Offence::Interested),
            Message::Request(_) => Some(Offence::Request),
            Message::Piece { .. } => Some(Offence::Piece),
            Message::Have(_) | Message::HaveAll => Some(Offence::ClaimedPieces),
            Message::HaveNone if !fast => Some(Offence::FastToOldClient),
            Message::Bitfield(bits) => {
                let now = self.now;
                if let Some(telling) = &mut self.telling {
                    telling.hear_bitfield(&self.plan, now);
                }
                let any = bits.iter().any(|byte| *byte != 0);
                any.then_some(Offence::ClaimedPieces)
            }
            _ => None,
        };
        self.offences.extend(offence);
        Ok(())
    }

    fn hear_keep_alive(&mut self) -> Result<(), Ending> {
        let last = self.last_keep_alive.replace(self.now);
        let (Some(last), Some(flood)) = (last, self.plan.client.habits().flood) else {
            return Ok(());
        };
        // A fifth of the span is left to the network's jitter.
        if self.now.since(last) < self.pace.of(flood).mul_f64(0.8) {
            self.offences.push(Offence::KeepAliveFlood);
            return Err(Ending::Flooded);
        }
        Ok(())
    }

    fn complete(&self) -> bool {
        self.plan.curve.held(self.now) == self.plan.torrent.pieces
    }

    fn tell(&mut self) -> Result<(), Ending> {
        let Some(telling) = &mut self.telling else {
            return Ok(());
        };
        let before = (self.output.len(), telling.told());
        let told = telling.tell(&self.plan, self.now, &mut self.output);
        told.map_err(|Restarted| Ending::Restarted)?;
        if self.output.len() > before.0 {
            self.spoke = self.now;
        }
        let whole = Some(self.plan.torrent.pieces);
        let completed = telling.told() == whole && before.1.is_some() && before.1 != whole;
        if let Some(id) = self.upload_only.filter(|_| completed) {
            self.say(Message::Extended { id, payload: &[1] });
        }
        Ok(())
    }

    fn say(&mut self, message: Message<'_>) {
        message.encode(&mut self.output);
        self.spoke = self.now;
    }

    fn say_handshake(&mut self) {
        let handshake = Handshake {
            reserved: Reserved(self.plan.client.habits().reserved),
            info_hash: self.plan.torrent.info_hash,
            peer_id: self.peer_id,
        };
        self.output.extend(handshake.encode());
        self.spoke = self.now;
    }
}

fn draw_peer_id(habits: &Habits, rng: &mut impl Rng) -> PeerId {
    let mut id: [u8; 20] = std::array::from_fn(|_| rng.random_range(b'0'..=b'9'));
    let prefix = habits.peer_id.as_bytes();
    id[..prefix.len()].copy_from_slice(prefix);
    PeerId(id)
}

#[cfg(test)]
mod tests;
