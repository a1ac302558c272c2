//! Who may import whom, and how long a file may be: held by reading the sources.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Leaves that everybody may import.
const LEAVES: &[&str] = &["moment", "table"];

/// Each room of `src/`, and the rooms that it may import beside itself and the leaves.
const ROOMS: &[(&str, &[&str])] = &[
    ("moment", &[]),
    ("table", &[]),
    ("clock", &[]),
    ("protocol", &[]),
    ("swarm", &["protocol"]),
    ("store", &["protocol", "swarm"]),
    ("net", &["clock", "protocol"]),
    ("locate", &["swarm"]),
    ("input", &["protocol"]),
    ("cli", &["protocol", "input"]),
    ("config", &["protocol", "cli"]),
    ("lab", &["protocol", "net", "clock"]),
    (
        "actors",
        &[
            "protocol", "swarm", "store", "net", "locate", "config", "clock",
        ],
    ),
    ("report", &["protocol", "store", "swarm"]),
    ("serve", &["store", "report", "net"]),
    ("ui", &["store", "report", "net"]),
];

/// What composes the rooms: may import all of them.
const COMPOSERS: &[&str] = &["app", "dump", "main", "lib", "bin"];

/// Rooms that decide and do not act, and what they must not touch.
const PURE: &[&str] = &["moment", "table", "protocol", "swarm"];
const IMPURE: &[&str] = &[
    "tokio::",
    "actix",
    "slog::",
    "sled::",
    "hyper",
    "std::fs",
    "std::thread",
    "std::process",
    "TcpStream",
    "UdpSocket",
    "Instant",
    "println!",
];

/// A longer file wants to be two rooms.
const MOST_LINES: usize = 400;

/// A source file: its path below `src/`, and its text.
struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// `src/swarm/book.rs` is in the module `["swarm", "book"]`.
    fn module(&self) -> Vec<String> {
        let path = self.path.with_extension("");
        let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
        let mut parts: Vec<_> = parts.collect();
        if parts.len() > 1 && parts.last().is_some_and(|it| it == "mod") {
            parts.pop();
        }
        parts
    }

    fn room(&self) -> String {
        self.module().remove(0)
    }

    fn is_test(&self) -> bool {
        self.module().iter().any(|part| part == "tests")
    }

    /// The text without comments and without test modules.
    fn code(&self) -> String {
        let mut code = String::new();
        let mut lines = self.text.lines().peekable();
        while let Some(line) = lines.next() {
            let opens = |next: &&str| next.starts_with("mod ") && next.ends_with('{');
            if line == "#[cfg(test)]" && lines.peek().is_some_and(opens) {
                lines.by_ref().find(|line| *line == "}");
            } else if !line.trim_start().starts_with("//") {
                code.push_str(line);
                code.push('\n');
            }
        }
        code
    }

    /// The rooms that the code names by `crate::room` or `super::…::room`, alone or
    /// in braces.
    fn imports(&self) -> BTreeSet<String> {
        let code = self.code();
        let depth = self.module().len();
        let mut rooms = BTreeSet::new();
        for (at, _) in code.match_indices("crate::") {
            rooms.extend(first_names(&code[at + "crate::".len()..]));
        }
        for (at, _) in code.match_indices("super::") {
            // Only from the first of a chain.
            if code[..at].ends_with("super::") {
                continue;
            }
            let mut rest = &code[at..];
            let mut steps = 0;
            while let Some(behind) = rest.strip_prefix("super::") {
                (rest, steps) = (behind, steps + 1);
            }
            if steps == depth {
                rooms.extend(first_names(rest));
            }
        }
        rooms.remove(&self.room());
        rooms
    }
}

/// `a::b` names a; `{a::{b, c}, d}` names a and d.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        let is_part = |c: &char| c.is_alphanumeric() || *c == '_';
        text.trim_start().chars().take_while(is_part).collect()
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![name(path)];
    };
    let (mut names, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' | ',' if depth == 0 => {
                names.push(name(&group[from..at]));
                from = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn sources_of(name: &str) -> Vec<Source> {
    let (base, mut found) = (folder(name), Vec::new());
    let mut folders = vec![base.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&base).unwrap().to_owned();
                found.push(Source { path, text });
            }
        }
    }
    assert!(!found.is_empty());
    found
}

