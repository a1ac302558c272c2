//! One session's bytes as a state machine: what we say to a peer and what it
//! tells us, without sockets or clocks.
//!
//! After each call that takes a `now`, empty the polls: [`Conversation::poll_event`]
//! until `None`, write [`Conversation::transmit`], re-arm the one timer with
//! [`Conversation::poll_timeout`]. Events are at most as many as a fifth of the
//! bytes handed in since, so a caller that drains them before it reads on holds
//! no more than one read's worth.
//!
//! We are a guest that wants no content: of all messages we send the handshake, the
//! extension handshake, HAVE_NONE (or a bitfield of zeros), PORT, keep-alives, whom
//! we met (BEP 11) and to whom we ask to be introduced (BEP 55); of a torrent that was
//! named by a link alone we ask for the metadata too.

mod cover;
mod dht_ports;
mod greeting;
mod opening;
mod reviving;
mod talk;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;

use self::cover::Cover;
pub use self::dht_ports::DhtPorts;
pub use self::greeting::Greeting;
use self::talk::{Talk, judge};
use super::bitfield::Bitfield;
use super::error::ConversationError;
use super::extended::{ExtendedHello, ExtensionIds, our_ids};
use super::family::Family;
use super::frame::FrameReader;
use super::handshake::{self, HANDSHAKE_BYTES, Handshake, PeerId, Reserved};
use super::holepunch::{Holepunch, Refusal};
use super::message::Message;
use super::metadata::MetadataMessage;
use super::pex::{PeerExchange, PexError};
use crate::moment::Moment;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::tracker::TrackerUrl;

/// What a peer told us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Its handshake, always the first event.
    Handshake(Handshake),
    /// Its extension handshake; may come again, before or after the bitfield.
    Extended(Box<ExtendedHello>),
    /// All that it holds; may come late, and again.
    Bitfield(Bitfield),
    /// The same, as it came: the number of pieces is not known yet.
    RawBitfield(Box<[u8]>),
    /// It holds one more piece.
    Have(u32),
    /// It holds all pieces.
    HaveAll,
    /// It holds none.
    HaveNone,
    /// It holds a piece no longer.
    DontHave(u32),
    /// Whether it wants nothing more: a hint, no proof of progress.
    UploadOnly(bool),
    /// The port of its DHT node.
    DhtPort(u16),
    /// Who else it is connected to; what cannot be read ends nothing.
    Pex(Result<Box<PeerExchange>, PexError>),
    /// Trackers that know the swarm.
    Trackers(Vec<TrackerUrl>),
    /// A part of the metadata, or that there is none. What others ask of us is refused
    /// here, and is no event.
    Metadata(MetadataMessage),
    /// As a relay: whom to connect to, or that it cannot introduce us. Who takes us for
    /// one is refused here, and that is no event.
    Holepunch(Holepunch),
}

/// Events to be polled: none, most of the time, and sessions are many.
pub type Events = Option<Box<VecDeque<Event>>>;

/// One session with one peer.
#[derive(Debug)]
pub struct Conversation {
    greeting: Arc<Greeting>,
    /// An IPv4 address is mapped: sessions are many, and an `IpAddr` takes a word more.
    their_ip: Ipv6Addr,
    state: State,
    frames: FrameReader,
    events: Events,
    cover: Cover,
    outbox: Vec<u8>,
    /// So much of the outbox is as it travels.
    covered: u32,
    /// So much is written; what waits for a peer is bounded by far less.
    sent: u32,
}

#[derive(Debug)]
enum State {
    /// Until their handshake is whole.
    Greeting {
        accepted: bool,
        deadline: Moment,
        head: Vec<u8>,
    },
    /// Thereafter.
    Talking(Talk),
}

/// So much is decrypted at a time.
const CLEAR_BYTES: usize = 4 << 10;

impl Conversation {
    /// Takes what was read, in pieces of any size.
    ///
    /// # Errors
    /// What the peer may not say: end the session. Events that came before it
    /// can still be polled.
    pub fn handle_input(&mut self, now: Moment, bytes: &[u8]) -> Result<(), ConversationError> {
        let mut input = bytes;
        if let Cover::Agreeing(_) = self.cover {
            let answer = self.cover.agree(&mut input)?;
            self.outbox.extend(answer);
            self.covered = self.outbox.len() as u32;
        }
        if let Cover::Nothing = self.cover {
            return self.hear(now, input);
        }
        let mut clear = [0; CLEAR_BYTES];
        for covered in input.chunks(CLEAR_BYTES) {
            let clear = &mut clear[..covered.len()];
            clear.copy_from_slice(covered);
            self.cover.lift(clear);
            self.hear(now, clear)?;
        }
        Ok(())
    }

