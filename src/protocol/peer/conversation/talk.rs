//! What is known of a peer since its handshake, and what its frames mean.

use super::{Event, Greeting};
use crate::moment::Moment;
use crate::protocol::limits;
use crate::protocol::peer::bitfield::{Bitfield, BitfieldError};
use crate::protocol::peer::error::ConversationError;
use crate::protocol::peer::extended::{ExtendedHello, our_ids};
use crate::protocol::peer::family::Family;
use crate::protocol::peer::frame::{Head, Verdict};
use crate::protocol::peer::handshake::{Handshake, PeerId, Reserved};
use crate::protocol::peer::holepunch::Holepunch;
use crate::protocol::peer::message::{self, Message, WrongLength};
use crate::protocol::peer::metadata::MetadataMessage;
use crate::protocol::peer::pex::PeerExchange;
use crate::protocol::peer::trackers::named_trackers;

/// What waits for a peer to be read, at most, before it is told more.
const UNREAD_BYTES: usize = 4 << 10;

/// The state after the handshakes.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) peer_id: PeerId,
    pub(super) reserved: Reserved,
    pub(super) family: Family,
    pub(super) hello: Option<Box<ExtendedHello>>,
    pub(super) told_bitfield: bool,
    /// When we last said something.
    pub(super) spoke_at: Moment,
    /// When they last said something.
    pub(super) heard_at: Moment,
}

impl Talk {
    pub(super) fn new(now: Moment, handshake: Handshake) -> Self {
        Talk {
            family: Family::of(&handshake.peer_id, None),
            peer_id: handshake.peer_id,
            reserved: handshake.reserved,
            hello: None,
            told_bitfield: false,
            spoke_at: now,
            heard_at: now,
        }
    }

    pub(super) fn fast(&self) -> bool {
        self.reserved.fast() && Reserved::OURS.fast()
    }

    pub(super) fn keep_alive_due(&self, greeting: &Greeting) -> Moment {
        self.spoke_at + self.family.keep_alive_every() / greeting.pace.max(1)
    }

    pub(super) fn silence_ends(&self, greeting: &Greeting) -> Moment {
        self.heard_at + limits::PEER_SILENCE / greeting.pace.max(1)
    }

