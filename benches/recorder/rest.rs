//! A store at rest with a great swarm in it: how much of the disk it takes, and how long
//! it takes to open, to show, and to be continued.

use std::path::Path;
use std::time::Duration;

use bta::protocol::metainfo::Metainfo;

use crate::Extent;
use crate::common::{Spread, Table, number, timed};
use crate::programs::{self, Taken};
use crate::rows::{self, NOW, PIECE_LEN_BYTES, PIECES, POOL, Pool};
use crate::sides;

/// Every so many-th peer has a confirmed download.
const CONFIRMED: usize = 10;

const MIB: f64 = (1 << 20) as f64;

pub(crate) fn measure(extent: &Extent, pool: &Pool) {
    let folder = tempfile::tempdir().unwrap();
    let torrent = folder.path().join("bench.torrent");
    std::fs::write(&torrent, torrent_file()).unwrap();
    let run_dir = folder.path().join("run");
    fill(&run_dir, extent.peers, pool, Some(extent.pace));
    let hurried = folder.path().join("hurried");
    fill(&hurried, extent.peers, pool, None);
    size(extent, &run_dir, &hurried, pool);
    times(extent, &run_dir, &torrent);
}

/// A torrent of no tracker.
fn torrent_file() -> Vec<u8> {
    let length = u64::from(PIECES) * PIECE_LEN_BYTES;
    let hashes = 20 * PIECES;
    let mut info = format!(
        "d6:lengthi{length}e4:name5:bench12:piece lengthi{PIECE_LEN_BYTES}e6:pieces{hashes}:"
    )
    .into_bytes();
    info.resize(info.len() + hashes as usize, 0x5a);
    info.push(b'e');
    Metainfo::file_of(&info)
}

/// Each peer's row is written twice; every tenth peer has a completion.
fn fill(run_dir: &Path, peers: usize, pool: &Pool, rows_a_second: Option<usize>) {
    let info_hash = Metainfo::parse(&torrent_file()).unwrap().info_hash;
    let mut writer = rows::open_for(run_dir, info_hash);
    let first = POOL.min(peers);
    sides::write(&mut writer, pool, &rows::first_puts(first));
    let puts = rows::puts(first, 0.5, 2 * (peers - first));
    let spent = match rows_a_second {
        Some(pace) => sides::record_at(pace, writer, pool, &puts, 2 * CONFIRMED),
        None => sides::record(writer, pool, &puts, false),
    };
    println!(
        "A store of {} peers, each written twice, in {} s.\n",
        number(peers as f64),
        number(spent.as_secs_f64())
    );
}

fn size(extent: &Extent, run_dir: &Path, hurried: &Path, pool: &Pool) {
    let db = sides::database(run_dir);
    let mut table = Table::new(["tree", "rows", "bytes of keys", "bytes of values", "a row"]);
    let (mut peers, mut payload) = (0, 0);
    for tree in ["peers", "completions", "names"] {
        let (mut keys, mut values, mut rows) = (0, 0, 0);
        for entry in &db.open_tree(tree).unwrap() {
            let (key, value) = entry.unwrap();
            (keys, values, rows) = (keys + key.len(), values + value.len(), rows + 1);
        }
        peers = if tree == "peers" { rows } else { peers };
        payload += keys + values;
        table.row([
            tree.to_owned(),
            number(rows as f64),
            number(keys as f64),
            number(values as f64),
            number((keys + values) as f64 / rows as f64),
        ]);
    }
    drop(db);
    table.print();
    let lengths: Spread = pool.peer_values.iter().map(|it| it.len() as f64).collect();
    println!(
        "A value in the peers tree: {lengths:#} bytes, 99 % of them at most {}, all {}.\n",
        number(lengths.quantile(0.99)),
        number(lengths.max())
    );
    let mut table = Table::new(["on disk", "MiB", "bytes a peer", "of keys and values"]);
    let mut line = |name: &str, run_dir: &Path| {
        let bytes = sides::bytes_on_disk(run_dir) as f64;
        table.row([
            name.to_owned(),
            number(bytes / MIB),
            number(bytes / peers as f64),
            number(bytes / payload as f64),
        ]);
    };
    let pace = number(extent.pace as f64);
    line(&format!("after a run, {pace} rows a second"), run_dir);
    rows::reopen(run_dir).close(NOW).unwrap();
    line("opened and closed once more", run_dir);
    line("after a run as fast as it goes", hurried);
    table.print();
}

fn times(extent: &Extent, run_dir: &Path, torrent: &Path) {
    let mut table = Table::new(["what", "seconds", "memory, MiB"]);
    let mut line = |name: &str, taken: Vec<Taken>| {
        let seconds: Spread = taken.iter().map(|it| it.seconds).collect();
        let memory = taken.iter().map(|it| it.memory_bytes as f64 / MIB);
        let memory: Spread = memory.collect();
        table.row([name.to_owned(), seconds.to_string(), memory.to_string()]);
    };
    let runs = |measure: &dyn Fn() -> Taken| (0..extent.runs).map(|_| measure()).collect();
    let seconds = |spent: Duration| Taken {
        seconds: spent.as_secs_f64(),
        memory_bytes: 0,
    };
    line(
        "open, after an orderly end",
        runs(&|| {
            let (spent, writer) = timed(|| rows::reopen(run_dir));
            writer.close(NOW).unwrap();
            seconds(spent)
        }),
    );
    line(
        "open, after a crash",
        runs(&|| {
            drop(rows::reopen(run_dir));
            let (spent, writer) = timed(|| rows::reopen(run_dir));
            writer.close(NOW).unwrap();
            seconds(spent)
        }),
    );
    for arguments in [
        &["--format", "json"][..],
        &["torrents"],
        &["completions", "--format", "csv"],
        &["peers", "--format", "csv"],
        &["fates"],
        &["places"],
        &["clients"],
    ] {
        let name = format!("bta-dump {}", arguments.join(" "));
        line(&name, runs(&|| programs::dump(arguments, run_dir)));
    }
    let resumed: Vec<_> = (0..extent.runs)
        .map(|_| programs::resume(torrent, run_dir))
        .collect();
    line(
        "bta, until its swarm has begun",
        resumed.iter().map(|it| it.begun).collect(),
    );
    let peak = |it: &programs::Continued| Taken {
        seconds: it.ended_s,
        memory_bytes: it.peak_bytes,
    };
    line(
        "bta, from SIGTERM to its end (memory: the most until then)",
        resumed.iter().map(peak).collect(),
    );
    table.print();
}