    /// Takes what was read, decrypted.
    fn hear(&mut self, now: Moment, mut input: &[u8]) -> Result<(), ConversationError> {
        if input.is_empty() {
            return Ok(());
        }
        if let State::Greeting { head, .. } = &mut self.state {
            let missing = HANDSHAKE_BYTES - head.len();
            let (taken, rest) = input.split_at(missing.min(input.len()));
            head.extend_from_slice(taken);
            input = rest;
            let Some(theirs) = Handshake::decode(head)? else {
                return self.check_early();
            };
            self.meet(now, theirs)?;
        }
        if let State::Talking(talk) = &mut self.state {
            talk.heard_at = now;
            let greeting = &self.greeting;
            while let Some(body) = self.frames.next(&mut input, |head| judge(head, greeting))? {
                match talk.hear(body, greeting.pieces)? {
                    Some(Event::Metadata(MetadataMessage::Request(piece))) => {
                        let answer = MetadataMessage::Reject(piece);
                        talk.say_of_metadata(now, &answer, &mut self.outbox);
                    }
                    // A session knows nobody but its own peer.
                    Some(Event::Holepunch(Holepunch::Rendezvous(target))) => {
                        let answer = Holepunch::Error(target, Refusal::NotConnected);
                        talk.say_of_holes(now, answer, &mut self.outbox);
                    }
                    event => {
                        if let Some(event) = event {
                            self.events.get_or_insert_default().push_back(event);
                        }
                    }
                }
            }
            if talk.family.wants_zero_bitfield() {
                self.send_zero_bitfield(now);
            }
        }
        Ok(())
    }

    /// Does what is due.
    ///
    /// # Errors
    /// A time limit passed: end the session.
    pub fn handle_timeout(&mut self, now: Moment) -> Result<(), ConversationError> {
        match &mut self.state {
            State::Greeting { deadline, .. } if now >= *deadline => {
                Err(ConversationError::HandshakeTimeout)
            }
            State::Greeting { .. } => Ok(()),
            State::Talking(talk) if now >= talk.silence_ends(&self.greeting) => {
                Err(ConversationError::Silent)
            }
            State::Talking(talk) => {
                if now >= talk.keep_alive_due(&self.greeting) {
                    talk.spoke_at = now;
                    // What still waits to be sent speaks for us; a peer that
                    // never reads must not make us grow.
                    if self.outbox.is_empty() {
                        Message::KeepAlive.encode(&mut self.outbox);
                    }
                }
                Ok(())
            }
        }
    }

    /// The torrent's metadata is there: from now on pieces have their number.
    pub fn measured(&mut self, greeting: Arc<Greeting>) {
        self.greeting = greeting;
    }

    /// Asks for a piece of the metadata, if the peer takes such a question.
    pub fn ask_metadata(&mut self, now: Moment, piece: u32) {
        if let State::Talking(talk) = &mut self.state {
            let request = MetadataMessage::Request(piece);
            talk.say_of_metadata(now, &request, &mut self.outbox);
        }
    }

    /// Tells whom we met, if the peer takes such news.
    pub fn gossip(&mut self, now: Moment, said: &PeerExchange) {
        if let State::Talking(talk) = &mut self.state {
            talk.say_gossip(now, said, &mut self.outbox);
        }
    }

    /// Asks to be introduced to the peer at an address, if this one takes such a question.
    pub fn ask_rendezvous(&mut self, now: Moment, target: SocketAddr) {
        if let State::Talking(talk) = &mut self.state {
            talk.say_of_holes(now, Holepunch::Rendezvous(target), &mut self.outbox);
        }
    }

    /// When [`Self::handle_timeout`] is to be called next.
    pub fn poll_timeout(&self) -> Option<Moment> {
        Some(match &self.state {
            State::Greeting { deadline, .. } => *deadline,
            State::Talking(talk) => {
                let keep_alive = talk.keep_alive_due(&self.greeting);
                keep_alive.min(talk.silence_ends(&self.greeting))
            }
        })
    }

