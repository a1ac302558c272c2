//! `bta-dump`, in-process, by its whole output on a store made here.
//!
//! What it should write stands in `tests/data/dump/`. After a change that is
//! meant: `BTA_BLESS=1 cargo test --test dump`, and read the diff.
#![allow(clippy::unwrap_used)]

#[path = "dump/groups.rs"]
mod groups;
#[path = "dump/pipes.rs"]
mod pipes;
#[path = "dump/store.rs"]
mod store;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use bta::dump::{Surroundings, run};
use bta::store::Writer;
use groups::unlocated;
use store::{KEEPING, NOW, SMALL, fill, filled};

/// What a command line wrote.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    code: u8,
    stdout: String,
    stderr: String,
}

/// Runs `bta-dump` with these words; `STORE` among them stands for the folder.
fn dump(store: &Path, words: &str) -> Written {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run_to(store, words, &mut out, &mut err);
    let folder = store.display().to_string();
    let text = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        without_fingerprint(&text.replace(&folder, "STORE"))
    };
    Written {
        code,
        stdout: text(out),
        stderr: text(err),
    }
}

/// The only figure that is another in each store: the fingerprint of its secret.
fn without_fingerprint(text: &str) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    for line in lines
        .iter_mut()
        .filter(|it| it.contains("secret_fingerprint"))
    {
        let digits = line.chars().filter(char::is_ascii_digit);
        let number: String = digits.collect();
        *line = line.replace(&number, "FINGERPRINT");
    }
    lines.join("\n")
}

fn run_to(store: &Path, words: &str, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let words = ["bta-dump"].into_iter().chain(words.split(' '));
    let args = words.map(|word| match word {
        "STORE" => OsString::from(store),
        // A space in a word.
        word => OsString::from(word.replace('_', " ")),
    });
    let surroundings = Surroundings {
        now: NOW,
        colour: false,
    };
    run(args, &surroundings, out, err)
}

/// Standard output of a command line that has nothing else to say.
fn shown(store: &Path, words: &str) -> String {
    let written = dump(store, words);
    assert_eq!((written.code, &*written.stderr), (0, AT_REST), "{words}");
    written.stdout
}

/// What stands first on standard error when a store was opened.
const AT_REST: &str = "bta-dump: at rest, STORE\n";

/// Every command.
const COMMANDS: [&str; 15] = [
    "summary",
    "torrents",
    "completions",
    "peers",
    "fates",
    "places",
    "clients",
    "announces",
    "scrapes",
    "sources",
    "outcomes",
    "hearsay",
    "events",
    "samples",
    "meta",
];

/// Whether a text is that of a file in `tests/data/dump/`.
fn assert_is(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dump");
    let path = path.join(name);
    if env::var_os("BTA_BLESS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{name} is now:\n{text}");
}

#[test]
fn every_command_writes_every_format() {
    let folder = filled(&SMALL);
    for command in COMMANDS {
        for (format, ending) in [
            ("table", "txt"),
            ("json", "json"),
            ("jsonl", "jsonl"),
            ("csv", "csv"),
        ] {
            let words = format!("{command} --format {format} STORE");
            let text = shown(folder.path(), &words);
            assert_is(&format!("{command}.{ending}"), &text);
        }
    }
}

#[test]
fn machine_formats_can_be_read_by_machines() {
    let folder = filled(&SMALL);
    for command in COMMANDS.into_iter().filter(|it| *it != "summary") {
        let of = |format: &str| {
            let words = format!("{command} --format {format} STORE");
            shown(folder.path(), &words)
        };
        let whole: Vec<serde_json::Value> = serde_json::from_str(&of("json")).unwrap();
        let lines = of("jsonl");
        let lines = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        assert_eq!(
            lines.collect::<Vec<serde_json::Value>>(),
            whole,
            "{command}"
        );
        assert!(!whole.is_empty());
        let csv = of("csv");
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let heads: Vec<String> = reader.headers().unwrap().iter().map(Into::into).collect();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), whole.len());
        for (row, object) in rows.iter().zip(&whole) {
            assert_eq!(object.as_object().unwrap().len(), heads.len());
            for (head, cell) in heads.iter().zip(row) {
                match &object[head] {
                    serde_json::Value::Null => assert_eq!(cell, ""),
                    serde_json::Value::String(text) => assert_eq!(cell, text),
                    serde_json::Value::Array(all) => {
                        assert_eq!(cell.split(' ').count(), all.len().max(1));
                    }
                    other => assert_eq!(cell, other.to_string()),
                }
            }
        }
    }
}

