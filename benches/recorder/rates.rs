//! Records a second, side by side.

use std::path::Path;

use crate::Extent;
use crate::common::{Spread, Table, number};
use crate::rows::{self, NOW, POOL, Pool, Put};
use crate::sides::{self, Bare};

/// Peers that are known before known ones alone are written.
const KNOWN: usize = 200_000;

/// Bytes that the journal has for a completion: head, kind, numbers, row with its texts.
const JOURNAL_ROW_LEN_BYTES: usize = 105;

/// Who writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// sled alone.
    Bare,
    /// And a file beside it that is synced first, as the journal is.
    Synced,
    /// The store's writer.
    Writer,
    /// The Recorder.
    Recorder,
}

/// Rows of peers: which of them are new.
pub(crate) fn observations(extent: &Extent, pool: &Pool) {
    println!(
        "Observations a second: {} rows, {} runs of each side by turns, median (least..most)\n",
        extent.records, extent.runs
    );
    let mut table = Table::new([
        "observations",
        "bare sled",
        "writer",
        "of bare",
        "Recorder",
        "of bare",
    ]);
    let known = KNOWN.min(POOL.max(extent.records));
    for (name, known, share) in [
        ("half of new peers, half of known ones", POOL, 0.5),
        ("of new peers", POOL, 0.0),
        ("of known peers", known, 1.0),
    ] {
        let puts = rows::puts(known, share, extent.records);
        let sides = [Side::Bare, Side::Writer, Side::Recorder];
        let [bare, writer, recorder] = by_turns(extent.runs, sides, |side| {
            run(side, pool, &rows::first_puts(known), &puts, false)
        });
        table.row([
            name.to_owned(),
            bare.to_string(),
            writer.to_string(),
            share_of(&writer, &bare),
            recorder.to_string(),
            share_of(&recorder, &bare),
        ]);
    }
    table.print();
}

/// Rises to the threshold, each with its peer's row.
pub(crate) fn completions(extent: &Extent, pool: &Pool) {
    let puts = rows::puts(POOL, 0.0, extent.records / 10);
    println!(
        "Completions a second, each with the row of its peer: {} of them, {} runs of each side by turns, median (least..most)\n",
        puts.len(),
        extent.runs
    );
    let sides = [Side::Bare, Side::Synced, Side::Writer, Side::Recorder];
    let [bare, synced, writer, recorder] = by_turns(extent.runs, sides, |side| {
        run(side, pool, &rows::first_puts(POOL), &puts, true)
    });
    let mut table = Table::new(["who writes", "completions a second", "of bare and file"]);
    for (name, rate) in [
        ("bare sled, no journal", &bare),
        ("bare sled and a synced file", &synced),
        ("writer, 100 a batch", &writer),
        ("Recorder, one a message", &recorder),
    ] {
        table.row([name.to_owned(), rate.to_string(), share_of(rate, &synced)]);
    }
    table.print();
}

/// Rates of several runs, each side first in its turn; all must leave the same rows.
fn by_turns<const N: usize>(
    runs: usize,
    sides: [Side; N],
    run: impl Fn(Side) -> (f64, blake3::Hash),
) -> [Spread; N] {
    let mut rates = [const { Vec::new() }; N];
    let mut contents = Vec::new();
    for turn in 0..runs {
        for index in 0..N {
            let side = (index + turn) % N;
            let (rate, content) = run(sides[side]);
            rates[side].push(rate);
            contents.push(content);
        }
    }
    contents.dedup();
    assert_eq!(contents.len(), 1, "the sides wrote different rows");
    rates.map(Spread::from_iter)
}

/// One side's rate, and what it left.
fn run(
    side: Side,
    pool: &Pool,
    first: &[Put],
    puts: &[Put],
    completions: bool,
) -> (f64, blake3::Hash) {
    let folder = tempfile::tempdir().unwrap();
    let spent = match side {
        Side::Bare | Side::Synced => {
            let bare = Bare::open(folder.path());
            bare.write(pool, first);
            let synced = (side == Side::Synced).then_some(JOURNAL_ROW_LEN_BYTES);
            match completions {
                true => bare.confirm(pool, puts, synced),
                false => bare.write(pool, puts),
            }
        }
        Side::Writer | Side::Recorder => {
            let mut writer = rows::open(folder.path());
            sides::write(&mut writer, pool, first);
            if side == Side::Recorder {
                sides::record(writer, pool, puts, completions)
            } else {
                let spent = match completions {
                    true => sides::confirm(&mut writer, pool, puts),
                    false => sides::write(&mut writer, pool, puts),
                };
                writer.close(NOW).unwrap();
                spent
            }
        }
    };
    let rate = puts.len() as f64 / spent.as_secs_f64();
    (rate, content(folder.path()))
}

/// Tells stores with the same peers and completions from others.
fn content(folder: &Path) -> blake3::Hash {
    let db = sled::open(folder.join("store")).unwrap();
    let mut hasher = blake3::Hasher::new();
    for tree in ["peers", "completions"] {
        for entry in &db.open_tree(tree).unwrap() {
            let (key, value) = entry.unwrap();
            hasher.update(&key).update(&value);
        }
    }
    hasher.finalize()
}

fn share_of(rate: &Spread, floor: &Spread) -> String {
    number(rate.median() / floor.median())
}
