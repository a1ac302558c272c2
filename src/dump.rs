//! `bta-dump` put together: command line, store, report.

mod follow;
mod opening;

use std::ffi::OsString;
use std::io::{self, Write};

use crate::cli::dump::{DumpArgs, DumpFormat, DumpPlaceBy, DumpUnknown, DumpVerdict, Shown};
use crate::cli::when::When;
use crate::cli::{self, Color, exit};
use crate::moment::Moment;
use crate::report::lines::{
    announces, clients, completions, events, fates, hearsay, meta, outcomes, peers, places,
    samples, scrapes, sources, torrents,
};
use crate::report::output::Output;
use crate::report::selection::Catalog;
use crate::report::summary::flat;
use crate::report::text::harmless;
use crate::report::{Format, ReportError, Selection, Summary};
use crate::serve::ServeError;
use crate::store::tail::Tail;
use crate::store::{Reader, StoreError};
use crate::swarm::facts::Verdict;
use crate::swarm::presence::Presence;

/// Where the program finds itself.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// Now: spans of time on the command line end here.
    pub now: Moment,
    /// Whether standard output is a terminal that wants colour.
    pub colour: bool,
}

/// What was asked for cannot be shown.
#[derive(Debug, thiserror::Error)]
enum DumpError {
    /// The store or the output fails, or there is no such torrent.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The bta that writes the store does not answer.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A JSON document has an end.
    #[error("--follow has no end, and a JSON document has one: use --format table, jsonl or csv")]
    Endless,
}

impl From<StoreError> for DumpError {
    fn from(error: StoreError) -> Self {
        DumpError::Report(error.into())
    }
}

impl From<io::Error> for DumpError {
    fn from(error: io::Error) -> Self {
        DumpError::Report(error.into())
    }
}

impl DumpError {
    fn is_closed_pipe(&self) -> bool {
        matches!(self, DumpError::Report(error) if error.is_closed_pipe())
    }

    /// A wrong command line is the user's to mend, all else the store's or ours.
    fn code(&self) -> u8 {
        match self {
            DumpError::Endless
            | DumpError::Report(
                ReportError::NoSuchTorrent(_)
                | ReportError::Store(
                    StoreError::Missing(_) | StoreError::NotAStore(_) | StoreError::InsideAStore(_),
                ),
            ) => exit::USAGE,
            _ => exit::FAILED,
        }
    }
}

/// Runs `bta-dump` with these arguments (the program's name first); the exit
/// code.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let args = match cli::parse::<DumpArgs>("bta-dump", args) {
        Ok(args) => args,
        Err(answer) => {
            // Nobody is left to tell if this fails.
            let _ = out.write_all(answer.stdout.as_bytes());
            let _ = err.write_all(answer.stderr.as_bytes());
            return answer.code;
        }
    };
    match show(args, surroundings, out, err) {
        Ok(()) => exit::DONE,
        Err(error) if error.is_closed_pipe() => exit::DONE,
        Err(error) => {
            let text = error.to_string();
            let _ = writeln!(err, "bta-dump: {}", harmless(&text));
            error.code()
        }
    }
}

