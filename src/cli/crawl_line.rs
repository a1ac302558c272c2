//! The command line of `bta` together with the configuration file that it names.

use std::ffi::OsString;
use std::path::Path;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command, FromArgMatches};

use super::config_file::ConfigFile;
use super::crawl::CrawlArgs;
use super::{Answer, print_config, settings};

const PROGRAM: &str = "bta";

/// What is to be done, from the command line and the file that it names.
#[derive(Clone, Debug)]
pub struct CrawlLine {
    /// The values, each in its range.
    pub args: CrawlArgs,
    /// The command line that says all of it.
    pub words: Vec<OsString>,
    matches: ArgMatches,
}

impl CrawlLine {
    /// Reads a command line, and the file that its `--config` names. What stands on
    /// the command line replaces what the file says of it.
    ///
    /// # Errors
    /// The answer to give instead: help, version, or one line on what is wrong.
    pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<CrawlLine, Answer> {
        let words: Vec<OsString> = words.into_iter().collect();
        let command = settings::command();
        let matches = matches(&command, &words)?;
        let Some(file) = matches.get_one("config").map(std::path::PathBuf::as_path) else {
            return CrawlLine::of(words, matches);
        };
        let words = completed(words, &matches, &command, file)?;
        let matches = self::matches(&command, &words)?;
        CrawlLine::of(words, matches)
    }

    fn of(words: Vec<OsString>, matches: ArgMatches) -> Result<CrawlLine, Answer> {
        let args = CrawlArgs::from_arg_matches(&matches);
        Ok(CrawlLine {
            args: args.map_err(|error| Answer::instead(PROGRAM, &error))?,
            words,
            matches,
        })
    }

    /// The configuration that a run would have, as TOML.
    ///
    /// # Errors
    /// The answer to give instead: it cannot be written so.
    pub fn print_config(&self) -> Result<Answer, Answer> {
        print_config::print(&settings::command(), &self.matches)
            .map_err(|error| Answer::usage(PROGRAM, error))
    }
}

fn matches(command: &Command, words: &[OsString]) -> Result<ArgMatches, Answer> {
    let matches = command.clone().try_get_matches_from(words);
    matches.map_err(|error| Answer::instead(PROGRAM, &error))
}

/// The command line with what the file adds to it, right behind the program's name.
fn completed(
    words: Vec<OsString>,
    given: &ArgMatches,
    command: &Command,
    file: &Path,
) -> Result<Vec<OsString>, Answer> {
    let file = ConfigFile::read(file, command);
    let file = file.map_err(|error| Answer::usage(PROGRAM, error))?;
    let is_given = |id: &str| {
        let known = given.try_contains_id(id).unwrap_or(false);
        known && given.value_source(id) == Some(ValueSource::CommandLine)
    };
    let added = file.settings.into_iter().filter(|it| {
        let undo = settings::undo_of(&it.key);
        !is_given(it.id.as_str()) && !is_given(&undo)
    });
    let mut rest = words.into_iter();
    let program = rest.next();
    let added = added.flat_map(|it| it.words);
    Ok(program.into_iter().chain(added).chain(rest).collect())
}
