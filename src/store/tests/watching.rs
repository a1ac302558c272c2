//! What can be seen of a store while its writer has it open.

use super::*;
use crate::store::snapshot::Snapshot;
use crate::store::tail::Tail;

/// All that `live` shows, read as a client reads it.
fn snapshot(live: &Live) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for tree in Tree::ALL.into_iter().rev() {
        let mut after = Vec::new();
        loop {
            let chunk = live.chunk(tree, &after).unwrap().unwrap();
            if chunk.bytes.is_empty() {
                break;
            }
            snapshot.add(tree, &chunk.bytes).unwrap();
            after = chunk.last_key;
        }
    }
    snapshot
}

fn rows(reader: &Reader) -> (Vec<PeerRow>, Vec<CompletionRow>) {
    let peers = reader.peers(None).map(|row| row.unwrap().1);
    let completions = reader.completions(None).map(|row| row.unwrap().1);
    (peers.collect(), completions.collect())
}

#[test]
fn a_snapshot_has_what_the_store_has_and_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(folder.path());
    let live = Live::default();
    assert!(live.chunk(Tree::Peers, &[]).is_none());
    writer.show_to(&live);
    writer.torrent_number(&torrent(1));
    // More than one chunk.
    let many: Vec<_> = (1..3_000).map(below).collect();
    writer.commit(&many).unwrap();
    writer.commit(&[rise(7, Verdict::Confirmed, 90)]).unwrap();

    let reader = Reader::live(folder.path(), snapshot(&live), NOW).unwrap();
    let seen = rows(&reader);
    assert_eq!((seen.0.len(), seen.1.len()), (2_999, 1));
    assert_eq!(reader.torrents().unwrap(), [(T, torrent(1))]);
    assert_eq!(
        (reader.as_of(), reader.parameters()),
        (Some(NOW), &PARAMETERS)
    );
    // The reader is still there, and in nobody's way.
    writer.close(NOW).unwrap();
    assert!(live.chunk(Tree::Peers, &[]).is_none());
    let rest = Reader::open(folder.path()).unwrap();
    assert_eq!(rows(&rest), seen);
    assert_eq!(rest.as_of(), None);
}

#[test]
fn shows_the_store_that_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let live = Live::default();
    let (writer, _) = open(folder.path());
    writer.show_to(&live);
    drop(writer);
    assert!(live.chunk(Tree::Meta, &[]).is_none());
    let (writer, _) = open(folder.path());
    writer.show_to(&live);
    assert!(live.chunk(Tree::Meta, &[]).is_some());
}

#[test]
fn rows_written_while_trees_are_read_refer_to_nothing_missing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(folder.path());
    let live = Live::default();
    writer.show_to(&live);
    writer.torrent_number(&torrent(1));
    std::thread::scope(|scope| {
        let writing = scope.spawn(move || {
            for number in 1..400 {
                let mut row = peer(number.into(), PeerState::Below);
                row.client = format!("client {number}").into();
                let row = Record::Peer(T, PeerNumber(number), row);
                let risen = rise(number, Verdict::Confirmed, 90);
                writer.commit(&[row, risen]).unwrap();
            }
            writer
        });
        let mut before = 0;
        while !writing.is_finished() {
            let reader = Reader::live(folder.path(), snapshot(&live), NOW).unwrap();
            // A name that is missing is an error, a peer that is missing a smaller number.
            let (peers, completions) = rows(&reader);
            assert!(peers.len() >= completions.len());
            assert!(completions.len() >= before);
            before = completions.len();
        }
        writing.join().unwrap();
    });
}

#[test]
fn follows_completions_through_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(folder.path());
    let live = Live::default();
    writer.show_to(&live);
    writer.torrent_number(&torrent(1));
    writer.commit(&[rise(1, Verdict::Confirmed, 90)]).unwrap();
    let mut tail = Tail::of(folder.path()).unwrap();
    writer.commit(&[rise(2, Verdict::Confirmed, 91)]).unwrap();
    let reader = Reader::live(folder.path(), snapshot(&live), NOW).unwrap();
    writer.commit(&[below(3)]).unwrap();
    writer.commit(&[rise(3, Verdict::Unproven, 92)]).unwrap();
    let mut news = || {
        let news = tail.news(&reader).unwrap();
        let of = |((_, peer), _): &((_, PeerNumber), _)| peer.0;
        news.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(rows(&reader).1.len(), 2);
    assert_eq!(news(), [3], "2 is in the snapshot");
    assert_eq!(news(), [0; 0]);
    writer.commit(&[rise(4, Verdict::Confirmed, 93)]).unwrap();
    // Half a row, as it lies there while it is written.
    let journal = folder.path().join("completions.journal");
    let whole = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(news(), [0; 0]);
    std::fs::write(&journal, [&whole[..], &whole[whole.len() - 60..]].concat()).unwrap();
    assert_eq!(news(), [4]);
    assert_eq!(news(), [0; 0]);
}