    /// The next thing that the peer told us.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.as_mut()?.pop_front()
    }

    /// Exchanges the queue of events for another. Who serves many sessions lends the same
    /// empty one to each before it hands input in, and takes it back when it is empty
    /// again: then none keeps its own, and hearing a message takes no memory.
    pub fn swap_events(&mut self, queue: &mut Events) {
        std::mem::swap(&mut self.events, queue);
    }

    /// What is to be written now.
    pub fn transmit(&mut self) -> &[u8] {
        self.cover.lay(&mut self.outbox[self.covered as usize..]);
        self.covered = self.outbox.len() as u32;
        &self.outbox[self.sent as usize..]
    }

    /// So many bytes of [`Self::transmit`] were written.
    pub fn transmitted(&mut self, len_bytes: usize) {
        let all = self.outbox.len() as u32;
        self.sent = all.min(self.sent.saturating_add(len_bytes as u32));
        if self.sent == all {
            self.outbox = Vec::new();
            (self.covered, self.sent) = (0, 0);
        }
    }

    /// Whether both sides have the Fast extension; false before the handshake.
    pub fn fast(&self) -> bool {
        self.talk().is_some_and(|talk| talk.fast())
    }

    /// The program that the peer runs, as far as it is known.
    pub fn family(&self) -> Family {
        self.talk().map_or(Family::Other, |talk| talk.family)
    }

    /// The peer's extension handshake, later ones merged in.
    pub fn hello(&self) -> Option<&ExtendedHello> {
        self.talk()?.hello.as_deref()
    }

    /// What the peer can do, as its handshake says.
    pub fn reserved(&self) -> Option<Reserved> {
        self.talk().map(|talk| talk.reserved)
    }

    /// The peer's id.
    pub fn peer_id(&self) -> Option<PeerId> {
        self.talk().map(|talk| talk.peer_id)
    }

    fn talk(&self) -> Option<&Talk> {
        match &self.state {
            State::Talking(talk) => Some(talk),
            State::Greeting { .. } => None,
        }
    }

    /// Another torrent shows before the handshake is whole.
    fn check_early(&self) -> Result<(), ConversationError> {
        let State::Greeting { head, .. } = &self.state else {
            return Ok(());
        };
        match handshake::peek_info_hash(head)? {
            Some(received) => self.check_torrent(received),
            None => Ok(()),
        }
    }

    fn check_torrent(&self, received: InfoHash) -> Result<(), ConversationError> {
        match self.greeting.names(received) {
            true => Ok(()),
            false => Err(ConversationError::WrongInfoHash { received }),
        }
    }

    /// Their handshake is whole: check it, answer it, say what we are.
    fn meet(&mut self, now: Moment, theirs: Handshake) -> Result<(), ConversationError> {
        self.check_torrent(theirs.info_hash)?;
        if theirs.peer_id == self.greeting.peer_id {
            return Err(ConversationError::SelfConnection);
        }
        if matches!(self.state, State::Greeting { accepted: true, .. }) {
            let ours = self.greeting.handshake(theirs.info_hash);
            self.outbox.extend(ours.encode());
        }
        if theirs.reserved.extended() {
            let payload = self.our_hello().encode();
            let hello = Message::Extended {
                id: 0,
                payload: &payload,
            };
            hello.encode(&mut self.outbox);
        }
        let talk = Talk::new(now, theirs);
        if talk.fast() {
            Message::HaveNone.encode(&mut self.outbox);
        }
        let ports = self.greeting.open_dht().filter(|_| theirs.reserved.dht());
        if let Some(port) = ports.and_then(|it| it.told_to(self.their_ip.to_canonical())) {
            Message::Port(port).encode(&mut self.outbox);
        }
        self.state = State::Talking(talk);
        let events = self.events.get_or_insert_default();
        events.push_back(Event::Handshake(theirs));
        Ok(())
    }

    /// Once, to a peer that does not take HAVE_NONE.
    fn send_zero_bitfield(&mut self, now: Moment) {
        let (State::Talking(talk), Some(pieces)) = (&mut self.state, self.greeting.pieces) else {
            return;
        };
        if !talk.fast() && !talk.told_bitfield {
            talk.told_bitfield = true;
            talk.spoke_at = now;
            let nothing = Bitfield::empty(pieces);
            Message::Bitfield(nothing.as_wire()).encode(&mut self.outbox);
        }
    }

    /// Only what we handle is named, so that nobody sends us anything else.
    fn our_hello(&self) -> ExtendedHello {
        ExtendedHello {
            v: Some(self.greeting.client.clone()),
            p: self.greeting.listen_port,
            reqq: Some(self.greeting.reqq),
            yourip: Some(self.their_ip.to_canonical()),
            ids: ExtensionIds {
                lt_donthave: Some(our_ids::DONT_HAVE),
                upload_only: Some(our_ids::UPLOAD_ONLY),
                ut_metadata: self.greeting.pieces.is_none().then_some(our_ids::METADATA),
                ut_pex: self.greeting.gossip.then_some(our_ids::PEX),
                // Without the hash of our own list we are told all of theirs.
                lt_tex: self.greeting.gossip.then_some(our_ids::TRACKERS),
                ut_holepunch: self.greeting.introduced().then_some(our_ids::HOLEPUNCH),
            },
            ..ExtendedHello::default()
        }
    }
}
