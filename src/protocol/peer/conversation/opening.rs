//! How a conversation begins.

use std::net::IpAddr;
use std::sync::Arc;

use super::cover::Cover;
use super::{Conversation, Greeting, State};
use crate::moment::Moment;
use crate::protocol::peer::encryption::{Cipher, Initiator, Seed};
use crate::protocol::peer::frame::FrameReader;

impl Conversation {
    /// A session that we opened: our handshake goes out at once.
    pub fn dial(now: Moment, greeting: Arc<Greeting>, their_ip: IpAddr) -> Self {
        let ours = greeting.handshake(greeting.info_hash);
        let mut conversation = Self::new(now, greeting, their_ip, false);
        conversation.outbox.extend(ours.encode());
        conversation
    }

    /// The same, encrypted: our handshake goes out as soon as it can be hidden.
    pub fn dial_encrypted(
        now: Moment,
        greeting: Arc<Greeting>,
        their_ip: IpAddr,
        seed: Seed,
    ) -> Self {
        let ours = greeting.handshake(greeting.info_hash);
        let mut initiator = Initiator::new(seed, greeting.info_hash, &ours.encode());
        let mut conversation = Self::new(now, greeting, their_ip, false);
        conversation.outbox = initiator.take_transmit();
        conversation.cover = Cover::Agreeing(Box::new(initiator));
        conversation
    }

    /// A session that they opened: our handshake answers theirs. Bytes that
    /// were read to find the torrent are to be handed in.
    pub fn accept(now: Moment, greeting: Arc<Greeting>, their_ip: IpAddr) -> Self {
        Self::new(now, greeting, their_ip, true)
    }

    /// The same, encrypted, as the two have agreed already.
    pub fn accept_encrypted(
        now: Moment,
        greeting: Arc<Greeting>,
        their_ip: IpAddr,
        cipher: Box<Cipher>,
    ) -> Self {
        let mut conversation = Self::accept(now, greeting, their_ip);
        conversation.cover = Cover::Agreed(cipher);
        conversation
    }

    fn new(now: Moment, greeting: Arc<Greeting>, their_ip: IpAddr, accepted: bool) -> Self {
        let deadline = now + greeting.handshake_timeout;
        let head = Vec::new();
        Conversation {
            greeting,
            their_ip: match their_ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                IpAddr::V6(ip) => ip,
            },
            state: State::Greeting {
                accepted,
                deadline,
                head,
            },
            frames: FrameReader::default(),
            events: None,
            cover: Cover::Nothing,
            outbox: Vec::new(),
            covered: 0,
            sent: 0,
        }
    }
}
