//! `bta --print-config`: the configuration that a run would have, as TOML that
//! `--config` reads and that explains itself.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::absolute;

use clap::{Arg, ArgMatches, Command};
use toml::Value;

use super::{Answer, exit, settings};

const HEAD: &str = "\
# Configuration of bta: bta --config FILE reads it.
# Keys are the long names of the options; what stands on the command line wins. A
# line that begins with # says nothing: the default holds. Spans of time are numbers
# of the unit in angle brackets, or texts such as \"90s\", \"5m\", \"1h30m\", \"2d\". Paths
# are relative to this file.
";

/// Columns of a comment.
const COLUMNS: usize = 84;

/// A value that TOML cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--print-config: a value of '{0}' is not UTF-8, which TOML has to be")]
pub(super) struct NotUtf8(String);

/// The answer to `--print-config`.
pub(super) fn print(command: &Command, matches: &ArgMatches) -> Result<Answer, NotUtf8> {
    let mut out = HEAD.to_owned();
    let mut heading = None;
    for setting in settings::settings(command) {
        if setting.get_help_heading() != heading {
            heading = setting.get_help_heading();
            let _ = writeln!(out, "\n\n## {}", heading.unwrap_or_default());
        }
        let key = settings::key(setting);
        let _ = writeln!(out, "\n{}", explained(setting));
        let _ = match value(setting, matches)? {
            Some(value) => writeln!(out, "{key} = {value}"),
            None => writeln!(out, "# {key} ="),
        };
    }
    Ok(Answer {
        code: exit::DONE,
        stdout: out,
        stderr: String::new(),
    })
}

/// Name, unit and help of an option, as comments.
fn explained(setting: &Arg) -> String {
    let unit = setting.get_value_names().unwrap_or_default().first();
    let mut text = match (setting.get_long(), unit) {
        (Some(long), Some(unit)) if !settings::is_flag(setting) => format!("--{long} <{unit}>: "),
        (Some(long), _) => format!("--{long}: "),
        (None, _) => "INPUT: ".to_owned(),
    };
    text += &setting
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let values = setting.get_possible_values();
    if !settings::is_flag(setting) && !values.is_empty() {
        let names: Vec<_> = values.iter().map(|it| it.get_name()).collect();
        let _ = write!(text, " [possible values: {}]", names.join(", "));
    }
    commented(&text)
}

/// Comment lines of at most [`COLUMNS`], broken at spaces.
fn commented(text: &str) -> String {
    let mut lines = vec!["#".to_owned()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= COLUMNS => *line += &format!(" {word}"),
            _ => lines.push(format!("# {word}")),
        }
    }
    lines.join("\n")
}

/// What holds for it, as TOML; none if that is decided later.
fn value(setting: &Arg, matches: &ArgMatches) -> Result<Option<String>, NotUtf8> {
    let id = setting.get_id().as_str();
    if settings::is_flag(setting) {
        return Ok(Some(matches.get_flag(id).to_string()));
    }
    let raw = matches.get_raw(id).into_iter().flatten();
    let values: Vec<String> = raw
        .map(|it| one(setting, it))
        .collect::<Result<_, NotUtf8>>()?;
    Ok(match settings::is_list(setting) {
        true if !values.is_empty() => Some(format!("[{}]", values.join(", "))),
        // The last one wins.
        false => values.last().cloned(),
        true => None,
    })
}

fn one(setting: &Arg, raw: &OsStr) -> Result<String, NotUtf8> {
    // It shall mean the same wherever the file will lie.
    let path = settings::names_path(setting, raw).then(|| absolute(raw).ok());
    let raw = path
        .as_ref()
        .and_then(Option::as_deref)
        .map_or(raw, OsStr::new);
    let key = settings::key(setting);
    let text = raw.to_str().ok_or_else(|| NotUtf8(key.to_owned()))?;
    let number = text.parse::<i64>().map(Value::Integer);
    let number = number.or_else(|_| text.parse().map(Value::Float));
    // A number is bare only if it reads as it was written.
    let bare = number.map(|it| it.to_string()).is_ok_and(|it| it == text);
    Ok(match bare && !settings::is_text(setting) {
        true => text.to_owned(),
        false => Value::String(text.to_owned()).to_string(),
    })
}
