//! The table as it is kept from run to run: a bencoded dictionary of our name (`id`)
//! and of nodes in compact form (`nodes`, `nodes6`).

use super::contact::{Contact, compact_nodes, write_nodes};
use super::limits;
use super::node_id::NodeId;
use crate::protocol::address::IpFamily;
use crate::protocol::bencode::{self, Node, Tail, Writer};

/// The longest file that is read: more than any that we write.
pub const FILE_BYTES: usize = 64 << 10;

/// What a run leaves to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Our name.
    pub id: NodeId,
    /// Nodes that answered.
    pub nodes: Vec<Contact>,
}

impl Saved {
    /// Reads what [`Saved::write`] wrote; none where it is anything else.
    pub fn read(bytes: &[u8], family: IpFamily) -> Option<Saved> {
        let root = bencode::decode(bytes, FILE_BYTES, Tail::Refused).ok()?;
        let id = root.bytes_at("id")?.try_into().map(NodeId).ok()?;
        let nodes = root.bytes_at(family.nodes_key())?;
        let nodes = compact_nodes(nodes, family).take(limits::SAVED_NODES);
        Some(Saved {
            id,
            nodes: nodes.collect(),
        })
    }

    /// As it is kept.
    pub fn write(&self, family: IpFamily) -> Vec<u8> {
        let kept = &self.nodes[..self.nodes.len().min(limits::SAVED_NODES)];
        let mut out = Writer::new(b"d");
        out.entry("id", &self.id.0);
        out.bytes(family.nodes_key().as_bytes());
        write_nodes(kept, out.begin_bytes(kept.len() * family.node_bytes()));
        out.end(b"e")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for (family, address) in [(IpFamily::V4, "1.2.3.4:5"), (IpFamily::V6, "[2001::1]:5")] {
            let saved = Saved {
                id: NodeId([7; 20]),
                nodes: vec![
                    Contact {
                        id: NodeId([9; 20]),
                        address: address.parse().unwrap()
                    };
                    3
                ],
            };
            let bytes = saved.write(family);
            assert_eq!(Saved::read(&bytes, family), Some(saved));
            assert_eq!(Saved::read(&bytes[1..], family), None);
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..=255)) {
            let _ = Saved::read(&bytes, IpFamily::V4);
        }
    }
}
