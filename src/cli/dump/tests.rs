//! Command lines of `bta-dump`.

use std::ffi::OsString;

use super::*;

fn parse(line: &str) -> Result<DumpArgs, crate::cli::Answer> {
    crate::cli::parse("bta-dump", line.split(' ').map(OsString::from))
}

fn what(line: &str) -> (Shown, String) {
    let (shown, store) = parse(line).unwrap().what();
    (shown, store.display().to_string())
}

fn everybody() -> Shown {
    let unknown = Vec::new();
    Shown::Peers { unknown }
}

#[test]
fn peers_may_be_those_of_unknown_fate() {
    use DumpUnknown::{Any, NoSlot, Vanished};
    let of = |line| match what(line) {
        (Shown::Peers { unknown }, store) => {
            assert_eq!(store, "x");
            unknown
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(of("bta-dump peers x"), []);
    assert_eq!(of("bta-dump peers --unknown x"), [Any]);
    assert_eq!(of("bta-dump peers x --unknown"), [Any]);
    let some = of("bta-dump peers --unknown=vanished,no_slot x");
    assert_eq!(some, [Vanished, NoSlot]);
    assert!(parse("bta-dump peers --unknown=lost x").is_err());
}

#[test]
fn summary_is_what_a_store_alone_shows() {
    let summary = (Shown::Summary, "output/x".to_owned());
    assert_eq!(what("bta-dump output/x"), summary);
    assert_eq!(what("bta-dump summary output/x"), summary);
    assert_eq!(what("bta-dump --format json output/x"), summary);
}

#[test]
fn a_store_may_be_called_like_a_command() {
    assert_eq!(what("bta-dump ./peers"), (Shown::Summary, "./peers".into()));
    assert_eq!(
        what("bta-dump summary peers"),
        (Shown::Summary, "peers".into())
    );
    let answer = parse("bta-dump peers").unwrap_err();
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("<STORE>"), "{}", answer.stderr);
}

#[test]
fn options_stand_before_or_behind_the_command() {
    for line in [
        "bta-dump --format csv --torrent 2 peers x",
        "bta-dump peers --format csv --torrent 2 x",
        "bta-dump peers x --torrent 2 --format csv",
    ] {
        let args = parse(line).unwrap();
        assert_eq!(args.options.format, DumpFormat::Csv, "{line}");
        assert_eq!(args.options.torrent.as_deref(), Some("2"), "{line}");
        assert_eq!(args.what().0, everybody(), "{line}");
    }
}

#[test]
fn only_confirmed_downloads_unless_told_otherwise() {
    use DumpVerdict::{Again, All, Confirmed};
    let of = |line| match what(line).0 {
        Shown::Completions { verdicts, .. } => verdicts,
        other => panic!("{other:?}"),
    };
    assert_eq!(of("bta-dump completions x"), [Confirmed]);
    assert_eq!(of("bta-dump completions --verdict all x"), [All]);
    let two = of("bta-dump completions --verdict again,confirmed x");
    assert_eq!(two, [Again, Confirmed]);
    assert!(parse("bta-dump completions --verdict never x").is_err());
}

#[test]
fn the_command_line_is_sound() {
    use clap::CommandFactory;
    DumpArgs::command().debug_assert();
}
