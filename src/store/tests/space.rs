//! What a store takes of the disk.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::*;

/// Bytes on disk after a swarm grew, and its peers' rows were written again meanwhile.
fn grown(folder: &Path, tidily: bool) -> u64 {
    const BATCH: u32 = 100;
    let (mut writer, _) = open(folder);
    let row = |number: u32, visits| PeerRow {
        visits,
        ..peer(number.into(), PeerState::Below)
    };
    for round in 1..200 {
        let known = (0..BATCH).map(|it| (it * round, round));
        let new = (0..BATCH).map(|it| (it + round * BATCH, 0));
        let rows = known.chain(new);
        let records = rows.map(|(it, visits)| Record::Peer(T, PeerNumber(it), row(it, visits)));
        writer.commit(&records.collect::<Vec<_>>()).unwrap();
        while tidily && writer.tidying().is_some() {
            writer.tidy().unwrap();
        }
    }
    let peers = writer.load(T).unwrap().peers;
    assert!(
        peers
            .iter()
            .all(|(number, it)| *it == row(number.0, it.visits))
    );
    writer.close(NOW).unwrap();
    fs::metadata(folder.join("store/db")).unwrap().blocks() * 512
}

#[test]
fn a_tidied_store_grows_less_with_rows_that_are_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let untidy = grown(&folder.path().join("untidy"), false);
    let tidy = grown(&folder.path().join("tidy"), true);
    assert!(tidy * 5 < untidy * 4, "{tidy} bytes, untidy {untidy}");
}