fn show(
    args: DumpArgs,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), DumpError> {
    let options = args.options.clone();
    let (shown, store) = args.what();
    // Before the store is read: what comes meanwhile is in one of the two.
    let tail = match shown {
        Shown::Completions { follow: true, .. } if options.format == DumpFormat::Json => {
            return Err(DumpError::Endless);
        }
        Shown::Completions { follow: true, .. } => Some(Tail::of(&store)?),
        _ => None,
    };
    let reader = opening::open(&store, &shown, surroundings.now)?;
    opening::announce(&reader, err)?;
    let catalog = Catalog::of(&reader)?;
    let named = options.torrent.as_deref();
    let moment = |when: When| when.moment(surroundings.now);
    let selection = Selection {
        torrent: named.map(|name| catalog.find(name)).transpose()?,
        since: options.since.map(moment),
        until: options.until.map(moment),
    };
    let mut output = Output {
        format: format(options.format),
        addresses: reader.parameters().keep_addresses,
        out,
    };
    let in_summary = shown == Shown::Summary && output.format == Format::Table;
    if !in_summary {
        notes(&reader, err)?;
    }
    match shown {
        Shown::Summary => {
            let colour = match options.color {
                Color::Auto => surroundings.colour,
                Color::Always => true,
                Color::Never => false,
            };
            summary(&Summary::of(&reader, &selection)?, colour, &mut output)?;
        }
        Shown::Torrents => {
            let lines = torrents::lines(&reader, &selection)?;
            output.lines(torrents::COLUMNS, lines)?;
        }
        Shown::Completions { verdicts, .. } => {
            let wanted = completions::Wanted {
                catalog: &catalog,
                selection: &selection,
                verdicts: &wanted(&verdicts),
            };
            match tail {
                None => output.lines(completions::COLUMNS, wanted.lines(&reader)?)?,
                Some(tail) => follow::completions(&reader, tail, &wanted, &mut output, err)?,
            }
        }
        Shown::Peers { unknown } => {
            let why: Vec<_> = unknown.iter().flat_map(reasons).collect();
            let why = (!why.is_empty()).then_some(&*why);
            let lines = peers::lines(&reader, &catalog, &selection, why);
            output.lines(peers::COLUMNS, lines)?;
        }
        Shown::Fates => {
            let with_sum = output.format == Format::Table;
            let lines = fates::lines(&reader, &selection, with_sum)?;
            output.lines(fates::COLUMNS, lines.into_iter().map(Ok))?;
        }
        Shown::Places(by) => {
            let by = place_by(by);
            let lines = places::lines(&reader, &selection, by)?;
            output.lines(by.columns(), lines.into_iter().map(Ok))?;
        }
        Shown::Clients { by_version } => {
            let lines = clients::lines(&reader, &selection, by_version)?;
            let columns = match by_version {
                true => clients::COLUMNS_BY_VERSION,
                false => clients::COLUMNS,
            };
            output.lines(columns, lines.into_iter().map(Ok))?;
        }
        Shown::Announces => {
            let lines = announces::lines(&reader, &catalog, &selection);
            output.lines(announces::COLUMNS, lines)?;
        }
        Shown::Scrapes => {
            let lines = scrapes::lines(&reader, &catalog, &selection);
            output.lines(scrapes::COLUMNS, lines)?;
        }
        Shown::Sources { hourly } => {
            let lines = sources::lines(&reader, &catalog, &selection, hourly)?;
            let columns = match hourly {
                true => sources::COLUMNS_HOURLY,
                false => sources::COLUMNS,
            };
            output.lines(columns, lines)?;
        }
        Shown::Outcomes { by_way, by_family } => {
            let apart = outcomes::Apart { by_way, by_family };
            let lines = outcomes::lines(&reader, &selection, apart)?;
            output.lines(apart.columns(), lines.into_iter().map(Ok))?;
        }
        Shown::Hearsay => {
            let lines = hearsay::lines(&reader, &catalog, &selection);
            output.lines(hearsay::COLUMNS, lines)?;
        }
        Shown::Events => {
            let lines = events::lines(&reader, &catalog, &selection);
            output.lines(events::COLUMNS, lines)?;
        }
        Shown::Samples => {
            let columns = samples::columns(&reader, &selection)?;
            output.lines(&columns, samples::lines(&reader, &selection))?;
        }
        Shown::Meta => output.lines(meta::COLUMNS, reader.meta())?,
    }
    Ok(())
}

/// What must be known of the store, whatever is shown of it.
fn notes(reader: &Reader, err: &mut dyn Write) -> io::Result<()> {
    if reader.parameters().keep_addresses {
        writeln!(
            err,
            "note: this store holds peers' addresses (--keep-addresses)"
        )?;
    }
    for remark in reader.remarks() {
        writeln!(err, "note: {}", harmless(remark))?;
    }
    Ok(())
}

fn summary(summary: &Summary, colour: bool, output: &mut Output<'_>) -> Result<(), ReportError> {
    match output.format {
        Format::Table => output
            .out
            .write_all(summary.render_table(colour).as_bytes())?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *output.out, summary)?;
            writeln!(output.out)?;
        }
        Format::Jsonl => {
            for torrent in &summary.torrents {
                serde_json::to_writer(&mut *output.out, torrent)?;
                writeln!(output.out)?;
            }
        }
        Format::Csv => {
            let torrents = summary.torrents.iter().cloned();
            output.lines(flat::COLUMNS, torrents.map(Ok))?;
        }
    }
    Ok(output.out.flush()?)
}

fn format(format: DumpFormat) -> Format {
    match format {
        DumpFormat::Table => Format::Table,
        DumpFormat::Json => Format::Json,
        DumpFormat::Jsonl => Format::Jsonl,
        DumpFormat::Csv => Format::Csv,
    }
}

fn place_by(by: DumpPlaceBy) -> places::By {
    match by {
        DumpPlaceBy::Continent => places::By::Continent,
        DumpPlaceBy::Country => places::By::Country,
        DumpPlaceBy::City => places::By::City,
        DumpPlaceBy::Network => places::By::Network,
    }
}

fn wanted(verdicts: &[DumpVerdict]) -> Vec<Verdict> {
    let of = |wanted: &DumpVerdict| match wanted {
        DumpVerdict::All => Verdict::ALL.to_vec(),
        DumpVerdict::Confirmed => vec![Verdict::Confirmed],
        DumpVerdict::Again => vec![Verdict::Again],
        DumpVerdict::Unproven => vec![Verdict::Unproven],
        DumpVerdict::Implausible => vec![Verdict::Implausible],
        DumpVerdict::Checking => vec![Verdict::Checking],
    };
    verdicts.iter().flat_map(of).collect()
}

fn reasons(unknown: &DumpUnknown) -> Vec<Presence> {
    match unknown {
        DumpUnknown::Any => Presence::ALL.to_vec(),
        DumpUnknown::Watched => vec![Presence::Watched],
        DumpUnknown::Awaited => vec![Presence::Awaited],
        DumpUnknown::NoSlot => vec![Presence::NoSlot],
        DumpUnknown::Vanished => vec![Presence::Vanished],
        DumpUnknown::Unreachable => vec![Presence::Unreachable],
        DumpUnknown::TurnedAway => vec![Presence::TurnedAway],
        DumpUnknown::Undialable => vec![Presence::Undialable],
        DumpUnknown::Interrupted => vec![Presence::Interrupted],
    }
}
