//! What lookups find and cost.

use std::time::Duration;

use bta::clock::Clock;
use bta::report::units;
use futures_util::future::join_all;

use crate::common::{self, RUNS, Spread, Table};
use crate::lab::Lab;
use crate::ours::Ours;

/// Means over the lookups of one node.
#[derive(Clone, Copy, Debug, Default)]
struct Means {
    found_percent: f64,
    messages: f64,
    asking_s: f64,
    took_s: f64,
}

/// Nodes of ours join, each looks up one torrent after the other, and the lab tells what
/// it saw of each. Returns one of them.
pub(crate) async fn measure(clock: Clock, seed: u64, nodes: u32, lab: &Lab) -> Ours {
    let torrents = if common::is_quick() {
        5
    } else {
        lab.torrents.len()
    };
    let runs = (0..RUNS as u64).map(|run| look_up(clock, seed + run, lab, torrents));
    let (mut ours, means): (Vec<_>, Vec<_>) = join_all(runs).await.into_iter().unzip();
    let spread = |figure: fn(&Means) -> f64| -> Spread { means.iter().map(figure).collect() };
    let found = spread(|it| it.found_percent);
    assert!(found.min() > 50.0, "most peers were not found: {found}");
    let of_all = format!("bta, over {} nodes", units::count(nodes.into()));
    let mut table = Table::new([
        "a lookup",
        "found, %",
        "messages that live nodes saw",
        "from first to last, s",
        "in all, s",
    ]);
    table.row([
        of_all,
        found.to_string(),
        spread(|it| it.messages).to_string(),
        spread(|it| it.asking_s).to_string(),
        spread(|it| it.took_s).to_string(),
    ]);
    table.print();
    ours.swap_remove(0)
}

async fn look_up(clock: Clock, seed: u64, lab: &Lab, torrents: usize) -> (Ours, Means) {
    let mut ours = Ours::join(clock, seed, &lab.bootstrap).await;
    let port = ours.socket.local_addr().unwrap().port();
    lab.seen(port);
    let (mut share, mut searches, mut asking, mut took) = (0.0, 0, Duration::ZERO, Duration::ZERO);
    for torrent in &lab.torrents[..torrents] {
        let (found, duration) = ours.look_up(torrent).await;
        let seen = lab.seen(port);
        share += torrent.peers.intersection(&found).count() as f64 / torrent.peers.len() as f64;
        searches += seen.searches;
        asking += seen.between.map_or(Duration::ZERO, |it| it.1.since(it.0));
        took += duration;
    }
    let count = torrents as f64;
    let means = Means {
        found_percent: 100.0 * share / count,
        messages: f64::from(searches) / count,
        asking_s: asking.as_secs_f64() / count,
        took_s: took.as_secs_f64() / count,
    };
    (ours, means)
}
