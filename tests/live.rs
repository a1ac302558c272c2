//! `bta-dump` on a store that is being written: what it shows is what it shows at
//! rest, and nothing that asks is ever waited for.
#![allow(clippy::unwrap_used)]

#[path = "live/crawl.rs"]
mod crawl;
#[path = "dump/store.rs"]
mod store;

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use bta::app::discard_log;
use bta::dump::{Surroundings, run};
use bta::serve::Server;
use bta::store::records::{Parameters, Record};
use bta::store::{Live, Writer};
use store::{KEEPING, NOW, SMALL, filled};

/// What a command line wrote: code, standard output, standard error.
fn dump(store: &Path, words: &str) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let words = ["bta-dump"].into_iter().chain(words.split(' '));
    let args = words.map(|word| match word {
        "STORE" => OsString::from(store),
        word => OsString::from(word),
    });
    let surroundings = Surroundings {
        now: NOW,
        colour: false,
    };
    let code = run(args, &surroundings, &mut out, &mut err);
    let folder = store.display().to_string();
    let text = |bytes| String::from_utf8(bytes).unwrap().replace(&folder, "STORE");
    (code, text(out), text(err))
}

/// A store that is open for writing, with one of everything in it, and served.
fn open(folder: &Path, parameters: &Parameters) -> (Writer, Server) {
    store::fill(folder, parameters);
    reopened(folder, parameters)
}

fn reopened(folder: &Path, parameters: &Parameters) -> (Writer, Server) {
    let (writer, _) = store::open(folder, parameters);
    let live = Live::default();
    writer.show_to(&live);
    let server = Server::start(folder, live, discard_log()).unwrap();
    (writer, server)
}

const LIVE: &str = "bta-dump: live, STORE, as of 2026-11-23 04:14:01 UTC\n";
const AT_REST: &str = "bta-dump: at rest, STORE\n";

#[test]
fn shows_of_a_running_store_what_it_shows_at_rest() {
    for parameters in [&SMALL, &KEEPING] {
        let folder = tempfile::tempdir().unwrap();
        let (writer, server) = open(folder.path(), parameters);
        let mut seen = Vec::new();
        for command in [
            "torrents",
            "completions --verdict all",
            "peers",
            "announces",
            "scrapes",
            "sources --hourly",
            "outcomes --by-family",
            "samples",
            "summary --torrent 1 --format csv",
            "summary --format jsonl",
        ] {
            let words = format!("{command} STORE");
            let (code, out, err) = dump(folder.path(), &words);
            assert!(err.starts_with(LIVE), "{words}: {err}");
            assert_eq!(code, 0);
            seen.push((words, out, err.replace(LIVE, "")));
        }
        let summary = dump(folder.path(), "STORE").1;
        assert!(summary.contains("still running at 2026-11-23 04:14:01 (30m)"));
        let json = dump(folder.path(), "--format json STORE").1;
        assert!(json.contains("\"as_of\": \"2026-11-23T04:14:01.250Z\""));

        Writer::close(writer, NOW).unwrap();
        drop(server);
        for (words, out, err) in seen {
            let rest = dump(folder.path(), &words);
            assert_eq!(rest, (0, out, format!("{AT_REST}{err}")), "{words}");
        }
        let figures = |page: &str| page.lines().skip(2).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(figures(&dump(folder.path(), "STORE").1), figures(&summary));
    }
}

#[test]
fn the_store_alone_decides_whether_it_is_live() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, server) = open(folder.path(), &SMALL);
    let socket = folder.path().join("bta.sock");
    assert!(dump(folder.path(), "STORE").2.starts_with(LIVE));
    Writer::close(writer, NOW).unwrap();
    // Its socket is still there; its store is at rest.
    assert!(socket.exists());
    assert_eq!(dump(folder.path(), "peers STORE").2, AT_REST);
    drop(server);
    assert!(!socket.exists());
    // One that a killed bta left.
    drop(UnixListener::bind(&socket).unwrap());
    assert_eq!(dump(folder.path(), "peers STORE").2, AT_REST);
    let (_writer, _server) = reopened(folder.path(), &SMALL);
    assert_eq!(dump(folder.path(), "peers STORE").2, LIVE);
}

