//! Which options may stand in a configuration file, and what each takes there: all
//! read from the one table of options, the command line's own.

use std::any::TypeId;
use std::ffi::OsStr;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::crawl::{CrawlArgs, INSTEAD};
use super::dht::DhtState;

/// The command line of `bta`, where `--no-NAME` undoes a flag of a configuration file.
pub(super) fn command() -> Command {
    let command = CrawlArgs::command();
    let flags: Vec<Arg> = settings(&command)
        .filter(|it| is_flag(it))
        .cloned()
        .collect();
    flags.into_iter().fold(command, |command, flag| {
        let undo = undo_of(key(&flag));
        let undoes = Arg::new(undo.clone())
            .long(undo)
            .action(ArgAction::SetTrue)
            .overrides_with(flag.get_id())
            .hide(true);
        command.arg(undoes)
    })
}

/// The options of a run, as opposed to what is done instead of one.
pub(super) fn settings(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|it| {
        it.get_help_heading() != Some(INSTEAD) && it.get_id() != "config" && !it.is_hide_set()
    })
}

/// Its name in a configuration file.
pub(super) fn key(setting: &Arg) -> &str {
    setting.get_long().unwrap_or("input")
}

/// The name of the option that undoes a flag.
pub(super) fn undo_of(key: &str) -> String {
    format!("no-{key}")
}

/// Takes `true` or `false`.
pub(super) fn is_flag(setting: &Arg) -> bool {
    matches!(setting.get_action(), ArgAction::SetTrue)
}

/// Takes a list.
pub(super) fn is_list(setting: &Arg) -> bool {
    matches!(setting.get_action(), ArgAction::Append)
}

/// Takes a path: in a file it is relative to that file.
pub(super) fn is_path(setting: &Arg) -> bool {
    let kind = setting.get_value_parser().type_id();
    kind == TypeId::of::<PathBuf>() || kind == TypeId::of::<DhtState>()
}

/// This value of it is a path: some take `none` instead of one.
pub(super) fn names_path(setting: &Arg, value: &OsStr) -> bool {
    let takes_none = matches!(setting.get_id().as_str(), "geoip" | "dht_state");
    is_path(setting) && !(takes_none && value == "none")
}

/// Takes a text and nothing that looks like a number.
pub(super) fn is_text(setting: &Arg) -> bool {
    is_path(setting) || setting.get_value_parser().type_id() == TypeId::of::<String>()
}
