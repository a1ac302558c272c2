//! The command line of `bta`, in-process, by its whole output.
#![allow(clippy::unwrap_used)]

use bta::cli::check::{check, complaints};
use bta::cli::{Answer, CrawlLine, exit};
use bta::config::{Config, Surroundings, Task};
use bta::input::Inputs;
use bta::moment::Moment;

/// What `bta` answers instead of a run; `None` if it would run.
fn answer(args: &[&str]) -> Option<Answer> {
    let args = ["bta"].iter().chain(args).map(Into::into);
    let line = match CrawlLine::read(args) {
        Ok(line) => line,
        Err(answer) => return Some(answer),
    };
    let around = Surroundings {
        now: Moment::EPOCH,
        no_color: false,
    };
    match Config::new(line.args.clone(), &around) {
        Ok(config) if config.task == Task::PrintConfig => Some(line.print_config().unwrap()),
        Ok(_) => None,
        Err(error) => Some(Answer::usage("bta", error)),
    }
}

#[test]
fn a_bad_command_line_is_answered_by_one_line_that_mends_it() {
    let lines = [
        (
            &["--jobs", "many", "a"][..],
            "invalid value 'many' for '--jobs <N>': not a number of sessions; write 0 or more, such as 500",
        ),
        (
            &["-j", "-1", "a"],
            "invalid value '-1' for '--jobs <N>': not a number of sessions; write 0 or more, such as 500",
        ),
        (
            &["--fromat", "json", "a"],
            "unexpected argument '--fromat' found; a similar argument exists: '--format'",
        ),
        (
            &["-t", "0", "a"],
            "invalid value '0' for '--timeout <SECONDS>': too short; write at least 100ms",
        ),
        (
            &["-t", "10m", "a"],
            "invalid value '10m' for '--timeout <SECONDS>': too long; write at most 5m",
        ),
        (
            &["-d", "soon", "a"],
            "invalid value 'soon' for '--delay <MINUTES>': not a span of time; write a number of minutes, or such as 90s, 5m, 1h30m, 2d",
        ),
        (
            &["-d"],
            "a value is required for '--delay <MINUTES>' but none was supplied",
        ),
        (
            &["--threshold", "1.2", "a"],
            "invalid value '1.2' for '--threshold <SHARE>': not a share of the pieces; write 0.001 to 1, such as 0.98, or 98%",
        ),
        (
            &["--threshold", "0.9999", "a"],
            "invalid value '0.9999' for '--threshold <SHARE>': finer than thousandths; write such as 0.985",
        ),
        (
            &["-p", "70000", "a"],
            "invalid value '70000' for '--port <PORT>': not a port; write 1 to 65535, auto, or 0 for none",
        ),
        (
            &["--bind", "eth0", "a"],
            "invalid value 'eth0' for '--bind <ADDR>': not an IP address; write such as 192.0.2.7 or 2001:db8::7",
        ),
        (
            &["--contact", "me", "a"],
            "invalid value 'me' for '--contact <URL>': not an address; write such as https://example.org/bta or mailto:me@example.org",
        ),
        (
            &["-l", "loud", "a"],
            "invalid value 'loud' for '--loglevel <LEVEL>' [possible values: CRITICAL, ERROR, WARNING, INFO, DEBUG, TRACE]",
        ),
        (
            &[],
            "no INPUT; name .torrent files, folders of them or list files, or try --demo",
        ),
        (
            &["--demo", "a"],
            "--demo takes neither INPUT nor --check; leave out one or the other",
        ),
        (
            &["--bind", "192.0.2.1", "--bind", "192.0.2.2", "a"],
            "--bind 192.0.2.1 and --bind 192.0.2.2 are of one family; name at most one of each",
        ),
        (
            &["-j0", "-p0", "a"],
            "--jobs 0 dials nobody and --port 0 hears nobody; leave one of them out",
        ),
    ];
    for (args, line) in lines {
        let expected = Answer {
            code: exit::USAGE,
            stdout: String::new(),
            stderr: format!("bta: {line} (see bta --help)\n"),
        };
        assert_eq!(answer(args), Some(expected), "{args:?}");
    }
}