#[test]
fn a_store_alone_is_summarised() {
    let folder = filled(&SMALL);
    let summary = shown(folder.path(), "summary STORE");
    assert_eq!(shown(folder.path(), "STORE"), summary);
    let database = folder.path().join("store");
    assert_eq!(dump(&database, "STORE").stdout, summary);
    assert!(summary.lines().all(|line| line.chars().count() <= 80));
    let bold = shown(folder.path(), "--color always STORE");
    assert_eq!(bold.replace("\x1b[1m", "").replace("\x1b[0m", ""), summary);
    assert_ne!(bold, summary);
}

#[test]
fn selects_by_torrent_and_by_time() {
    let folder = filled(&SMALL);
    let rows = |words: &str| {
        let all = shown(folder.path(), &format!("{words} --format jsonl STORE"));
        all.lines().count()
    };
    let all = rows("completions");
    let first = rows("completions --torrent 1");
    let second = rows("completions --torrent 0202020202020202020202020202020202020202");
    assert!(first > 0 && second > 0);
    assert_eq!(first + second, all);
    let early = rows("completions --until 2026-11-23T03:50:00Z");
    let late = rows("completions --since 2026-11-23T03:50:00Z");
    assert!(early > 0 && late > 0);
    assert_eq!(early + late, all);
    assert_eq!(rows("completions --since 2h_ago"), all);
    assert_eq!(rows("completions --since 1s_ago"), 0);
    assert!(rows("completions --verdict all") > all);
    assert_eq!(
        rows("peers --torrent 1") + rows("peers --torrent 2"),
        rows("peers")
    );
    assert!(rows("announces --until 2026-11-23T03:45:00Z") < rows("announces"));
    assert_is("summary-2.txt", &shown(folder.path(), "--torrent 2 STORE"));
    let families = shown(folder.path(), "outcomes --by-family STORE");
    assert_is("outcomes-by-family.txt", &families);
    let ways = shown(folder.path(), "outcomes --by-way STORE");
    assert_is("outcomes-by-way.txt", &ways);
    let hours = shown(folder.path(), "sources --hourly STORE");
    assert_is("sources-hourly.txt", &hours);
    assert_eq!(rows("scrapes --torrent 1"), rows("scrapes"));
    assert_eq!(rows("scrapes --until 2026-11-23T03:50:00Z"), 2);
    assert_eq!(rows("samples --since 2026-11-23T03:44:20Z"), 1);
    assert_eq!(rows("sources --torrent 2"), 1);
}

#[test]
fn outcomes_add_up_to_the_attempts_and_to_the_connections() {
    let folder = filled(&SMALL);
    for words in [
        "outcomes",
        "outcomes --by-family",
        "outcomes --torrent 1",
        "outcomes --by-way",
        "outcomes --by-way --by-family",
    ] {
        let rows = shown(folder.path(), &format!("{words} --format jsonl STORE"));
        let mut sums = std::collections::BTreeMap::<_, (u64, u64)>::new();
        for row in rows.lines() {
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            let kind = ["attempt", "opened", "way", "family"].map(|it| row[it].to_string());
            let kind = kind.join(" ");
            let (sum, attempts) = sums.entry(kind).or_default();
            *sum += row["count"].as_u64().unwrap();
            let all = row.get("attempts").or(row.get("connections"));
            *attempts = all.unwrap().as_u64().unwrap();
        }
        assert!(!sums.is_empty());
        for (kind, (sum, attempts)) in sums {
            assert_eq!(sum, attempts, "{kind}");
        }
    }
}

#[test]
fn addresses_are_shown_only_where_they_are_kept_and_it_says_so() {
    let plain = filled(&SMALL);
    let kept = filled(&KEEPING);
    for format in ["table", "json", "jsonl", "csv"] {
        for command in ["completions", "peers"] {
            let words = format!("{command} --format {format} STORE");
            let without = dump(plain.path(), &words);
            assert!(
                !without.stdout.to_lowercase().contains("address"),
                "{words}"
            );
            assert_eq!(without.stderr, AT_REST);
            let with = dump(kept.path(), &words);
            assert!(with.stdout.contains("198.51.100.1:51413"), "{words}");
            assert!(with.stderr.contains("--keep-addresses"), "{words}");
        }
    }
    assert!(shown(kept.path(), "STORE").contains("--keep-addresses"));
    assert!(!shown(plain.path(), "STORE").contains("--keep-addresses"));
}

#[test]
fn nothing_that_steers_a_terminal_gets_through() {
    let folder = filled(&SMALL);
    let more = ["summary", "completions --verdict all", "places --by city"];
    for command in COMMANDS.iter().chain(&more) {
        for format in ["table", "json", "jsonl", "csv"] {
            let text = shown(folder.path(), &format!("{command} --format {format} STORE"));
            let steers = |it: &char| it.is_control() && *it != '\n' || *it == '\u{202e}';
            assert_eq!(text.chars().find(steers), None, "{command} {format}");
        }
    }
    // What is hidden was there.
    let names = shown(folder.path(), "torrents --format csv STORE");
    assert!(names.contains("Evil \u{fffd}[31m\u{fffd}gpj.exe"));
}

