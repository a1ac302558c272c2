//! Lookups over ten thousand lab nodes on real loopback sockets, and how many questions
//! one node of ours answers: `cargo bench --bench dht [-- SEED] [--nodes N] [--quick]`.
//! For tests/interop/dht_compare.py: with `SEED --nodes N --serve` the lab alone, which
//! tells who has asked it what; with `SEED --search ADDRESS...` ours alone, which looks up
//! what standard input names. With `--ask ADDRESS` it is who asks and asks.
#![allow(clippy::unwrap_used, missing_docs)]

mod answers;
#[path = "../../tests/dht/citizen.rs"]
mod citizen;
#[path = "../common/mod.rs"]
mod common;
mod lab;
mod lookups;
mod ours;

use std::net::SocketAddr;

use bta::clock::Clock;
use bta::protocol::dht::Event;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::{runtime, task};

use lab::Lab;
use ours::Ours;

const SEED: u64 = 2015;
const NODES: u32 = 10_000;
const QUICK_NODES: u32 = 300;

/// A line is a port: what it has asked since it was named last.
async fn serve(lab: &Lab) {
    let torrents = lab.torrents.iter().map(|it| {
        let peers: Vec<_> = it.peers.iter().map(ToString::to_string).collect();
        json!({"info_hash": it.info_hash.to_string(), "peers": peers})
    });
    let torrents: Vec<_> = torrents.collect();
    println!(
        "{}",
        json!({"bootstrap": lab.bootstrap, "torrents": torrents})
    );
    let mut orders = orders();
    while let Some(order) = orders.recv().await {
        let seen = lab.seen(order.parse().unwrap());
        let between = seen.between.map(|(first, last)| [first, last]);
        let between = between.map(|it| it.map(|at| at.since(lab.opened).as_secs_f64()));
        println!(
            "{}",
            json!({"searches": seen.searches, "others": seen.others, "between": between})
        );
    }
}

/// Our port, then a line for each peer of a torrent that was asked for.
async fn search(clock: Clock, seed: u64, seeds: &[SocketAddr]) {
    let mut ours = Ours::join(clock, seed, seeds).await;
    println!("{}", ours.socket.local_addr().unwrap().port());
    let mut orders = orders();
    loop {
        tokio::select! {
            () = ours.step() => {}
            order = orders.recv() => match order {
                Some(order) => ours.node.look_up(clock.now(), order.parse().unwrap(), None),
                None => return,
            },
        }
        while let Some(event) = ours.node.poll_event() {
            if let Event::Found(info_hash, peers) = event {
                peers.iter().for_each(|it| println!("{info_hash} {it}"));
            }
        }
    }
}

/// The lines of standard input.
fn orders() -> mpsc::Receiver<String> {
    let (orders, received) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut lines = std::io::stdin().lines().map_while(Result::ok);
        while let Some(line) = lines.next()
            && orders.blocking_send(line).is_ok()
        {}
    });
    received
}

fn main() {
    if let Some(node) = common::value("--ask") {
        return answers::ask(node);
    }
    let arguments = common::arguments();
    let seed = arguments.first().and_then(|it| it.parse().ok());
    let seed = seed.unwrap_or(SEED);
    let seeds: Vec<_> = arguments.iter().filter_map(|it| it.parse().ok()).collect();
    let usual = if common::is_quick() {
        QUICK_NODES
    } else {
        NODES
    };
    let nodes = common::value("--nodes").unwrap_or(usual);
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    task::LocalSet::new().block_on(&runtime.unwrap(), async {
        let clock = Clock::start();
        if common::has("--search") {
            return search(clock, seed, &seeds).await;
        }
        let lab = Lab::open(clock, seed, nodes).await;
        if common::has("--serve") {
            return serve(&lab).await;
        }
        common::header();
        let ours = lookups::measure(clock, seed, nodes, &lab).await;
        answers::measure(clock, ours).await;
    });
}
