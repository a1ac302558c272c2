//! Torrents that are named by a link alone: what they are is asked of their peers.

use bta::lab::{Judgement, Scenario};
use bta::store::Reader;
use bta::store::records::TorrentRow;
use bta::swarm::facts::TorrentNumber;

use crate::world::{HOUR, World, in_virtual_time, overlooked};

fn scenario() -> Scenario {
    let mut scenario = Scenario::sim(71, 80, HOUR);
    scenario.torrents.truncate(1);
    scenario
}

fn torrents(world: &World) -> Vec<(TorrentNumber, TorrentRow)> {
    Reader::open(&world.config.output).unwrap().torrents().unwrap()
}

/// An hour of the same swarm, named by a file or by a link.
fn hour(by_link: bool) -> Judgement {
    in_virtual_time(async {
        let mut world = World::of(&scenario()).await;
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
    let (file, link) = (hour(false), hour(true));
    for judgement in [&file, &link] {
        assert!(judgement.wrong.is_empty() && judgement.truth.offences.is_empty());
        assert!(overlooked(judgement) <= 1);
    }
    let (file, link) = (file.all.confirmed, link.all.confirmed);
    println!("confirmed by file {file}, by link {link}");
    assert!(link + 1 >= file && link > 5, "{link} of {file}");
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
