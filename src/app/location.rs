//! The location databases of a run.

use slog::{Logger, info};

use crate::config::{Config, Geoip};
use crate::locate::{Edition, LocateError, Locator};
use crate::store::{Record, StoreError, Writer};

/// The fact in the store that says by which databases peers were located.
const FACT: &str = "location_databases";

/// Opens the databases that are named, or those that are found. What is wrong with
/// one that was found is said, and it is left out.
///
/// # Errors
/// One that is named is of no use.
pub(super) fn open(config: &Config) -> Result<Locator, LocateError> {
    let mut locator = Locator::default();
    match &config.geoip {
        Geoip::Nowhere => return Ok(locator),
        Geoip::Files(files) => files.iter().try_for_each(|it| locator.add(it))?,
        Geoip::Folder(folder) => {
            for file in Locator::files_in(folder) {
                if let Err(error) = locator.add(&file) {
                    eprintln!("bta: {error}; it is left out");
                }
            }
        }
    }
    if locator.is_empty() && !config.quiet {
        eprintln!(
            "bta: no location database (--geoip FILE, or *.mmdb in input/): countries stay unknown"
        );
    }
    Ok(locator)
}

/// Says in log and store by which databases peers are located.
///
/// # Errors
/// The store fails.
pub(super) fn note(locator: &Locator, log: &Logger, writer: &mut Writer) -> Result<(), StoreError> {
    let all: Vec<_> = locator.editions().map(described).collect();
    match all.as_slice() {
        [] => info!(log, "no location database"),
        all => info!(log, "location databases"; "all" => all.join("; ")),
    }
    let value = if all.is_empty() {
        "none".into()
    } else {
        all.join("; ")
    };
    writer.commit(&[Record::Meta(FACT.into(), value.into())])
}

/// `GeoLite2-City of 2026-11-20T00:00:00.000Z: country, city`.
fn described(edition: &Edition) -> String {
    let tells = edition.tells;
    let parts = [
        (tells.country, "country"),
        (tells.city, "city"),
        (tells.network, "network"),
    ];
    let parts = parts.iter().filter(|it| it.0).map(|it| it.1);
    let parts: Vec<_> = parts.collect();
    format!(
        "{} of {}: {}",
        edition.kind,
        edition.built_at,
        parts.join(", ")
    )
}
