//! Torrents that are named by a link alone: what they are is asked of their peers.

use std::time::Duration;

use bta::lab::{Judgement, Scenario};
use bta::store::Reader;
use bta::store::records::TorrentRow;
use bta::swarm::facts::TorrentNumber;

use crate::world::{HOUR, MINUTE, World, in_virtual_time, overlooked};

/// One torrent, whose peers give no metadata for so long.
fn withheld(span: Duration) -> Scenario {
    let mut scenario = scenario();
    scenario.torrents[0].withholds = span;
    scenario
}

fn scenario() -> Scenario {
    let mut scenario = Scenario::sim(71, 80, HOUR);
    scenario.torrents.truncate(1);
    scenario
}

fn torrents(world: &World) -> Vec<(TorrentNumber, TorrentRow)> {
    Reader::open(&world.config.output)
        .unwrap()
        .torrents()
        .unwrap()
}

/// An hour of the swarm, named by a file or by a link.
fn hour(scenario: &Scenario, by_link: bool) -> Judgement {
    in_virtual_time(async {
        let mut world = World::of(scenario).await;
        if by_link {
            world.name_by_links();
        }
        world.run(HOUR).await;
        let harvest = world.harvest();
        assert!(harvest.adds_up());
        assert_eq!(harvest.count_events("metadata_found"), usize::from(by_link));
        let (_, row) = &torrents(&world)[0];
        let torrent = &world.lab.torrents()[0];
        assert_eq!((row.pieces, &row.name), (torrent.pieces, &torrent.name));
        assert_eq!(row.size_bytes, torrent.len_bytes());
        world.judge()
    })
}

#[test]
fn a_link_counts_what_the_file_would() {
    let (file, link) = (hour(&scenario(), false), hour(&scenario(), true));
    for judgement in [&file, &link] {
        assert!(judgement.wrong.is_empty() && judgement.truth.offences.is_empty());
        assert!(overlooked(judgement) <= 1);
    }
    let (file, link) = (file.all.confirmed, link.all.confirmed);
    println!("confirmed by file {file}, by link {link}");
    assert!(link + 1 >= file && link > 5, "{link} of {file}");
}

/// Many sessions end in that time; what they told is not lost.
#[test]
fn metadata_that_comes_late_costs_little() {
    let scenario = withheld(10 * MINUTE);
    let (file, link) = (hour(&scenario, false), hour(&scenario, true));
    for judgement in [&file, &link] {
        assert!(judgement.wrong.is_empty() && judgement.truth.offences.is_empty());
    }
    let (file, link) = (file.all.confirmed, link.all.confirmed);
    println!("confirmed by file {file}, by link, ten minutes late, {link}");
    assert!(link + 2 >= file && link > 5, "{link} of {file}");
}

/// A link whose metadata nobody gives is told of, and harms no other torrent.
#[test]
fn metadata_that_never_comes_harms_nobody() {
    in_virtual_time(async {
        let mut scenario = Scenario::sim(72, 60, HOUR / 2);
        scenario.torrents[1].withholds = 10 * HOUR;
        let mut world = World::of(&scenario).await;
        world.name_by_links();
        world.run(HOUR / 2).await;
        let harvest = world.harvest();
        assert!(harvest.adds_up());
        assert_eq!(harvest.count_events("metadata_found"), 1);
        let rows = torrents(&world);
        assert_eq!((rows[0].1.pieces, rows[1].1.pieces), (1_400, 0));
        let judgement = world.judge();
        assert!(judgement.wrong.is_empty() && judgement.truth.offences.is_empty());
        assert!(judgement.all.confirmed > 3);
    });
}

/// What was asked of peers once is not asked again, and the count goes on.
#[test]
fn a_continued_run_knows_the_metadata() {
    in_virtual_time(async {
        let mut world = World::of(&scenario()).await;
        world.name_by_links();
        world.run(HOUR / 2).await;
        let file = format!("metadata/{}.torrent", world.lab.torrents()[0].info_hash);
        assert!(world.config.output.join(file).is_file());
        world.run(HOUR / 2).await;
        let harvest = world.harvest();
        assert_eq!(harvest.count_events("metadata_found"), 1);
        let judgement = world.judge();
        assert!(judgement.wrong.is_empty() && judgement.truth.offences.is_empty());
        assert!(judgement.all.confirmed > 5);
    });
}
