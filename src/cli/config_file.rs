//! A configuration file: TOML, the long names of the options as keys. Each setting
//! becomes words of a command line, so that values, units and errors are the same.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, Id};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{one_line, settings};

/// A longer file is none that was meant: room for ten thousand inputs.
const FILE_BYTES: u64 = 1 << 20;

/// What a configuration file says.
#[derive(Debug)]
pub(super) struct ConfigFile {
    pub(super) settings: Vec<Setting>,
}

/// One of its keys.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) key: String,
    /// Of the option that it stands for.
    pub(super) id: Id,
    /// What says the same on a command line.
    pub(super) words: Vec<OsString>,
}

/// Why a configuration file is of no use; where, and how to mend it.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", Place(file, *line))]
pub(super) struct ConfigFileError {
    file: PathBuf,
    /// From 1.
    line: Option<usize>,
    reason: Reason,
}

struct Place<'a>(&'a Path, Option<usize>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.display())?;
        self.1.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

#[derive(Debug, thiserror::Error)]
enum Reason {
    #[error("cannot be read ({0}); check the path and its permissions")]
    Unreadable(#[from] io::Error),
    #[error("longer than {} KiB; is it another file?", FILE_BYTES >> 10)]
    TooLong,
    #[error("not TOML: {0}")]
    Syntax(String),
    #[error("unknown key '{key}'{}", Similar(similar))]
    UnknownKey {
        key: String,
        similar: Option<String>,
    },
    #[error("'{0}' belongs on the command line")]
    NoSetting(String),
    #[error("'{key}' takes {wanted}, not {found}")]
    WrongType {
        key: String,
        wanted: &'static str,
        found: &'static str,
    },
    #[error("{0}")]
    BadValue(String),
}

struct Similar<'a>(&'a Option<String>);

impl fmt::Display for Similar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(key) => write!(f, "; a similar key exists: '{key}'"),
            None => write!(f, "; bta --print-config lists all of them"),
        }
    }
}

impl ConfigFile {
    /// Reads a file, and checks each value as that of its option.
    pub(super) fn read(path: &Path, command: &Command) -> Result<ConfigFile, ConfigFileError> {
        let wrong = |line, reason| ConfigFileError {
            file: path.into(),
            line,
            reason,
        };
        let text = read_bounded(path).map_err(|reason| wrong(None, reason))?;
        let line = |span: Range<usize>| {
            let before = text.as_bytes().iter().take(span.start);
            Some(1 + before.filter(|byte| **byte == b'\n').count())
        };
        let table = DeTable::parse(&text).map_err(|error| {
            let reason = Reason::Syntax(error.message().to_owned());
            wrong(error.span().and_then(line), reason)
        })?;
        let mut entries: Vec<_> = table.get_ref().iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let settings = entries.into_iter().map(|(key, value)| {
            let option = option(command, key.get_ref());
            let option = option.map_err(|reason| wrong(line(key.span()), reason))?;
            let folder = path.parent().unwrap_or(Path::new(""));
            let words = words(command, option, value, folder);
            Ok(Setting {
                key: settings::key(option).to_owned(),
                id: option.get_id().clone(),
                words: words.map_err(|(span, reason)| wrong(line(span), reason))?,
            })
        });
        Ok(ConfigFile {
            settings: settings.collect::<Result<_, _>>()?,
        })
    }
}

fn read_bounded(path: &Path) -> Result<String, Reason> {
    let mut text = String::new();
    File::open(path)?
        .take(FILE_BYTES + 1)
        .read_to_string(&mut text)?;
    match text.len() as u64 > FILE_BYTES {
        true => Err(Reason::TooLong),
        false => Ok(text),
    }
}

/// The option that a key stands for.
fn option<'a>(command: &'a Command, key: &str) -> Result<&'a Arg, Reason> {
    if let Some(option) = settings::settings(command).find(|it| settings::key(it) == key) {
        return Ok(option);
    }
    if command.get_arguments().any(|it| it.get_long() == Some(key)) {
        return Err(Reason::NoSetting(key.to_owned()));
    }
    let error = parse(command, &[format!("--{key}").into()]).err();
    let similar = match error.and_then(|it| it.get(ContextKind::SuggestedArg).cloned()) {
        Some(ContextValue::String(option)) => option.strip_prefix("--").map(str::to_owned),
        _ => None,
    };
    Err(Reason::UnknownKey {
        key: key.to_owned(),
        similar: similar.filter(|similar| {
            settings::settings(command).any(|it| settings::key(it) == similar.as_str())
        }),
    })
}

type Fault = (Range<usize>, Reason);

/// What says the same on a command line.
fn words(
    command: &Command,
    option: &Arg,
    value: &Spanned<DeValue<'_>>,
    folder: &Path,
) -> Result<Vec<OsString>, Fault> {
    let key = settings::key(option);
    let wrong = |wanted, value: &Spanned<DeValue<'_>>| {
        let (key, found) = (key.to_owned(), kind(value.get_ref()));
        let reason = Reason::WrongType { key, wanted, found };
        (value.span(), reason)
    };
    if settings::is_flag(option) {
        return match value.get_ref().as_bool() {
            Some(true) => Ok(vec![format!("--{key}").into()]),
            Some(false) => Ok(Vec::new()),
            None => Err(wrong("true or false", value)),
        };
    }
    let values: Vec<_> = match value.get_ref().as_array() {
        Some(array) if settings::is_list(option) => array.iter().collect(),
        _ => vec![value],
    };
    let word = |value: &Spanned<DeValue<'_>>| {
        let text = match value.get_ref() {
            DeValue::String(text) if settings::names_path(option, (**text).as_ref()) => {
                folder.join(&**text).into()
            }
            DeValue::String(text) => OsString::from(&**text),
            _ if settings::is_text(option) => return Err(wrong("a text in quotes", value)),
            DeValue::Integer(number) => number.to_string().into(),
            DeValue::Float(number) => number.to_string().into(),
            _ => return Err(wrong("a number or a text in quotes", value)),
        };
        let word = match option.get_long() {
            Some(long) => joined(&format!("--{long}="), text),
            // A path that begins with a dash is no option.
            None if text.as_encoded_bytes().starts_with(b"-") => joined("./", text),
            None => text,
        };
        match parse(command, std::slice::from_ref(&word)) {
            Ok(()) => Ok(word),
            Err(error) => Err((value.span(), Reason::BadValue(one_line(&error)))),
        }
    };
    values.into_iter().map(word).collect()
}

fn joined(before: &str, text: OsString) -> OsString {
    let mut word = OsString::from(before);
    word.push(text);
    word
}

/// Whether a command line of these words alone is a good one.
fn parse(command: &Command, words: &[OsString]) -> Result<(), clap::Error> {
    let program = OsString::from("bta");
    let words = std::iter::once(&program).chain(words);
    command.clone().try_get_matches_from(words).map(drop)
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
