//! The actors: who exists, what each owns, and what they say to each other.
//!
//! One file an actor. Its messages stand at its top, or in its room; whoever sends them holds a
//! `Recipient` of the message, never the actor's own type.
//!
//! | message | from → to | when the receiver is full |
//! |---|---|---|
//! | [`swarm::PeersFound`] | Tracker → Swarm | dropped and logged; the next announce names them again |
//! | [`pex::Gossip`] | Peer → Swarm → Pex | dropped, by the Swarm with a line in the log; other peers say the same |
//! | [`swarm::TrackersNamed`] | Peer → Swarm | dropped; other peers say the same |
//! | [`swarm::Rumoured`] | Pex → Swarm | offered again with the next batch |
//! | [`swarm::Announced`], [`swarm::Scraped`] | Tracker → Swarm | dropped and logged; the next one tells newer figures |
//! | [`swarm::Arrived`] | Listener → Swarm | the connection is closed and counted as `no_slot` |
//! | [`swarm::Met`], [`swarm::Observed`], [`swarm::SessionEnded`] | Peer → Swarm | the Peer waits for a permit and reads no further |
//! | [`swarm::HolepunchHeard`] | Peer → Swarm | dropped; counts as unanswered |
//! | [`peer::Introduce`], [`peer::Remain`] | Swarm → Peer | dropped; counts as unanswered |
//! | `PeerContext::roster`, a watched value | Swarm → Peer | the newest replaces the one before |
//! | [`peer::Known`] | Swarm → Peer | dropped; the next observation is answered anew |
//! | [`swarm::MetadataHeard`] | Peer → Swarm | dropped; the Swarm asks again when no answer comes |
//! | [`peer::AskMetadata`] | Swarm → Peer | dropped; counts as unanswered |
//! | [`peer::Measured`] | Swarm → Peer | sent again with the next tick |
//! | [`tracker::Remaining`] | Swarm → Tracker | never full at a Tracker |
//! | [`peer::Leave`] | Swarm → Peer | sent again with the next tick |
//! | [`root::Replay`] | Peer → Root | the Peer keeps it and tries again; Root keeps up to a bound |
//! | [`swarm::Replayed`] | Root → Swarm | sent again until it is durable |
//! | [`swarm::RecorderIs`] | Root → Swarm → Tracker, Root → Listener, Monitor, Dht | sent again; never full at a Tracker |
//! | [`root::AskAll`], [`swarm::Ask`] | App, Monitor → Root → Swarm | the sender waits, for a time |
//! | [`listener::SwarmIs`] | Root → Listener | sent again |
//! | [`listener::DhtIs`], [`dht::Follow`], [`dht::Unfollow`] | Root → Listener, Dht, Lsd | sent again |
//! | [`dht::NodeNamed`] | Peer → Root → Dht | dropped; other peers have nodes too |
//! | [`dht::Datagram`] | Listener → Dht | lost, as datagrams are |
//! | [`swarm::PeersFound`] | Dht → Swarm | dropped and logged; the next lookup names them again |
//! | [`swarm::PeersFound`] | Lsd → Swarm | dropped and logged; neighbours announce themselves again |
//! | [`root::Snapshot`] | Swarm → Root | dropped; the next one holds all of it |
//! | [`recorder::Write`] | all → Recorder | the Swarm and the Listener keep their rows marked, Root sends its events again; the Monitor drops its sample, the next one follows; others drop and log |
//! | [`recorder::Confirm`] | Swarm → Recorder | the Swarm keeps it and sends it with the next tick |
//! | [`recorder::Load`], [`recorder::Close`] | Swarm, Root → Recorder | the sender waits |
//! | [`tracker::Finish`], [`pex::Finish`], [`swarm::Stop`], [`listener::Close`], [`monitor::Close`], [`dht::Close`], [`lsd::Close`] | parent → child | sent again with the next tick |
//! | [`supervision::ChildExited`] | child → parent | its channel is unbounded, one message a death |

pub mod dht;
pub mod lifesigns;
pub mod listener;
pub mod lsd;
pub mod monitor;
pub mod peer;
pub mod permits;
pub mod pex;
pub mod recorder;
pub mod root;
pub mod slots;
pub mod supervision;
pub mod swarm;
pub mod tracker;
