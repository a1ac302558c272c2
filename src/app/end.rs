//! What a run says at its end.

use crate::actors::root::RunEnd;
use crate::cli::{SummaryFormat, exit};
use crate::config::Config;
use crate::report::output::ReportError;
use crate::report::selection::Selection;
use crate::report::summary::Summary;
use crate::report::units::count;
use crate::store::Reader;

use super::watch::StoppedBy;
use super::{coloured, note, say, stdout_is_terminal};

/// A run that has ended.
pub(super) struct Ended {
    pub(super) run_end: StoppedBy,
    pub(super) lost_log_lines: u64,
    pub(super) config: Config,
}

/// Prints the summary; answers the exit code.
pub(super) fn report(ended: Ended) -> u8 {
    let code = match &ended.run_end {
        StoppedBy::Tree(RunEnd::Stopped) => exit::DONE,
        StoppedBy::Tree(RunEnd::Escalated) => {
            note("a part of the program kept failing, see bta.log; all that was recorded is safe");
            exit::ESCALATED
        }
        StoppedBy::Tree(RunEnd::StoreFailed(failure)) => {
            note(&format!("the store could not be closed: {failure}"));
            exit::FAILED
        }
        StoppedBy::Timeout => {
            note("the run did not end in time; its completions are in the journal");
            exit::FAILED
        }
        StoppedBy::Lost => {
            note("the run ended unexpectedly, see bta.log; its completions are in the journal");
            exit::FAILED
        }
    };
    if ended.lost_log_lines > 0 {
        let lost = count(ended.lost_log_lines);
        note(&format!("warning: {lost} log lines did not reach bta.log"));
    }
    match summary(&ended.config) {
        Ok(text) => {
            say(&text);
            code
        }
        Err(failure) => {
            note(&format!("no summary: {failure}"));
            code.max(exit::FAILED)
        }
    }
}

fn summary(config: &Config) -> Result<String, ReportError> {
    let reader = Reader::open(&config.output)?;
    let summary = Summary::of(&reader, &Selection::default())?;
    Ok(match config.format {
        SummaryFormat::Table => summary.render_table(coloured(config, stdout_is_terminal())),
        SummaryFormat::Json => summary.to_json()?,
    })
}