#[test]
fn all_letters_and_units_are_taken() {
    let lines: [&[&str]; 6] = [
        &["a"],
        &["--demo"],
        &[
            "-j", "200", "-p", "auto", "-t", "5", "-d", "2", "-i", "15", "-l", "debug", "a", "b",
        ],
        &[
            "-j0", "-p51413", "-t2500ms", "-d90s", "-i1h30m", "-lWARN", "a",
        ],
        &[
            "--threshold",
            "100%",
            "--duration",
            "30s",
            "--bind",
            "::1",
            "--output",
            "x",
            "a",
        ],
        &[
            "--quiet",
            "--color=never",
            "--format=json",
            "--contact",
            "mailto:me@example.org",
            "a",
        ],
    ];
    for args in lines {
        assert_eq!(answer(args), None, "{args:?}");
    }
    // The last one wins, so that a script's options can be overridden.
    assert_eq!(answer(&["-j1", "-j2", "--quiet", "--quiet", "a"]), None);
}

/// Before anything else is done: whoever is to be left alone must not be contacted.
#[test]
fn a_bad_exclusion_ends_the_run_before_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let (file, run) = (folder.path().join("alone.txt"), folder.path().join("run"));
    std::fs::write(&file, "192.0.2.7\n192.0.2\n").unwrap();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/input/example.txt");
    let [file, run] = [&file, &run].map(|it| it.to_str().unwrap());
    let args = ["bta", "--exclude", file, "--output", run, example];
    assert_eq!(bta::app::main(args.map(Into::into)), exit::USAGE);
    assert!(!std::path::Path::new(run).exists());
}

#[test]
fn help_teaches() {
    let help = answer(&["--help"]).unwrap();
    assert_eq!(answer(&["-h"]), Some(help.clone()));
    assert_eq!((help.code, help.stderr.as_str()), (exit::DONE, ""));
    // A terminal's width moves line ends and nothing else.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join("\n");
    assert_eq!(
        words(&help.stdout),
        words(include_str!("data/bta-help.txt"))
    );
}

#[test]
fn version_is_that_of_the_package() {
    let version = answer(&["--version"]).unwrap();
    assert_eq!(
        version.stdout,
        format!("bta {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(answer(&["-V"]), Some(version));
}

#[test]
fn check_says_what_the_example_names() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/input/example.txt");
    let expected = Answer {
        code: exit::DONE,
        stdout: "51381da78a5b1e22f5ef1217b64ea8eb09222704       3 x    16 KiB    34.3 KiB  2 trackers   GPL-3.0.txt\n".to_owned(),
        stderr: "1 torrent, 0 duplicates, 0 problems\n".to_owned(),
    };
    assert_eq!(check(&Inputs::read(&[example])), expected);
}

#[test]
fn check_fails_for_some_bad_entries_and_for_none_of_use() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.txt");
    let good = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/private.torrent");
    std::fs::write(&list, format!("{good}\nnope.torrent\n{good}\n")).unwrap();
    let inputs = Inputs::read(&[&list]);
    let stderr = format!(
        "bta: {list}:2: {folder}/nope.torrent: not found; check the path: it is relative to the list file\n\
         bta: {list}:3: the same torrent as {list}:1, crawled once ({hash})\n",
        list = list.display(),
        folder = folder.path().display(),
        hash = inputs.torrents[0].info_hash(),
    );
    // A run goes on with the good ones,
    let answer = complaints(&inputs);
    assert_eq!((answer.code, answer.stderr), (exit::DONE, stderr.clone()));
    // --check fails,
    let answer = check(&inputs);
    let counts = "1 torrent, 1 duplicate, 1 problem\n";
    assert_eq!(answer.code, exit::FAILED);
    assert_eq!(answer.stderr, stderr + counts);
    assert!(answer.stdout.ends_with(" (private)\n"), "{}", answer.stdout);
    // and nothing of use is a bad command line.
    let nothing = Inputs::read(&[folder.path()]);
    assert_eq!(complaints(&nothing).code, exit::USAGE);
    assert_eq!(check(&nothing).code, exit::USAGE);
}

/// A folder with `bta.toml` in it, and what `bta --config` says to it.
fn configured(text: &str, args: &[&str]) -> (tempfile::TempDir, Result<CrawlLine, Answer>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bta.toml");
    std::fs::write(&file, text).unwrap();
    let named = ["bta", "--config", file.to_str().unwrap()];
    let line = CrawlLine::read(named.iter().chain(args).map(Into::into));
    (folder, line)
}

