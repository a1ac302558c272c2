//! What is lost or damaged comes back.

use std::fs;

use super::*;
use crate::store::folder::copy_database;

#[test]
fn a_deleted_database_comes_back_from_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let records = [
        below(1),
        rise(2, Verdict::Confirmed, 90),
        rise(2, Verdict::Again, 95),
        rise(7, Verdict::Unproven, 80),
    ];
    stored(folder.path(), &records);
    let before = completions(folder.path());
    assert_eq!(before.len(), 3);
    fs::remove_dir_all(folder.path().join("store")).unwrap();
    // Seen at once, and without a trace.
    assert_eq!(completions(folder.path()), before);
    assert!(!folder.path().join("store").exists());

    let (writer, opened) = open(folder.path());
    assert!(opened.resumed && !opened.clean);
    assert_eq!(opened.replayed, 4);
    assert_eq!(opened.torrents, [(T, torrent(1))]);
    let loaded = writer.load(T).unwrap();
    assert_eq!(loaded.next_peer, PeerNumber(8));
    assert!(loaded.confirmed.keys().eq(&[PeerNumber(2)]));
    let [(second, confirmed), (seventh, unproven)] = &loaded.peers[..] else {
        panic!("{:?}", loaded.peers);
    };
    assert_eq!((second.0, confirmed.state), (2, PeerState::Confirmed));
    assert_eq!((seventh.0, unproven.state), (7, PeerState::NotCounted));
    assert_eq!(confirmed.ids, risen(2, Verdict::Confirmed, 0).ids);
    assert_eq!(confirmed.first, Some(seen(0, 10)));
    assert_eq!(&*confirmed.prefix, "-TR");
    writer.close(NOW).unwrap();
    assert_eq!(completions(folder.path()), before);
}

#[test]
fn a_damaged_database_is_set_aside_and_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    stored(folder.path(), &[below(1), rise(1, Verdict::Confirmed, 90)]);
    let before = completions(folder.path());
    for file in ["db", "conf"] {
        let path = folder.path().join("store").join(file);
        let mut bytes = fs::read(&path).unwrap();
        bytes
            .iter_mut()
            .for_each(|byte| *byte = byte.wrapping_add(0x55));
        fs::write(&path, bytes).unwrap();
        let reader = Reader::open(folder.path()).unwrap();
        assert!(reader.remarks()[0].starts_with("the database is damaged"));
        drop(reader);
        assert_eq!(completions(folder.path()), before);
        let (writer, opened) = open(folder.path());
        let aside = opened.damaged.clone().unwrap();
        assert!(aside.join("db").is_file());
        assert!(
            opened
                .remarks()
                .iter()
                .any(|(kind, _)| *kind == "database_damaged")
        );
        let loaded = writer.load(T).unwrap();
        assert!(loaded.confirmed.keys().eq(&[PeerNumber(1)]));
        writer.close(NOW).unwrap();
        assert_eq!(completions(folder.path()), before);
    }
}

#[test]
fn a_deleted_journal_comes_back_from_the_database() {
    let folder = tempfile::tempdir().unwrap();
    stored(folder.path(), &[rise(1, Verdict::Confirmed, 90)]);
    let before = completions(folder.path());
    fs::remove_file(folder.path().join("completions.journal")).unwrap();
    let (writer, opened) = open(folder.path());
    assert!(opened.resumed);
    writer.close(NOW).unwrap();
    fs::remove_dir_all(folder.path().join("store")).unwrap();
    assert_eq!(completions(folder.path()), before);
}

#[test]
fn a_peer_confirmed_under_two_numbers_stays_one_download() {
    let folder = tempfile::tempdir().unwrap();
    let merged = |number| {
        let row = PeerRow {
            merged_into: Some(PeerNumber(1)),
            ..peer(u64::from(number), PeerState::Merged)
        };
        Record::Peer(T, PeerNumber(number), row)
    };
    let both = [
        rise(1, Verdict::Confirmed, 90),
        rise(2, Verdict::Confirmed, 91),
        below(3),
    ];
    stored(folder.path(), &both);
    let verdicts = || {
        let rows = completions(folder.path()).into_iter();
        rows.map(|(_, verdict, _)| verdict).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(), [Verdict::Confirmed, Verdict::Confirmed]);
    stored(folder.path(), &[merged(2), merged(3)]);
    let once = [Verdict::Confirmed, Verdict::Again];
    assert_eq!(verdicts(), once);
    // From the journal alone, and from the database alone.
    fs::remove_dir_all(folder.path().join("store")).unwrap();
    assert_eq!(verdicts(), once);
    stored(folder.path(), &[]);
    assert_eq!(verdicts(), once);
    fs::remove_file(folder.path().join("completions.journal")).unwrap();
    stored(folder.path(), &[]);
    fs::remove_dir_all(folder.path().join("store")).unwrap();
    assert_eq!(verdicts(), once);
    let (writer, _) = open(folder.path());
    let peers = writer.load(T).unwrap().peers;
    assert_eq!(peers[1].1.merged_into, Some(PeerNumber(1)));
}

#[test]
fn a_number_of_a_lost_torrent_is_not_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(folder.path());
    let lost = TorrentNumber(5);
    let row = risen(1, Verdict::Confirmed, 90);
    let record = Record::Completion(lost, PeerNumber(1), row);
    writer.commit(&[record]).unwrap();
    drop(writer);
    let (mut writer, opened) = open(folder.path());
    assert!(opened.resumed && !opened.clean);
    assert_eq!(writer.torrent_number(&torrent(1)), TorrentNumber(6));
}

#[test]
fn damage_is_noticed_wherever_it_lies() {
    const PEERS: u32 = 12_000;
    let whole = tempfile::tempdir().unwrap();
    stored(whole.path(), &(1..=PEERS).map(below).collect::<Vec<_>>());
    stored(whole.path(), &[rise(1, Verdict::Confirmed, 90)]);
    let intact = fs::read(whole.path().join("store/db")).unwrap();
    let mut found = 0;
    for tenth in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        copy_database(&whole.path().join("store"), &folder.path().join("store")).unwrap();
        for name in ["completions.journal", "secret"] {
            fs::copy(whole.path().join(name), folder.path().join(name)).unwrap();
        }
        let mut bytes = intact.clone();
        for byte in &mut bytes[intact.len() * tenth / 10..][..4096] {
            *byte = byte.wrapping_add(0x55);
        }
        fs::write(folder.path().join("store/db"), bytes).unwrap();
        let reader = Reader::open(folder.path()).unwrap();
        let remarked = !reader.remarks().is_empty();
        drop(reader);
        let (writer, opened) = open(folder.path());
        assert_eq!(opened.damaged.is_some(), remarked);
        let loaded = writer.load(T).unwrap();
        // What is not noticed has hurt nothing: it lay where nothing lives.
        assert!(remarked || loaded.peers.len() == PEERS as usize);
        assert!(loaded.confirmed.keys().eq(&[PeerNumber(1)]));
        found += u32::from(remarked);
    }
    assert!(found > 3, "{found}");
}
