use std::fs;

use proptest::prelude::*;

use super::*;
use crate::moment::Moment;
use crate::protocol::info_hash::InfoHash;
use crate::store::records::{Parameters, TorrentRow};
use crate::swarm::facts::TorrentNumber;

fn begun() -> JournalRow {
    JournalRow::Begun(Begun {
        at: Moment::from_millis(1_795_405_441_250),
        parameters: Parameters {
            threshold_permille: 980,
            allow_local: true,
            keep_addresses: false,
        },
        fingerprint: 0x0102_0304_0506_0708,
    })
}

fn torrent(number: u32) -> JournalRow {
    let row = TorrentRow {
        info_hash: InfoHash([number as u8; 20]),
        info_hash_v2: None,
        name: format!("torrent {number}"),
        pieces: 1,
        piece_length_bytes: 16_384,
        size_bytes: 16_384,
        private: false,
        trackers: Vec::new(),
        origin: String::new(),
        added_at: Moment::EPOCH,
    };
    JournalRow::Torrent(TorrentNumber(number), row)
}

/// A folder with a journal of these rows.
fn journal(rows: &[JournalRow]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("completions.journal");
    let mut journal = Journal::lock(&path).unwrap().unwrap();
    journal.append(rows).unwrap();
    (folder, path)
}

fn read(path: &Path) -> (Vec<JournalRow>, Extent) {
    let mut rows = Vec::new();
    let extent = Journal::read(path, |row| {
        rows.push(row);
        Ok(())
    });
    (rows, extent.unwrap())
}

#[test]
fn a_row_stands_byte_by_byte() {
    let (_folder, path) = journal(&[begun()]);
    let bytes = fs::read(path).unwrap();
    assert_eq!(bytes[..4], [0xff, 0x4a, 0x52, 0x01]);
    let mut payload = vec![1, 1, 0xe2, 0xd1, 0x83, 0xb4, 0xa0, 0x34];
    payload.extend([8, 7, 6, 5, 4, 3, 2, 1]);
    payload.extend([0xd4, 0x07, 0x01]); // 980, local addresses
    assert_eq!(bytes[4..8], (payload.len() as u32).to_le_bytes());
    assert_eq!(bytes[8..16], blake3::hash(&payload).as_bytes()[..8]);
    assert_eq!(bytes[16..], payload);
}

#[test]
fn reads_rows_of_several_openings() {
    let (_folder, path) = journal(&[begun(), torrent(1)]);
    let mut again = Journal::lock(&path).unwrap().unwrap();
    again.append(&[torrent(2)]).unwrap();
    let (rows, extent) = read(&path);
    assert_eq!(rows, [begun(), torrent(1), torrent(2)]);
    assert_eq!(extent.torn_bytes, 0);
    assert_eq!(extent.whole_end, fs::metadata(&path).unwrap().len());
}

#[test]
fn cuts_a_torn_end_wherever_it_is_torn() {
    let (_folder, path) = journal(&[begun(), torrent(1)]);
    let whole = fs::read(&path).unwrap();
    let mut torn = Vec::new();
    frame(&torrent(2).encode(), &mut torn);
    for len in 0..torn.len() {
        fs::write(&path, [&whole, &torn[..len]].concat()).unwrap();
        let (rows, extent) = read(&path);
        assert_eq!(rows, [begun(), torrent(1)]);
        assert_eq!(extent.torn_bytes, len as u64);
        let mut journal = Journal::lock(&path).unwrap().unwrap();
        journal.cut(extent.whole_end).unwrap();
        journal.append(&[torrent(3)]).unwrap();
        let (rows, extent) = read(&path);
        assert_eq!(rows, [begun(), torrent(1), torrent(3)]);
        assert_eq!(extent.torn_bytes, 0);
    }
}

#[test]
fn damage_costs_only_the_row_that_it_hit() {
    let (_folder, path) = journal(&[begun(), torrent(1), torrent(2)]);
    let whole = fs::read(&path).unwrap();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    frame(&begun().encode(), &mut first);
    frame(&torrent(1).encode(), &mut second);
    for offset in first.len()..first.len() + second.len() {
        let mut bytes = whole.clone();
        bytes[offset] ^= 0x40;
        fs::write(&path, &bytes).unwrap();
        let (rows, extent) = read(&path);
        assert_eq!(rows, [begun(), torrent(2)], "damaged at {offset}");
        assert_eq!(extent.torn_bytes, second.len() as u64);
        assert_eq!(extent.whole_end, bytes.len() as u64);
    }
}

#[test]
fn refuses_a_whole_row_of_another_program() {
    let (_folder, path) = journal(&[begun()]);
    assert_eq!(read(&path).0, [begun()]);
    let mut bytes = fs::read(&path).unwrap();
    frame(&[200, 1, 2, 3], &mut bytes);
    fs::write(&path, bytes).unwrap();
    let error = Journal::read(&path, |_| Ok(())).unwrap_err();
    assert_eq!(error.label(), "journal_row");
}

#[test]
fn only_one_writer_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("completions.journal");
    assert!(!Journal::is_locked(&path).unwrap());
    let held = Journal::lock(&path).unwrap().unwrap();
    assert!(Journal::is_locked(&path).unwrap());
    assert!(Journal::lock(&path).unwrap().is_none());
    drop(held);
    assert!(!Journal::is_locked(&path).unwrap());
    assert!(Journal::lock(&path).unwrap().is_some());
}

proptest! {
    #[test]
    fn finds_rows_in_any_rubbish(
        before in proptest::collection::vec(any::<u8>(), 0..256),
        between in proptest::collection::vec(any::<u8>(), 0..256),
    ) {
        let mut bytes = before.clone();
        frame(&begun().encode(), &mut bytes);
        bytes.extend(&between);
        frame(&torrent(1).encode(), &mut bytes);
        let mut scanner = Scanner::new(&bytes[..]);
        let mut payloads = Vec::new();
        while let Some(payload) = scanner.next_payload().unwrap() {
            payloads.push(payload.to_vec());
        }
        prop_assert_eq!(payloads, [begun().encode(), torrent(1).encode()]);
        let torn = (before.len() + between.len()) as u64;
        prop_assert_eq!(scanner.extent().torn_bytes, torn);
    }
}
