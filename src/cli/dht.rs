//! How the options of the DHT are written.

use std::ffi::OsString;
use std::path::PathBuf;

/// A host by name or address, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAndPort {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Where the DHT's nodes are kept, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DhtState {
    /// Nowhere.
    None,
    /// In this file.
    File(PathBuf),
}

impl From<OsString> for DhtState {
    fn from(text: OsString) -> Self {
        match text.to_str() {
            Some("none") => DhtState::None,
            _ => DhtState::File(text.into()),
        }
    }
}

pub(super) fn host_and_port(text: &str) -> Result<HostAndPort, String> {
    let wrong = || "not a host and a port; write such as dht.example.org:6881".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = port.parse().ok().filter(|port| *port != 0);
    match port {
        Some(port) if !host.is_empty() => Ok(HostAndPort {
            host: host.to_owned(),
            port,
        }),
        _ => Err(wrong()),
    }
}
