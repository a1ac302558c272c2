//! Behaviour of reading inputs.

use super::*;

/// A file of one piece named `name`.
fn torrent(name: &str) -> Vec<u8> {
    let head = format!("d4:infod6:lengthi9e4:name{}:{name}", name.len());
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(b"12:piece lengthi16384e6:pieces20:");
    bytes.extend_from_slice(&[7; 20]);
    bytes.extend_from_slice(b"ee");
    bytes
}

/// A folder with the given files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &[u8])]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            let path = folder.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What is read, as lines without the folder's own path.
    fn read(&self, names: &[&str]) -> (Vec<String>, Vec<String>) {
        let paths: Vec<_> = names.iter().map(|name| self.path(name)).collect();
        let inputs = Inputs::read(&paths);
        let short = |text: String| text.replace(&format!("{}/", self.0.path().display()), "");
        let good = inputs.torrents.iter();
        let good = good.map(|it| short(format!("{} from {}", it.name(), it.origin)));
        let again = inputs.duplicates.iter().map(ToString::to_string);
        let bad = inputs.problems.iter().map(ToString::to_string);
        (good.collect(), again.chain(bad).map(short).collect())
    }
}

#[test]
fn reads_files_folders_and_lists() {
    let folder = Folder::with(&[
        ("a.torrent", &torrent("a")),
        ("without-extension", &torrent("b")),
        ("many/d.TORRENT", &torrent("d")),
        ("many/c.torrent", &torrent("c")),
        ("many/readme.txt", b"not one of them"),
        ("lists/e.torrent", &torrent("e")),
        ("lists/list.txt", b"# two\r\ne.torrent\r\n\r\n../deep\r\n"),
        ("deep/f.torrent", &torrent("f")),
    ]);
    let (good, bad) = folder.read(&["a.torrent", "without-extension", "many", "lists/list.txt"]);
    let expected = [
        "a from a.torrent",
        "b from without-extension",
        "c from many/c.torrent",
        "d from many/d.TORRENT",
        "e from lists/list.txt:2",
        "f from lists/../deep/f.torrent",
    ];
    assert_eq!(good, expected);
    assert_eq!(bad, [""; 0]);
}

#[test]
fn names_duplicates_and_crawls_them_once() {
    let folder = Folder::with(&[
        ("a.torrent", &torrent("a")),
        ("copy.torrent", &torrent("a")),
        ("list.txt", b"other.torrent\na.torrent\n"),
        ("other.torrent", &torrent("other")),
    ]);
    let (good, bad) = folder.read(&["a.torrent", "copy.torrent", "list.txt"]);
    assert_eq!(good, ["a from a.torrent", "other from list.txt:1"]);
    let hash = Metainfo::parse(&torrent("a")).unwrap().info_hash;
    let expected = [
        format!("copy.torrent: the same torrent as a.torrent, crawled once ({hash})"),
        format!("list.txt:2: the same torrent as a.torrent, crawled once ({hash})"),
    ];
    assert_eq!(bad, expected);
}

#[test]
fn names_bad_entries_and_keeps_the_good_ones() {
    let list = b"missing.torrent
good.torrent
magnet:?xt=urn:btmh:1220aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899
http://example.org/a.torrent
broken.torrent
v2-only.torrent
list.txt
empty
";
    let v2_only = include_bytes!("../../tests/data/v2-only.torrent");
    let folder = Folder::with(&[
        ("list.txt", list),
        ("good.torrent", &torrent("good")),
        ("broken.torrent", b"d4:infod4:name1:aee"),
        ("v2-only.torrent", v2_only),
        ("empty/readme", b""),
        ("nothing.txt", b"# nothing\n"),
        ("binary", b"PK\x03\x04\0\0"),
    ]);
    let (good, bad) = folder.read(&["nope", "list.txt", "nothing.txt", "binary", "empty"]);
    let link = "aabbccddeeff00112233445566778899aabbccdd from list.txt:3";
    assert_eq!(
        good,
        ["good from list.txt:2", link, "album from list.txt:6"]
    );
    let expected = [
        "nope: not found; check the path",
        "list.txt:1: missing.torrent: not found; check the path: it is relative to the list file",
        "list.txt:4: addresses in the web are not fetched; download the .torrent file and name its path",
        "list.txt:5: broken.torrent: not a usable torrent file: `pieces` is missing; download the file again",
        "list.txt:7: list.txt: neither a .torrent file nor a folder; name other lists on the command line",
        "list.txt:8: empty: a folder without .torrent files; put some in, or name another folder",
        "nothing.txt: a list without entries; write one path of a .torrent file, or one magnet link, a line",
        "binary: neither a .torrent file nor a list in plain text; save the list as UTF-8, one path a line",
        "empty: a folder without .torrent files; put some in, or name another folder",
    ];
    assert_eq!(bad, expected);
}

#[test]
fn reads_no_more_of_a_file_than_a_torrent_may_have() {
    let folder = Folder::with(&[]);
    let big = File::create(folder.path("image.iso")).unwrap();
    big.set_len(limits::TORRENT_FILE_BYTES as u64 + 1).unwrap();
    let (_, bad) = folder.read(&["image.iso"]);
    let expected = "image.iso: longer than 16 MiB; is it the content instead of its .torrent file?";
    assert_eq!(bad, [expected]);
}

#[test]
fn names_what_cannot_be_read() {
    let folder = Folder::with(&[]);
    let name = "x".repeat(300);
    let (good, bad) = folder.read(&[&name]);
    assert_eq!(good, [""; 0]);
    let expected =
        ": cannot be read (File name too long (os error 36)); check it and its permissions";
    assert_eq!(bad, [name + expected]);
}

