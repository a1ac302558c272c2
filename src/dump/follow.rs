//! `bta-dump completions --follow`: new ones as they come, until the run ends.

use std::io::Write;
use std::thread;
use std::time::Duration;

use super::DumpError;
use crate::report::lines::completions::{COLUMNS, Wanted};
use crate::report::output::Output;
use crate::serve::client;
use crate::store::Reader;
use crate::store::tail::Tail;

/// How often the journal's end is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(super) fn completions(
    reader: &Reader,
    mut tail: Tail,
    wanted: &Wanted<'_>,
    output: &mut Output<'_>,
    err: &mut dyn Write,
) -> Result<(), DumpError> {
    let mut sheet = output.sheet(COLUMNS)?;
    for line in wanted.lines(reader)? {
        sheet.row(&line?)?;
    }
    if reader.as_of().is_none() {
        sheet.finish()?;
        writeln!(err, "bta-dump: no bta runs there: nothing to follow")?;
        return Ok(());
    }
    sheet.flush()?;
    loop {
        // Asked first: what comes until the end is still shown.
        let goes_on = goes_on(reader)?;
        let news = tail.news(reader)?;
        let any = !news.is_empty();
        for line in news.into_iter().filter_map(|row| wanted.line(row)) {
            sheet.row(&line)?;
        }
        if any {
            sheet.flush()?;
        }
        if !goes_on {
            sheet.finish()?;
            writeln!(err, "bta-dump: the run has ended")?;
            return Ok(());
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// A run whose recorder was lost has its store closed for a moment, and answers.
fn goes_on(reader: &Reader) -> Result<bool, DumpError> {
    Ok(Reader::running(reader.path())?.is_some() || client::is_there(reader.path()))
}