fn source(path: &str, text: &str) -> Source {
    Source {
        path: path.into(),
        text: text.into(),
    }
}

/// What breaks the import rules, one line each.
fn arrows_against_the_rules(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let (room, path) = (source.room(), source.path.display());
        if COMPOSERS.contains(&room.as_str()) || source.is_test() {
            continue;
        }
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{path}: the room {room} stands in no rule"));
            continue;
        };
        let imports = source.imports();
        let forbidden = imports
            .iter()
            .filter(|it| !LEAVES.contains(&it.as_str()) && !allowed.contains(&it.as_str()));
        wrong.extend(forbidden.map(|it| format!("{path}: {room} must not import {it}")));
        if PURE.contains(&room.as_str()) {
            let code = source.code();
            let touched = IMPURE.iter().filter(|word| code.contains(**word));
            wrong.extend(touched.map(|word| format!("{path}: {room} must not touch {word}")));
        }
    }
    wrong
}

#[test]
fn rooms_import_only_what_they_may() {
    assert_eq!(arrows_against_the_rules(&sources_of("src")), [""; 0]);
}

#[test]
fn finds_arrows_that_break_the_rules() {
    let wrong = |path: &str, text: &str| arrows_against_the_rules(&[source(path, text)]);
    let up = "swarm/book.rs: swarm must not import actors";
    assert_eq!(
        wrong("swarm/book.rs", "use crate::actors::peer::Peer;"),
        [up]
    );
    let text = "use crate::{\n    actors::{peer::{A, B}, C},\n    protocol::D,\n};";
    assert_eq!(wrong("swarm/book.rs", text), [up]);
    assert_eq!(
        wrong("swarm/book.rs", "use super::super::actors::Peer;"),
        [up]
    );
    let text = "fn f() { crate::actors::f() }\n#[cfg(test)]\nmod tests {}\n";
    assert_eq!(wrong("swarm/book.rs", text), [up]);
    let clock = "protocol/a.rs: protocol must not touch Instant";
    assert_eq!(wrong("protocol/a.rs", "use std::time::Instant;"), [clock]);
    let stranger = "attic/a.rs: the room attic stands in no rule";
    assert_eq!(wrong("attic/a.rs", ""), [stranger]);
}

#[test]
fn lets_lawful_arrows_pass() {
    let lawful = [
        (
            "swarm/book.rs",
            "use crate::protocol::a; use crate::moment::Moment;",
        ),
        (
            "swarm/book.rs",
            "use crate::swarm::facts; use super::facts;",
        ),
        (
            "swarm/book/deep.rs",
            "use super::super::facts; use super::Book;",
        ),
        (
            "swarm/mod.rs",
            "//! See [`crate::actors`].\n    // crate::lab",
        ),
        (
            "swarm/book.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::lab::a;\n}\n",
        ),
        ("swarm/book/tests.rs", "use crate::lab::a;"),
        ("app.rs", "use crate::{actors::a, lab::b};"),
        ("protocol/a.rs", "use std::time::Duration;"),
    ];
    for (path, text) in lawful {
        assert_eq!(
            arrows_against_the_rules(&[source(path, text)]),
            [""; 0],
            "{text}"
        );
    }
}

#[test]
fn there_is_no_circle() {
    // Rooms are taken away once all that they may import is gone.
    let mut rooms: Vec<_> = ROOMS.to_vec();
    while !rooms.is_empty() {
        let names: Vec<_> = rooms.iter().map(|(name, _)| *name).collect();
        let before = rooms.len();
        rooms.retain(|(_, may)| may.iter().any(|it| names.contains(it)));
        assert!(rooms.len() < before, "a circle among {names:?}");
    }
}

#[test]
fn files_stay_short() {
    let mut long = Vec::new();
    for folder in ["src", "tests"] {
        for Source { path, text } in sources_of(folder) {
            let lines = text.lines().count();
            if lines > MOST_LINES {
                long.push(format!("{folder}/{}: {lines} lines", path.display()));
            }
        }
    }
    assert_eq!(long, [""; 0]);
}
