//! A torrent's summary as one flat row: for CSV.

use super::{Reported, TorrentSummary};
use crate::report::reported::ReportedDownloads;
use crate::report::value::{Column, Value};
use crate::swarm::address_state::AddressState;
use crate::swarm::presence::Presence;

fn greatest(row: &TorrentSummary, figure: fn(&Reported) -> Option<u32>) -> Value {
    Value::count(row.reported.iter().filter_map(figure).max())
}

fn reported(row: &TorrentSummary, figure: fn(&ReportedDownloads) -> Value) -> Value {
    row.reported_downloads.as_ref().map_or(Value::None, figure)
}

macro_rules! unknown {
    ($name:literal, $why:ident) => {
        Column::data($name, |it: &TorrentSummary| {
            Value::Count(it.figures.peers.fate_unknown_why.of(Presence::$why))
        })
    };
}

macro_rules! address {
    ($name:literal, $state:ident) => {
        Column::data($name, |it: &TorrentSummary| {
            Value::Count(it.figures.addresses.of(AddressState::$state))
        })
    };
}

/// Its columns; the trackers' figures are the greatest that any of them reports.
pub const COLUMNS: &[Column<TorrentSummary>] = &[
    Column::data("torrent_number", |it: &TorrentSummary| {
        Value::Count(it.torrent_number.into())
    }),
    Column::data("torrent", |it| Value::text(&it.torrent)),
    Column::data("name", |it| Value::text(&it.name)),
    Column::data("pieces", |it| Value::count(it.pieces)),
    Column::data("piece_length_bytes", |it| {
        Value::count(it.piece_length_bytes)
    }),
    Column::data("size_bytes", |it| Value::count(it.size_bytes)),
    Column::data("confirmed", |it| Value::Count(it.figures.confirmed)),
    Column::data("slot_seconds", |it| Value::Count(it.figures.slot_seconds)),
    Column::data("slot_seconds_per_confirmed", |it| {
        let each = it.figures.slot_seconds_per_confirmed;
        each.map_or(Value::None, Value::Real)
    }),
    Column::data("again", |it| Value::Count(it.figures.not_counted.again)),
    Column::data("unproven", |it| {
        Value::Count(it.figures.not_counted.unproven)
    }),
    Column::data("implausible", |it| {
        Value::Count(it.figures.not_counted.implausible)
    }),
    Column::data("checking", |it| {
        Value::Count(it.figures.not_counted.checking)
    }),
    Column::data("peers_seen", |it| Value::Count(it.figures.peers.seen)),
    Column::data("peers_observed", |it| {
        Value::Count(it.figures.peers.observed)
    }),
    Column::data("peers_complete_at_first", |it| {
        Value::Count(it.figures.peers.complete_at_first)
    }),
    Column::data("peers_below", |it| Value::Count(it.figures.peers.below)),
    Column::data("peers_partial_seeds", |it| {
        Value::Count(it.figures.peers.partial_seeds)
    }),
    Column::data("peers_fate_unknown", |it| {
        Value::Count(it.figures.peers.fate_unknown)
    }),
    unknown!("fate_unknown_watched", Watched),
    unknown!("fate_unknown_awaited", Awaited),
    unknown!("fate_unknown_no_slot", NoSlot),
    unknown!("fate_unknown_vanished", Vanished),
    unknown!("fate_unknown_unreachable", Unreachable),
    unknown!("fate_unknown_turned_away", TurnedAway),
    unknown!("fate_unknown_undialable", Undialable),
    unknown!("fate_unknown_interrupted", Interrupted),
    unknown!("fate_unknown_untold", Untold),
    address!("addresses_not_contacted", NotContacted),
    address!("addresses_never_reachable", NeverReachable),
    address!("addresses_mute", Mute),
    address!("addresses_no_peer", NoPeer),
    address!("addresses_turned_away", TurnedAway),
    address!("addresses_unsettled", Unsettled),
    address!("addresses_own", Own),
    address!("addresses_met", Met),
    Column::data("reported_seeders", |it| greatest(it, |it| it.seeders)),
    Column::data("reported_leechers", |it| greatest(it, |it| it.leechers)),
    Column::data("reported_downloaded", |it| greatest(it, |it| it.downloaded)),
    Column::data("reported_trackers", |it| {
        reported(it, |all| Value::Count(all.trackers.into()))
    }),
    Column::data("reported_greatest", |it| {
        reported(it, |all| Value::Count(all.greatest))
    }),
    Column::data("reported_sum", |it| {
        reported(it, |all| Value::Count(all.sum))
    }),
    Column::data("reported_resets", |it| {
        reported(it, |all| Value::Count(all.resets.into()))
    }),
    Column::data("confirmed_percent", |it| {
        reported(it, |all| {
            all.confirmed_percent.map_or(Value::None, Value::Real)
        })
    }),
];
