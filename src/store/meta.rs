//! Facts about a store in its `meta` tree: names and values, both texts.

use super::error::StoreError;
use super::folder::Folder;
use super::records::{Parameters, Record};
use super::shelf::{Shelf, Tree};

/// Version of keys, values and trees together.
pub(super) const SCHEMA: u32 = 1;

/// Version of the schema.
pub(super) const SCHEMA_KEY: &str = "schema";
/// Whether the store was closed in order.
pub(super) const CLEAN: &str = "clean";
/// See [`Parameters::threshold_permille`].
pub(super) const THRESHOLD: &str = "threshold_permille";
/// See [`Parameters::allow_local`].
pub(super) const ALLOW_LOCAL: &str = "allow_local";
/// See [`Parameters::keep_addresses`].
pub(super) const KEEP_ADDRESSES: &str = "keep_addresses";
/// Tells whether the secret is still the same.
pub(super) const FINGERPRINT: &str = "secret_fingerprint";
/// Version of the program that wrote last.
pub(super) const PROGRAM: &str = "program";
/// Its command line.
pub(super) const COMMAND_LINE: &str = "command_line";
/// When the store was begun.
pub(super) const BEGUN_AT: &str = "begun_at";
/// When it was opened last.
pub(super) const OPENED_AT: &str = "opened_at";
/// When it was closed last.
pub(super) const CLOSED_AT: &str = "closed_at";

/// A fact as a record.
pub(super) fn fact(name: &str, value: impl ToString) -> Record {
    Record::Meta(name.into(), value.to_string().into())
}

/// A fact of a store.
pub(super) fn value(shelf: &dyn Shelf, name: &str) -> Result<Option<String>, StoreError> {
    let value = shelf.value(Tree::Meta, name.as_bytes())?;
    Ok(value.map(|value| String::from_utf8_lossy(&value).into_owned()))
}

/// Whether this program knows the store's format.
pub(super) fn check_schema(shelf: &dyn Shelf, folder: &Folder) -> Result<(), StoreError> {
    match value(shelf, SCHEMA_KEY)? {
        Some(found) if found != SCHEMA.to_string() => Err(StoreError::OtherFormat {
            path: folder.path().into(),
            found,
            known: SCHEMA,
        }),
        _ => Ok(()),
    }
}

/// The parameters in the database; None if it says nothing of them.
pub(super) fn parameters(shelf: &dyn Shelf) -> Result<Option<Parameters>, StoreError> {
    let threshold = value(shelf, THRESHOLD)?.and_then(|text| text.parse().ok());
    let Some(threshold_permille) = threshold else {
        return Ok(None);
    };
    let flag = |name| value(shelf, name).map(|it| it.as_deref() == Some("true"));
    Ok(Some(Parameters {
        threshold_permille,
        allow_local: flag(ALLOW_LOCAL)?,
        keep_addresses: flag(KEEP_ADDRESSES)?,
    }))
}

/// Parameters as facts.
pub(super) fn facts_of(parameters: &Parameters) -> [Record; 3] {
    [
        fact(THRESHOLD, parameters.threshold_permille),
        fact(ALLOW_LOCAL, parameters.allow_local),
        fact(KEEP_ADDRESSES, parameters.keep_addresses),
    ]
}

/// Whether a store with these parameters can be continued with those wanted.
pub(super) fn check_parameters(
    stored: &Parameters,
    wanted: &Parameters,
    folder: &Folder,
) -> Result<(), StoreError> {
    let percent = |permille: u16| format!("{}", f64::from(permille) / 1000.0);
    let flag = |on: bool| if on { "on" } else { "off" }.to_owned();
    let pairs = [
        (
            "--threshold",
            percent(stored.threshold_permille),
            percent(wanted.threshold_permille),
        ),
        (
            "--allow-local",
            flag(stored.allow_local),
            flag(wanted.allow_local),
        ),
        (
            "--keep-addresses",
            flag(stored.keep_addresses),
            flag(wanted.keep_addresses),
        ),
    ];
    match pairs
        .into_iter()
        .find(|(_, stored, wanted)| stored != wanted)
    {
        None => Ok(()),
        Some((name, stored, wanted)) => Err(StoreError::OtherParameter {
            path: folder.path().into(),
            name,
            stored,
            wanted,
        }),
    }
}
