//! Records a second, side by side.

use std::path::Path;
use std::time::Duration;

use crate::Extent;
use crate::common::{Spread, Table, number, own_cpu_time};
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

impl Side {
    fn name(self) -> &'static str {
        match self {
            Side::Bare => "bare sled",
            Side::Synced => "bare sled and a synced file",
            Side::Writer => "the writer",
            Side::Recorder => "the Recorder",
        }
    }
}

/// Rows of peers: which of them are new.
pub(crate) fn observations(extent: &Extent, pool: &Pool) {
    println!(
        "Observations: {} rows, {} runs of each side by turns, median (least..most)\n",
        extent.records, extent.runs
    );
    let mut table = Table::new(["rows", "a second", "of bare", "CPU, µs a row"]);
    let known = KNOWN.min(POOL.max(extent.records));
    for (name, known, share) in [
        ("half new peers, half known", POOL, 0.5),
        ("new peers", POOL, 0.0),
        ("known peers", known, 1.0),
    ] {
        let puts = rows::puts(known, share, extent.records);
        let sides = [Side::Bare, Side::Writer, Side::Recorder];
        let measured = by_turns(extent.runs, sides, |side| {
            run(side, pool, &rows::first_puts(known), &puts, false)
        });
        for (side, (rate, cpu)) in sides.iter().zip(&measured) {
            table.row([
                format!("{name}: {}", side.name()),
                rate.to_string(),
                number(rate.median() / measured[0].0.median()),
                cpu.to_string(),
            ]);
        }
    }
    table.print();
}

/// Rises to the threshold, each with its peer's row.
pub(crate) fn completions(extent: &Extent, pool: &Pool) {
    let puts = rows::puts(POOL, 0.0, extent.records / 10);
    println!(
        "Completions, each with its peer's row: {} of them, {} runs of each side by turns, median (least..most)\n",
        puts.len(),
        extent.runs
    );
    let sides = [Side::Synced, Side::Bare, Side::Writer, Side::Recorder];
    let measured = by_turns(extent.runs, sides, |side| {
        run(side, pool, &rows::first_puts(POOL), &puts, true)
    });
    let mut table = Table::new([
        "completions",
        "a second",
        "of sled and file",
        "CPU, µs each",
    ]);
    for (side, (rate, cpu)) in sides.iter().zip(&measured) {
        table.row([
            side.name().to_owned(),
            rate.to_string(),
            number(rate.median() / measured[0].0.median()),
            cpu.to_string(),
        ]);
    }
    table.print();
}

/// Rates and processor time of several runs, each side first in its turn; all must leave
/// the same rows.
fn by_turns<const N: usize>(
    runs: usize,
    sides: [Side; N],
    run: impl Fn(Side) -> (f64, f64, blake3::Hash),
) -> [(Spread, Spread); N] {
    let mut figures = [const { (Vec::new(), Vec::new()) }; N];
    let mut contents = Vec::new();
    for turn in 0..runs {
        for index in 0..N {
            let side = (index + turn) % N;
            let (rate, cpu, content) = run(sides[side]);
            figures[side].0.push(rate);
            figures[side].1.push(cpu);
            contents.push(content);
        }
    }
    contents.dedup();
    assert_eq!(contents.len(), 1, "the sides wrote different rows");
    figures.map(|(rates, cpus)| (Spread::from_iter(rates), Spread::from_iter(cpus)))
}

/// One side's rate, its microseconds of processor time a row, and what it left.
fn run(
    side: Side,
    pool: &Pool,
    first: &[Put],
    puts: &[Put],
    completions: bool,
) -> (f64, f64, blake3::Hash) {
    let folder = tempfile::tempdir().unwrap();
    let (spent, cpu) = match side {
        Side::Bare | Side::Synced => {
            let bare = Bare::open(folder.path());
            bare.write(pool, first);
            let synced = (side == Side::Synced).then_some(JOURNAL_ROW_LEN_BYTES);
            with_cpu(|| match completions {
                true => bare.confirm(pool, puts, synced),
                false => bare.write(pool, puts),
            })
        }
        Side::Writer => {
            let mut writer = rows::open(folder.path());
            sides::write(&mut writer, pool, first);
            let measured = with_cpu(|| match completions {
                true => sides::confirm(&mut writer, pool, puts),
                false => sides::write(&mut writer, pool, puts),
            });
            writer.close(NOW).unwrap();
            measured
        }
        Side::Recorder => {
            let mut writer = rows::open(folder.path());
            sides::write(&mut writer, pool, first);
            with_cpu(|| sides::record(writer, pool, puts, completions))
        }
    };
    let rows = puts.len() as f64;
    let rate = rows / spent.as_secs_f64();
    let cpu_us = cpu.as_secs_f64() * 1e6 / rows;
    (rate, cpu_us, content(folder.path()))
}

/// What the work says that it took, and its processor time.
fn with_cpu(work: impl FnOnce() -> Duration) -> (Duration, Duration) {
    let before = own_cpu_time();
    let spent = work();
    (spent, (own_cpu_time() - before).total())
}

/// Tells stores with the same peers and completions from others.
fn content(folder: &Path) -> blake3::Hash {
    let db = sides::database(folder);
    let mut hasher = blake3::Hasher::new();
    for tree in ["peers", "completions"] {
        for entry in &db.open_tree(tree).unwrap() {
            let (key, value) = entry.unwrap();
            hasher.update(&key).update(&value);
        }
    }
    hasher.finalize()
}