#[test]
fn a_configuration_file_says_what_the_command_line_does_not() {
    let text = "jobs = 500\ntimeout = '30s'\nbind = ['192.0.2.7', '::1']\nquiet = true\n\
                threshold = 0.985\noutput = 'run'\ninput = ['a.torrent', '-b.txt']\n\
                keep-addresses = false\n";
    let (folder, line) = configured(text, &[]);
    let args = line.unwrap().args;
    assert_eq!((args.jobs, args.timeout.as_secs()), (Some(500), 30));
    assert_eq!((args.threshold.0, args.bind.len()), (985, 2));
    assert!(args.quiet && !args.keep_addresses);
    let here = |name| folder.path().join(name);
    assert_eq!(args.output, Some(here("run")));
    assert_eq!(args.inputs, [here("a.torrent"), here("-b.txt")]);

    let over = [
        "-j5",
        "--no-quiet",
        "--bind",
        "::2",
        "--output",
        "other",
        "c",
    ];
    let line = configured(text, &over).1.unwrap();
    let args = line.args;
    assert_eq!((args.jobs, args.timeout.as_secs()), (Some(5), 30));
    assert_eq!(args.bind, ["::2".parse::<std::net::IpAddr>().unwrap()]);
    assert!(!args.quiet);
    assert_eq!(args.output, Some("other".into()));
    assert_eq!(args.inputs, [std::path::PathBuf::from("c")]);
    // The store keeps a command line that says all of it.
    assert!(line.words.contains(&"--timeout=30s".into()));
    assert!(!line.words.contains(&"--jobs=500".into()));
}

#[test]
fn a_bad_configuration_file_is_named_with_its_line() {
    let lines = [
        (
            "\nthresold = 1",
            ":2: unknown key 'thresold'; a similar key exists: 'threshold'",
        ),
        (
            "[network]",
            ":1: unknown key 'network'; bta --print-config lists all of them",
        ),
        (
            "keep_addresses = true",
            ":1: unknown key 'keep_addresses'; a similar key exists: 'keep-addresses'",
        ),
        ("demo = true", ":1: 'demo' belongs on the command line"),
        ("quiet = 1", ":1: 'quiet' takes true or false, not a number"),
        (
            "output = 5",
            ":1: 'output' takes a text in quotes, not a number",
        ),
        (
            "timeout = 1979-05-27",
            ":1: 'timeout' takes a number or a text in quotes, not a date",
        ),
        (
            "jobs = [1]",
            ":1: 'jobs' takes a number or a text in quotes, not a list",
        ),
        ("jobs = 1\njobs = 2", ":2: not TOML: duplicate key"),
        (
            "bind = ['::1',\n 'eth0']",
            ":2: invalid value 'eth0' for '--bind <ADDR>': not an IP address; write such as 192.0.2.7 or 2001:db8::7",
        ),
        (
            "jobs = -1",
            ":1: invalid value '-1' for '--jobs <N>': not a number of sessions; write 0 or more, such as 500",
        ),
    ];
    for (text, line) in lines {
        let (folder, answer) = configured(text, &["a"]);
        let answer = answer.unwrap_err();
        let file = folder.path().join("bta.toml");
        let expected = format!("bta: {}{line} (see bta --help)\n", file.display());
        assert_eq!((answer.code, answer.stderr), (exit::USAGE, expected));
    }
    let missing = answer(&["--config", "/nowhere/bta.toml"]).unwrap();
    assert_eq!(missing.code, exit::USAGE);
    assert!(
        missing
            .stderr
            .starts_with("bta: /nowhere/bta.toml: cannot be read (")
    );
}

#[test]
fn a_printed_configuration_is_one_that_can_be_read() {
    let printed = answer(&["--print-config"]).unwrap();
    assert_eq!((printed.code, printed.stderr.as_str()), (exit::DONE, ""));
    // Every option of a run is there and explained.
    for words in ["--jobs <N>: Peer sessions", "timeout = 10\n", "# bind =\n"] {
        assert!(printed.stdout.contains(words), "{words}");
    }
    let again = configured(&printed.stdout, &[]).1.unwrap();
    assert_eq!(again.print_config().unwrap(), printed);

    let args = [
        "--print-config",
        "-d",
        "90s",
        "--threshold",
        "98.5%",
        "--allow-local",
        "--contact",
        "https://example.org/",
        "--output",
        "mine \"x\"",
        "--bind",
        "::1",
        "b.torrent",
    ];
    let printed = answer(&args).unwrap();
    let here = std::path::absolute("b.torrent").unwrap();
    for line in [
        "delay = \"90s\"",
        "threshold = \"98.5%\"",
        "allow-local = true",
        "bind = [\"::1\"]",
        &format!("input = [\"{}\"]", here.display()),
    ] {
        assert!(printed.stdout.lines().any(|it| it == line), "{line}");
    }
    let again = configured(&printed.stdout, &[]).1.unwrap();
    assert_eq!(again.print_config().unwrap(), printed);
}
