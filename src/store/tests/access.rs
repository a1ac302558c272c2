//! Who may open a store, and with what.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use super::*;

#[test]
fn a_new_store_is_empty_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("output/run");
    let (writer, opened) = open(&run);
    assert!(!opened.resumed && opened.clean);
    assert_eq!(opened.torrents, []);
    let loaded = writer.load(T).unwrap();
    assert_eq!(loaded.next_peer, PeerNumber(1));
    writer.close(NOW).unwrap();
    let mut unseen = vec![run.clone()];
    let mut files = 0;
    while let Some(path) = unseen.pop() {
        let meta = fs::metadata(&path).unwrap();
        let mode = meta.permissions().mode() & 0o777;
        if meta.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            unseen.extend(fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
        } else {
            assert_eq!(mode, 0o600, "{}", path.display());
            files += 1;
        }
    }
    assert!(files >= 4, "journal, secret and sled's own");
}

#[test]
fn refuses_other_parameters_and_names_both_values() {
    let folder = tempfile::tempdir().unwrap();
    stored(folder.path(), &[]);
    for (parameters, message) in [
        (
            Parameters {
                threshold_permille: 900,
                ..PARAMETERS
            },
            "--threshold 0.98, not 0.9",
        ),
        (
            Parameters {
                allow_local: true,
                ..PARAMETERS
            },
            "--allow-local off, not on",
        ),
        (
            Parameters {
                keep_addresses: true,
                ..PARAMETERS
            },
            "--keep-addresses off, not on",
        ),
    ] {
        let error = try_open(folder.path(), &parameters).unwrap_err();
        assert_eq!(error.label(), "other_parameter");
        assert!(error.to_string().contains(message), "{error}");
    }
    // The journal alone tells it, and the database alone.
    let other = Parameters {
        threshold_permille: 900,
        ..PARAMETERS
    };
    fs::remove_dir_all(folder.path().join("store")).unwrap();
    let error = try_open(folder.path(), &other).unwrap_err();
    assert_eq!(error.label(), "other_parameter");
    stored(folder.path(), &[]);
    fs::remove_file(folder.path().join("completions.journal")).unwrap();
    let error = try_open(folder.path(), &other).unwrap_err();
    assert_eq!(error.label(), "other_parameter");
    assert!(try_open(folder.path(), &PARAMETERS).is_ok());
}

#[test]
fn refuses_to_go_on_without_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = open(folder.path());
    let secret = writer.secret();
    writer.close(NOW).unwrap();
    assert_eq!(open(folder.path()).0.secret(), secret);
    let path = folder.path().join("secret");
    assert_eq!(fs::read(&path).unwrap(), secret);
    fs::write(&path, [0; 32]).unwrap();
    assert_eq!(
        try_open(folder.path(), &PARAMETERS).unwrap_err().label(),
        "secret_lost"
    );
    fs::remove_file(&path).unwrap();
    assert_eq!(
        try_open(folder.path(), &PARAMETERS).unwrap_err().label(),
        "secret_lost"
    );
    assert!(Reader::open(folder.path()).is_ok());
    fs::write(&path, secret).unwrap();
    assert!(try_open(folder.path(), &PARAMETERS).is_ok());
}

#[test]
fn one_writer_at_a_time_and_no_reader_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = open(folder.path());
    let error = try_open(folder.path(), &PARAMETERS).unwrap_err();
    assert_eq!(error.label(), "crawler_running");
    let error = Reader::open(folder.path()).err().unwrap();
    assert_eq!(error.label(), "crawler_running");
    writer.close(NOW).unwrap();
    assert!(Reader::open(folder.path()).is_ok());
}

#[test]
fn waits_for_another_reader() {
    let folder = tempfile::tempdir().unwrap();
    stored(folder.path(), &[rise(1, Verdict::Confirmed, 90)]);
    let first = Reader::open(folder.path()).unwrap();
    let error = Reader::open_within(folder.path(), Duration::ZERO)
        .err()
        .unwrap();
    assert_eq!(error.label(), "busy");
    let path = folder.path().to_path_buf();
    let second = thread::spawn(move || completions(&path).len());
    drop(first);
    assert_eq!(second.join().unwrap(), 1);
}

#[test]
fn finds_a_store_by_its_database_and_nothing_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let error = |path: &Path| Reader::open(path).err().unwrap().label();
    assert_eq!(error(&run), "missing");
    assert_eq!(error(folder.path()), "not_a_store");
    stored(&run, &[rise(1, Verdict::Confirmed, 90)]);
    assert_eq!(completions(&run).len(), 1);
    assert_eq!(completions(&run.join("store")).len(), 1);
    assert_eq!(error(&run.join("secret")), "not_a_store");
    let inside = try_open(&run.join("store"), &PARAMETERS).unwrap_err();
    assert_eq!(inside.label(), "inside_a_store");
}

#[test]
fn the_secret_stands_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(folder.path());
    let secret = writer.secret();
    writer.commit(&[rise(1, Verdict::Confirmed, 90)]).unwrap();
    writer.close(NOW).unwrap();
    let holds = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        bytes.windows(8).any(|window| window == &secret[..8])
    };
    assert!(holds(&folder.path().join("secret")));
    assert!(!holds(&folder.path().join("completions.journal")));
    assert!(!holds(&folder.path().join("store/db")));
}
