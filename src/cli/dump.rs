//! The command line of `bta-dump`.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::Color;
use super::when::When;

const ABOUT: &str = "\
Shows what a run of bta stored: who completed a download and when, and all that \
was learnt around it. A run that goes on is asked through bta.sock in its folder; the first line \
on standard error says which it was.

STORE is the folder of a run, such as output/2026-11-23T03-44-01Z.";

const EXAMPLES: &str = "\
Examples:
  bta-dump output/monday                       the summary
  bta-dump completions output/monday           who completed, and when
  bta-dump completions --format csv --since '2h ago' output/monday
  bta-dump places --by network output/monday
  bta-dump completions --follow output/monday  each as it comes, while the run goes on
  bta-dump peers --torrent 2 --format jsonl output/monday
  bta-dump ./peers                             a store that is called like a command

Fields of all rows: docs/store.md.

Exit codes:
  0  done, or the reader of the output went away
  1  the store cannot be read, or the bta that runs there does not answer
  2  a bad command line, no such store, or no such torrent in it";

/// What was written on the command line of `bta-dump`.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "bta-dump",
    version,
    about = ABOUT,
    after_help = EXAMPLES,
    override_usage = "bta-dump [COMMAND] [OPTIONS] <STORE>",
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    max_term_width = 90
)]
pub struct DumpArgs {
    /// What to show [default: summary].
    #[command(subcommand)]
    command: Option<Command>,

    /// The folder of a run.
    #[arg(value_name = "STORE", required = true)]
    store: Option<PathBuf>,

    /// Options of every command.
    #[command(flatten)]
    pub options: DumpOptions,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct DumpOptions {
    /// Only this torrent: its number in the store, or its info-hash.
    #[arg(long, global = true, value_name = "HASH|N")]
    pub torrent: Option<String>,

    /// From this time on: 2026-11-23T03:44:01Z, 2026-11-23, or '2h ago'. Hourly
    /// counters are taken or left as a whole.
    #[arg(long, global = true, value_name = "TIME")]
    pub since: Option<When>,

    /// Up to this time, which is not in it.
    #[arg(long, global = true, value_name = "TIME")]
    pub until: Option<When>,

    /// How rows are written.
    #[arg(long, global = true, value_enum, default_value = "table")]
    pub format: DumpFormat,

    /// When to write in colour; NO_COLOR is honoured.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: Color,
}

/// What to show.
#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// What the run found, on one page.
    Summary(Place),
    /// What was imported.
    Torrents(Place),
    /// Who completed a download, and when.
    Completions {
        /// Rises of these verdicts: confirmed downloads, and those not counted.
        #[arg(
            long,
            value_enum,
            value_delimiter = ',',
            action = ArgAction::Append,
            default_value = "confirmed"
        )]
        verdict: Vec<DumpVerdict>,
        /// Goes on with those that come while the run lasts.
        #[arg(long)]
        follow: bool,
        /// The store.
        #[command(flatten)]
        place: Place,
    },
    /// What is known of every peer.
    Peers {
        /// Only peers below the threshold when last seen, whose fate is unknown; for
        /// these reasons alone, if any are named (--unknown=vanished,unreachable).
        #[arg(
            long,
            value_enum,
            value_name = "WHY",
            value_delimiter = ',',
            num_args = 0..,
            require_equals = true,
            default_missing_value = "any"
        )]
        unknown: Vec<DumpUnknown>,
        /// The store.
        #[command(flatten)]
        place: Place,
    },
    /// What became of the peers of each client family, and so what limits the count.
    Fates(Place),
    /// Where the peers are, as far as a location database told.
    Places {
        /// What is one place.
        #[arg(long, value_enum, value_name = "WHAT", default_value = "country")]
        by: DumpPlaceBy,
        /// The store.
        #[command(flatten)]
        place: Place,
    },
    /// Which programs the peers run.
    Clients {
        /// Keeps versions apart.
        #[arg(long)]
        by_version: bool,
        /// The store.
        #[command(flatten)]
        place: Place,
    },
    /// What trackers answered.
    Announces(Place),
    /// What trackers reported when they were only asked for figures.
    Scrapes(Place),
    /// What each source of addresses brought.
    Sources {
        /// Keeps hours apart.
        #[arg(long)]
        hourly: bool,
        /// The store.
        #[command(flatten)]
        place: Place,
    },
    /// How contacts and incoming connections ended.
    Outcomes {
        /// What each of their connections gave instead: TCP or uTP, encrypted or not.
        #[arg(long)]
        by_way: bool,
        /// Keeps client families apart.
        #[arg(long)]
        by_family: bool,
        /// The store.
        #[command(flatten)]
        place: Place,
    },
    /// What others said of peers: nothing of it is seen, and none of it counts.
    Hearsay(Place),
    /// Restarts, gaps and other things to know when reading the figures.
    Events(Place),
    /// How the program itself did, again and again.
    Samples(Place),
    /// Facts about the run: versions, command line, parameters.
    Meta(Place),
}

