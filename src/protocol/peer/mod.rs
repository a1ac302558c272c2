//! The peer wire protocol: BEP 3, 6 (Fast), 9 (metadata exchange), 10 (extensions), 11 (peer exchange),
//! 21 (partial seeds), 28 (tracker exchange), 54 (lt_donthave); and message stream encryption.

pub mod bitfield;
pub mod conversation;
pub mod encryption;
pub mod error;
pub mod extended;
pub mod family;
pub mod frame;
pub mod handshake;
pub mod message;
pub mod metadata;
pub mod names;
pub mod pex;
pub mod trackers;
pub mod way;

pub use bitfield::Bitfield;
pub use conversation::{Conversation, Event, Greeting};
pub use error::ConversationError;
pub use extended::ExtendedHello;
pub use family::Family;
pub use handshake::{Handshake, PeerId, Reserved};
pub use message::Message;
pub use metadata::MetadataMessage;
pub use pex::PeerExchange;
pub use way::{Encryption, Transport, Way, Wrapping};