#[test]
fn a_path_longer_than_a_sockets_address_is_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("a run with a long name ".repeat(9));
    let (_writer, _server) = open(&run_dir, &SMALL);
    assert!(run_dir.as_os_str().len() > 200);
    assert_eq!(dump(&run_dir, "peers STORE").2, LIVE);
}

/// A reader whose answer has begun, and does not fit into the socket; none if it
/// was told that too many ask.
fn asks_for_all_and_reads_no_more(run_dir: &Path) -> Option<UnixStream> {
    let mut asking = UnixStream::connect(run_dir.join("bta.sock")).unwrap();
    // Who is told so may be hung up on before.
    let _ = asking.write_all(b"bta-dump\0\x01\x0f\xff");
    let mut hello = [0; 11];
    asking.read_exact(&mut hello).unwrap();
    match &hello {
        b"bta-live\0\x01\0" => Some(asking),
        b"bta-live\0\x01\x01" => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn whoever_does_not_read_holds_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, server) = open(folder.path(), &SMALL);
    let many: Vec<_> = (0..20_000)
        .map(|it| Record::Meta(format!("fact {it}").into(), "long ".repeat(20).into()))
        .collect();
    writer.commit(&many).unwrap();
    let stuck = || {
        // A place that was just left may still be taken for a moment.
        (0..1_000).find_map(|_| asks_for_all_and_reads_no_more(folder.path()))
    };
    let mut stuck_ones: Vec<_> = (0..3).map(|_| stuck().unwrap()).collect();
    assert_eq!(dump(folder.path(), "peers STORE").2, LIVE);
    writer.commit(&many[..10]).unwrap();
    // As many as are answered at once: the next one is told so, and asks again.
    stuck_ones.push(stuck().unwrap());
    assert!(asks_for_all_and_reads_no_more(folder.path()).is_none());
    let asking = std::thread::scope(|scope| {
        let asking = scope.spawn(|| dump(folder.path(), "peers STORE"));
        drop(stuck_ones.pop());
        asking.join().unwrap()
    });
    assert_eq!(asking.2, LIVE);
    // Neither the end of the store nor that of the server waits for them.
    Writer::close(writer, NOW).unwrap();
    assert_eq!(dump(folder.path(), "peers STORE").2, AT_REST);
    drop(server);
}

#[test]
fn another_version_is_one_clear_line() {
    let folder = filled(&SMALL);
    let (writer, _) = store::open(folder.path(), &SMALL);
    let listener = UnixListener::bind(folder.path().join("bta.sock")).unwrap();
    let answers: [&[u8]; 2] = [b"bta-live\0\x07\x00", b"SSH-2.0-whatever"];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                stream.write_all(answer).unwrap();
            }
        });
        let other = "bta-dump: STORE: the running bta speaks version 7 of bta.sock, this \
                     bta-dump version 1; use the bta-dump that came with it\n";
        assert_eq!(
            dump(folder.path(), "STORE"),
            (1, String::new(), other.into())
        );
        let stranger = "bta-dump: STORE: what came through bta.sock is not from a bta\n";
        assert_eq!(
            dump(folder.path(), "STORE"),
            (1, String::new(), stranger.into())
        );
    });
    drop(listener);
    fs::remove_file(folder.path().join("bta.sock")).unwrap();
    drop(writer);

    let (_writer, _server) = reopened(folder.path(), &SMALL);
    let mut newer = UnixStream::connect(folder.path().join("bta.sock")).unwrap();
    newer
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    newer.write_all(b"bta-dump\0\x09\x00\x00 and more").unwrap();
    let mut hello = [0; 11];
    newer.read_exact(&mut hello).unwrap();
    assert_eq!(&hello, b"bta-live\0\x01\x02");
}