#[test]
fn a_path_without_a_store_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let error = |words: &str| {
        let written = dump(folder.path(), words);
        assert_eq!((written.code, &*written.stdout), (2, ""));
        let said = written.stderr.replace(AT_REST, "");
        assert_eq!(said.lines().count(), 1);
        said
    };
    let not_a_store = "bta-dump: STORE: not a store; give the folder of a run: \
                       it holds completions.journal and store/\n";
    assert_eq!(error("STORE"), not_a_store);
    assert_eq!(error("peers STORE"), not_a_store);
    let missing = "bta-dump: nowhere: no such store; give the folder of a run, \
                   such as output/2026-11-23T03-44-01Z\n";
    assert_eq!(error("nowhere"), missing);
    fill(folder.path(), &SMALL);
    let no_torrent = "bta-dump: this store has no torrent 7; \
                      `bta-dump torrents` names those that it has\n";
    assert_eq!(error("--torrent 7 STORE"), no_torrent);
    assert!(error("--since yesterday STORE").contains("not a time; write 2026-11-23"));
    assert!(error("peers").contains("<STORE>"));
    assert_eq!(dump(folder.path(), "--torrent 1 STORE").code, 0);
}

#[test]
fn a_store_whose_crawler_cannot_be_asked_is_left_alone() {
    let folder = filled(&SMALL);
    let (writer, _) = store::open(folder.path(), &SMALL);
    let written = dump(folder.path(), "STORE");
    assert_eq!((written.code, &*written.stdout), (1, ""));
    let running = "bta-dump: STORE: in use by a running bta that cannot be asked (it makes \
                   no bta.sock there); wait until it has stopped, or stop it\n";
    assert_eq!(written.stderr, running);
    Writer::close(writer, NOW).unwrap();
    assert_eq!(dump(folder.path(), "STORE").code, 0);
}

#[test]
fn a_store_without_its_database_is_shown_from_the_journal() {
    let folder = filled(&SMALL);
    let words = "completions --verdict all --format csv STORE";
    let before = shown(folder.path(), words);
    fs::remove_dir_all(folder.path().join("store")).unwrap();
    let written = dump(folder.path(), words);
    assert_eq!(written.code, 0);
    assert_eq!(unlocated(&written.stdout), unlocated(&before));
    assert!(before.contains(",DE,Erlangen,") && !written.stdout.contains("Erlangen"));
    assert!(written.stderr.contains("\nnote: the database is missing: "));
}

#[test]
fn at_rest_there_is_nothing_to_follow() {
    let folder = filled(&SMALL);
    for format in ["table", "jsonl", "csv"] {
        let words = format!("completions --format {format} STORE");
        let rows = shown(folder.path(), &words);
        let followed = dump(folder.path(), &format!("{words} --follow"));
        assert_eq!((followed.code, followed.stdout), (0, rows));
        let end = "bta-dump: no bta runs there: nothing to follow\n";
        assert_eq!(followed.stderr, AT_REST.to_owned() + end);
    }
    let endless = dump(folder.path(), "completions --follow --format json STORE");
    assert_eq!((endless.code, &*endless.stdout), (2, ""));
    assert!(endless.stderr.contains("--format table, jsonl or csv"));
}

#[test]
fn help_names_every_command() {
    let help = dump(Path::new("unused"), "--help");
    assert_eq!((help.code, &*help.stderr), (0, ""));
    // Its lines depend on the terminal's width.
    let words: Vec<_> = help.stdout.split_whitespace().collect();
    assert_is("help.txt", &words.join("\n"));
}

/// `docs/store.md` names every field of every row.
#[test]
fn every_field_is_documented() {
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/store.md");
    let docs = fs::read_to_string(docs).unwrap();
    let folder = filled(&KEEPING);
    let with_options = [
        "outcomes --by-family",
        "outcomes --by-way",
        "sources --hourly",
        "places --by city",
        "places --by network",
        "clients --by-version",
    ];
    for command in COMMANDS.into_iter().chain(with_options) {
        let csv = dump(folder.path(), &format!("{command} --format csv STORE"));
        let heads = csv.stdout.lines().next().unwrap().split(',');
        let command = command.split(' ').next().unwrap();
        let section = docs.split("\n### ").find(|it| it.starts_with(command));
        let section = section.unwrap_or_else(|| panic!("no section {command}"));
        for head in heads {
            assert!(section.contains(&format!("`{head}`")), "{command}: {head}");
        }
    }
}
