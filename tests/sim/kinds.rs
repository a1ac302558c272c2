//! Big swarms with everybody in them: what is confirmed of each kind of peer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bta::lab::peer::{Fate, Reach};
use bta::lab::truth::PeerTruth;
use bta::lab::{Judgement, Scenario};

use crate::crowds::seeds;
use crate::world::{HOUR, MINUTE, World, in_virtual_time};

/// Behind a NAT a third, full a twentieth, some gone or silent; liars and pretenders;
/// connections break, datagrams are lost, a third leaves within a minute of completing.
fn everybody(seed: u64, peers: usize, span: Duration) -> Scenario {
    let mut scenario = Scenario::sim(seed, peers, span);
    let crowd = &mut scenario.crowd;
    let some = |share: usize| peers / share;
    crowd.extras = vec![
        (Fate::SuperSeeds, some(40)),
        (Fate::PartialSeed, some(40)),
        (Fate::Rechecks, some(80)),
        (Fate::Lies, some(80)),
        (Fate::StopsShort, some(80)),
    ];
    crowd.reach = vec![
        (Reach::Open, 0.6),
        (Reach::Firewalled, 0.33),
        (Reach::Full, 0.05),
        (Reach::Mute, 0.02),
    ];
    crowd.ghosts = vec![(Reach::Dead, some(12))];
    crowd.churn = Some(20 * MINUTE);
    crowd.gossip_alone = 0.05;
    crowd.dual_stack = 0.1;
    scenario
}

/// Confirmed, and of how many, by kind.
#[derive(Default)]
struct Table(BTreeMap<String, (usize, usize)>);

impl Table {
    fn count(&mut self, judgement: &Judgement) {
        let hits: BTreeSet<usize> = judgement.hits.iter().map(|hit| hit.peer).collect();
        for (index, peer) in judgement.truth.peers.iter().enumerate() {
            if peer.completed.is_some() {
                for kind in kinds(peer) {
                    let (confirmed, of) = self.0.entry(kind).or_default();
                    *of += 1;
                    *confirmed += usize::from(hits.contains(&index));
                }
            }
        }
    }

    fn print(&self) {
        println!("| kind of peer | completed | confirmed | |\n|---|---|---|---|");
        for (kind, (confirmed, of)) in &self.0 {
            let percent = 100 * confirmed / of;
            println!("| {kind} | {of} | {confirmed} | {percent} % |");
        }
    }
}

/// The rows of the table that a peer stands in.
fn kinds(peer: &PeerTruth) -> [String; 5] {
    [
        "all".into(),
        format!("all {}", peer.reach),
        format!("{}, {}", peer.reach, peer.fate),
        format!("{}, {}", peer.reach, peer.client),
        format!("known to {}", peer.known.label()),
    ]
}

fn measures_each_kind(seeds: &[u64], peers: usize, span: Duration, jobs: u32) -> Table {
    let mut table = Table::default();
    for &seed in seeds {
        in_virtual_time(async {
            let mut world = World::of(&everybody(seed, peers, span)).await;
            world.config.jobs = Some(jobs);
            world.run(span).await;
            let judgement = world.judge();
            assert!(judgement.wrong.is_empty(), "{:?}", judgement.wrong);
            let offences = &judgement.truth.offences;
            assert!(offences.is_empty(), "{offences:?}");
            println!("kinds: seed {seed}: {}, 0 wrong", judgement.all);
            table.count(&judgement);
        });
    }
    println!("kinds: {peers} peers, {span:?}, -j {jobs}, seeds {seeds:?}");
    table.print();
    table
}

#[test]
fn confirms_of_each_kind_what_can_be_met() {
    let table = measures_each_kind(&[11], 300, HOUR / 2, 150);
    let (confirmed, of) = table.0["open, stays"];
    assert!(confirmed * 2 >= of, "{confirmed} of {of}");
}

/// `just sim-big`
#[test]
#[ignore = "many minutes"]
fn confirms_of_each_kind_in_swarms_of_thousands() {
    for jobs in [2_500, 250] {
        measures_each_kind(&seeds(), 2_500, HOUR, jobs);
    }
}
