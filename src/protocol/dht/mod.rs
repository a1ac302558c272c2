//! The distributed hash table: who stores which peers, found out step by step from
//! nodes that nobody vouches for.
//!
//! Source: BEP 5; BEP 32 (IPv6), BEP 33 (scrapes), BEP 42 (node ids), BEP 43
//! (read-only nodes), BEP 51 (samples).

pub mod contact;
pub mod external;
pub mod filter;
pub mod krpc;
pub mod limits;
pub mod lookup;
pub mod node;
pub mod node_id;
pub mod quota;
pub mod routing_table;
pub mod saved;
pub mod storage;
pub mod tokens;

pub use contact::Contact;
pub use lookup::LookupReport;
pub use node::{Counts, Event, Node, ScrapeReport, Settings, Transmit};
pub use node_id::NodeId;