#[derive(Clone, Debug, Args)]
struct Place {
    /// The folder of a run.
    #[arg(value_name = "STORE")]
    store: PathBuf,
}

/// What to show, with the options of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The summary.
    Summary,
    /// Torrents.
    Torrents,
    /// Completions.
    Completions {
        /// Of these verdicts.
        verdicts: Vec<DumpVerdict>,
        /// Whether those that come later are shown as they come.
        follow: bool,
    },
    /// Peers.
    Peers {
        /// Only those whose fate is unknown for these reasons; none: all peers.
        unknown: Vec<DumpUnknown>,
    },
    /// What became of the peers.
    Fates,
    /// Places.
    Places(DumpPlaceBy),
    /// Clients.
    Clients {
        /// Whether versions are kept apart.
        by_version: bool,
    },
    /// Announces.
    Announces,
    /// Scrapes.
    Scrapes,
    /// Sources.
    Sources {
        /// Whether hours are kept apart.
        hourly: bool,
    },
    /// Outcomes.
    Outcomes {
        /// Whether ways are shown.
        by_way: bool,
        /// Whether client families are kept apart.
        by_family: bool,
    },
    /// Hearsay.
    Hearsay,
    /// Events.
    Events,
    /// Samples.
    Samples,
    /// Meta.
    Meta,
}

impl DumpArgs {
    /// What to show, and of which store.
    pub fn what(self) -> (Shown, PathBuf) {
        match self.command {
            None => (Shown::Summary, self.store.unwrap_or_default()),
            Some(Command::Summary(place)) => (Shown::Summary, place.store),
            Some(Command::Torrents(place)) => (Shown::Torrents, place.store),
            Some(Command::Completions {
                verdict: verdicts,
                follow,
                place,
            }) => (Shown::Completions { verdicts, follow }, place.store),
            Some(Command::Peers { unknown, place }) => (Shown::Peers { unknown }, place.store),
            Some(Command::Fates(place)) => (Shown::Fates, place.store),
            Some(Command::Places { by, place }) => (Shown::Places(by), place.store),
            Some(Command::Clients { by_version, place }) => {
                (Shown::Clients { by_version }, place.store)
            }
            Some(Command::Announces(place)) => (Shown::Announces, place.store),
            Some(Command::Scrapes(place)) => (Shown::Scrapes, place.store),
            Some(Command::Sources { hourly, place }) => (Shown::Sources { hourly }, place.store),
            Some(Command::Outcomes {
                by_way,
                by_family,
                place,
            }) => (Shown::Outcomes { by_way, by_family }, place.store),
            Some(Command::Hearsay(place)) => (Shown::Hearsay, place.store),
            Some(Command::Events(place)) => (Shown::Events, place.store),
            Some(Command::Samples(place)) => (Shown::Samples, place.store),
            Some(Command::Meta(place)) => (Shown::Meta, place.store),
        }
    }
}

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DumpFormat {
    /// Aligned columns, for people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated, with a head.
    Csv,
}

/// What was made of a rise to the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DumpVerdict {
    /// All of them.
    All,
    /// A confirmed download.
    Confirmed,
    /// A later rise of a peer confirmed before.
    Again,
    /// The peer may have been super-seeding.
    Unproven,
    /// Faster than any link.
    Implausible,
    /// What a disk check found.
    Checking,
}

/// Why the fate of a peer is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum DumpUnknown {
    /// For any reason.
    Any,
    /// A session is open, or was when the run was stopped.
    Watched,
    /// We left it, and have not tried again since.
    Awaited,
    /// It would have been tried again if there had been a slot.
    NoSlot,
    /// It left, and we have not tried again since.
    Vanished,
    /// It answers no more.
    Unreachable,
    /// It answers, and closes before a handshake.
    TurnedAway,
    /// It had called us, and cannot be called.
    Undialable,
    /// It was not met since an earlier run.
    Interrupted,
}

/// What is one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DumpPlaceBy {
    /// A continent.
    Continent,
    /// A country.
    Country,
    /// A town.
    City,
    /// An autonomous system.
    Network,
}

#[cfg(test)]
mod tests;