    /// What a frame tells us, if anything.
    pub(super) fn hear(
        &mut self,
        body: &[u8],
        pieces: Option<u32>,
    ) -> Result<Option<Event>, ConversationError> {
        let bound = pieces.unwrap_or(limits::PIECES);
        let in_range = |piece| match piece < bound {
            true => Ok(piece),
            false => Err(ConversationError::PieceOutOfRange {
                piece,
                pieces: bound,
            }),
        };
        Ok(Some(match Message::decode(body)? {
            Message::Have(piece) => Event::Have(in_range(piece)?),
            Message::Bitfield(bits) => match pieces {
                Some(pieces) => Event::Bitfield(Bitfield::from_wire(bits, pieces)?),
                None => Event::RawBitfield(bits.into()),
            },
            Message::HaveAll => Event::HaveAll,
            Message::HaveNone => Event::HaveNone,
            Message::Port(port) => Event::DhtPort(port),
            Message::Extended { id, payload } => match (id, payload) {
                (our_ids::UPLOAD_ONLY, [flag]) => Event::UploadOnly(*flag != 0),
                (our_ids::DONT_HAVE, &[a, b, c, d]) => {
                    Event::DontHave(in_range(u32::from_be_bytes([a, b, c, d]))?)
                }
                (our_ids::PEX, payload) => Event::Pex(PeerExchange::decode(payload).map(Box::new)),
                (our_ids::TRACKERS, payload) => Event::Trackers(named_trackers(payload)),
                (our_ids::METADATA, payload) => {
                    return Ok(MetadataMessage::decode(payload).map(Event::Metadata));
                }
                (our_ids::HOLEPUNCH, payload) => {
                    return Ok(Holepunch::decode(payload).ok().map(Event::Holepunch));
                }
                (0, payload) => return Ok(self.learn(payload)),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        }))
    }

    /// Says something of metadata, if the peer takes it.
    pub(super) fn say_of_metadata(
        &mut self,
        now: Moment,
        message: &MetadataMessage,
        outbox: &mut Vec<u8>,
    ) {
        let id = self.hello.as_ref().and_then(|it| it.ids.ut_metadata);
        self.say(now, id, &message.encode(), outbox);
    }

    /// Says whom we met, if the peer takes it.
    pub(super) fn say_gossip(&mut self, now: Moment, said: &PeerExchange, outbox: &mut Vec<u8>) {
        let id = self.hello.as_ref().and_then(|it| it.ids.ut_pex);
        self.say(now, id, &said.encode(), outbox);
    }

    /// Says something of hole punching, if the peer takes it.
    pub(super) fn say_of_holes(&mut self, now: Moment, message: Holepunch, outbox: &mut Vec<u8>) {
        let id = self.hello.as_ref().and_then(|it| it.ids.ut_holepunch);
        self.say(now, id, &message.encode(), outbox);
    }

    /// Says something under the peer's own number for it. A peer that never reads must
    /// not make us grow: it misses what is said then.
    fn say(&mut self, now: Moment, id: Option<u8>, payload: &[u8], outbox: &mut Vec<u8>) {
        if let Some(id) = id.filter(|_| outbox.len() < UNREAD_BYTES) {
            Message::Extended { id, payload }.encode(outbox);
            self.spoke_at = now;
        }
    }

    /// Takes in a hello. One that cannot be read is passed over: it takes
    /// nothing from what the peer shows of its progress.
    fn learn(&mut self, payload: &[u8]) -> Option<Event> {
        let hello = ExtendedHello::decode(payload).ok()?;
        let known = self.hello.get_or_insert_default();
        known.update(hello.clone());
        self.family = Family::of(&self.peer_id, known.v.as_deref());
        Some(Event::Extended(Box::new(hello)))
    }
}

/// Which frames are worth keeping, and which no peer may send.
pub(super) fn judge(head: Head, greeting: &Greeting) -> Result<Verdict, ConversationError> {
    let len_bytes = head.len_bytes;
    let Some(id) = head.id else {
        return Ok(Verdict::Skip);
    };
    let received = len_bytes.saturating_sub(1) as usize;
    let expected = match id {
        message::BITFIELD => match greeting.pieces {
            Some(pieces) => Bitfield::bytes_for(pieces),
            None => received.min(limits::UNMEASURED_BYTES),
        },
        message::HAVE => 4,
        message::HAVE_ALL | message::HAVE_NONE => 0,
        message::PIECE => return Err(ConversationError::UnrequestedPiece),
        _ if len_bytes > limits::FRAME_BYTES => {
            let max = limits::FRAME_BYTES;
            return Err(ConversationError::FrameTooLong { len_bytes, max });
        }
        message::PORT if received == 2 => 2,
        message::EXTENDED if wants_extension(head, greeting) => received,
        _ => return Ok(Verdict::Skip),
    };
    match id {
        _ if received == expected => Ok(Verdict::Keep),
        message::BITFIELD => Err(BitfieldError::WrongLength { expected, received }.into()),
        _ => Err(WrongLength { id, received }.into()),
    }
}

fn wants_extension(head: Head, greeting: &Greeting) -> bool {
    match head.extension {
        Some(0) => head.len_bytes <= limits::HELLO_BYTES,
        Some(our_ids::METADATA) => head.len_bytes <= limits::METADATA_MESSAGE_BYTES,
        Some(our_ids::PEX) => greeting.gossip && head.len_bytes <= limits::PEX_BYTES,
        Some(our_ids::TRACKERS) => greeting.gossip && head.len_bytes <= limits::TEX_BYTES,
        Some(our_ids::HOLEPUNCH) => {
            greeting.introduced() && head.len_bytes <= limits::HOLEPUNCH_BYTES
        }
        Some(our_ids::UPLOAD_ONLY) => head.len_bytes == 3,
        Some(our_ids::DONT_HAVE) => head.len_bytes == 6,
        _ => false,
    }
}
