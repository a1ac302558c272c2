//! What it costs to read and write bencode, peer messages, KRPC and bitfields, beside the
//! best crate of each kind in the same run: `cargo bench --bench codec [-- WORD...]
//! [--quick]`, WORD being one of those that rows begin with: `bencode`, `peer`, `KRPC`, `bitfield`.
//! All do the same work on the same bytes, and their answers are compared before anything
//! is timed.
#![allow(clippy::unwrap_used, missing_docs)]

mod bencode;
mod bitfield;
#[path = "../common/mod.rs"]
mod common;
mod contest;
mod krpc;
mod message;

use common::Table;

const SEED: u64 = 2015;

fn main() {
    common::header();
    let mut table = Table::new(["work", "by", "ns an item", "MB/s", "bta's time / its"]);
    bencode::hold(&mut table);
    message::hold(&mut table);
    krpc::hold(&mut table);
    bitfield::hold(&mut table);
    table.print();
}