/// A magnet link of a torrent.
fn magnet(bytes: &[u8], more: &str) -> String {
    let hash = Metainfo::parse(bytes).unwrap().info_hash;
    format!("magnet:?xt=urn:btih:{hash}{more}")
}

#[test]
fn reads_magnet_links_and_bare_info_hashes() {
    let hash = "0123456789abcdef0123456789abcdef01234567";
    let list = format!(
        "# links\nMAGNET:?xt=urn:btih:{hash}&dn=a+b\n{}\n",
        "f".repeat(40)
    );
    let folder = Folder::with(&[("list.txt", list.as_bytes())]);
    let (good, bad) = folder.read(&["list.txt"]);
    let bare = format!("{0} from list.txt:3", "f".repeat(40));
    assert_eq!(good, ["a b from list.txt:2", &bare]);
    assert_eq!(bad, [""; 0]);
    let inputs = Inputs::read(&[
        format!("magnet:?xt=urn:btih:{hash}&dn=c&tr=http://t.example/passkey/announce"),
        "magnet:?dn=d&tr=http://t.example/passkey/announce".into(),
    ]);
    let [torrent] = &inputs.torrents[..] else {
        panic!("{:?}", inputs.torrents);
    };
    // No passkey is shown.
    assert_eq!(
        torrent.origin.to_string(),
        format!("magnet:?xt=urn:btih:{hash}")
    );
    assert_eq!(torrent.trackers(), ["http://t.example/passkey/announce"]);
    let expected = "magnet: a magnet link without `xt=urn:btih:` or `xt=urn:btmh:` and an info-hash; \
                    copy the whole link again; in a shell it needs quotes";
    assert_eq!(inputs.problems[0].to_string(), expected);
}

#[test]
fn a_file_tells_more_than_a_link_to_the_same_torrent() {
    let link = |more| magnet(&torrent("a"), more) + "\n";
    let (one, two) = (
        link("&tr=http://one.example/"),
        link("&tr=http://two.example/"),
    );
    for (names, list) in [
        (["list.txt", "a.torrent"], one.clone() + &two),
        (["a.torrent", "list.txt"], one + &two),
    ] {
        let folder = Folder::with(&[("list.txt", list.as_bytes()), ("a.torrent", &torrent("a"))]);
        let inputs = Inputs::read(&names.map(|it| folder.path(it)));
        let [only] = &inputs.torrents[..] else {
            panic!("{:?}", inputs.torrents);
        };
        assert!(only.metainfo().is_some());
        assert_eq!(
            only.trackers(),
            ["http://one.example/", "http://two.example/"]
        );
        assert_eq!(inputs.duplicates.len(), 2);
        assert!(inputs.duplicates.iter().all(|it| it.first == only.origin));
    }
}

#[test]
fn all_names_of_a_hybrid_are_one_torrent() {
    let hybrid = include_bytes!("../../tests/data/hybrid.torrent");
    let hashes = Metainfo::parse(hybrid).unwrap().hashes();
    let (v1, v2) = (hashes.first, hashes.v2.unwrap());
    let links = [
        format!("magnet:?xt=urn:btih:{v1}&tr=http://one.example/"),
        format!("magnet:?xt=urn:btmh:1220{v2}&tr=http://two.example/"),
        Magnet::nameless(hashes),
        "a.torrent".into(),
    ];
    for order in [
        [0, 1, 2, 3],
        [1, 0, 3, 2],
        [3, 0, 1, 2],
        [2, 1, 0, 3],
        [1, 2, 0, 3],
    ] {
        let list = order.map(|it| links[it].clone()).join("\n");
        let folder = Folder::with(&[("list.txt", list.as_bytes()), ("a.torrent", hybrid)]);
        let inputs = Inputs::read(&[folder.path("list.txt")]);
        let [only] = &inputs.torrents[..] else {
            panic!("{order:?}: {:?}", inputs.torrents);
        };
        assert_eq!(only.hashes(), hashes, "{order:?}");
        assert_eq!(only.origin.line, Some(1));
        assert!(only.metainfo().is_some());
        let own = Metainfo::parse(hybrid).unwrap().trackers.concat();
        assert_eq!(only.trackers().len(), own.len() + 2);
        assert_eq!(inputs.duplicates.len(), 3);
        assert_eq!(inputs.problems.len(), 0);
    }
}

#[test]
fn links_to_two_halves_are_one_torrent_once_a_third_names_both() {
    let (v1, v2) = ("01".repeat(20), "23".repeat(32));
    let both = format!("magnet:?xt=urn:btmh:1220{v2}&xt=urn:btih:{v1}");
    let inputs = Inputs::read(&[
        format!("magnet:?xt=urn:btmh:1220{v2}"),
        "magnet:?xt=urn:btih:4545454545454545454545454545454545454545".into(),
        format!("magnet:?xt=urn:btih:{v1}"),
        both.clone(),
    ]);
    let [first, other] = &inputs.torrents[..] else {
        panic!("{:?}", inputs.torrents);
    };
    assert_eq!(
        (first.info_hash().to_string(), first.hashes().iter().count()),
        (v1.clone(), 2)
    );
    assert_eq!(other.hashes().iter().count(), 1);
    let named: Vec<_> = inputs.duplicates.iter().map(Duplicate::to_string).collect();
    let first = format!("magnet:?xt=urn:btmh:1220{v2}");
    let expected = [
        format!("magnet:?xt=urn:btih:{v1}: the same torrent as {first}, crawled once ({v1})"),
        format!(
            "magnet:?xt=urn:btih:{v1}&xt=urn:btmh:1220{v2}: the same torrent as {first}, crawled once ({v1})"
        ),
    ];
    assert_eq!(named, expected);
}
