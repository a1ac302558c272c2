//! Tracker URLs: which are usable, and how they may be shown.

use std::fmt;

use url::{Host, Url};

use super::error::TrackerError;
use crate::protocol::limits;

/// How a tracker is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// BEP 3 over HTTP.
    Http,
    /// BEP 3 over TLS.
    Https,
    /// BEP 15.
    Udp,
}

/// The announce URL of a tracker.
///
/// `Debug` shows it redacted; there is no `Display`: choose between
/// [`TrackerUrl::as_str`] and [`TrackerUrl::redacted`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TrackerUrl {
    url: Url,
    scheme: Scheme,
    host: String,
    port: u16,
}

/// Stands where a secret stood.
const HIDDEN: &str = "***";

impl TrackerUrl {
    /// Reads an announce URL.
    ///
    /// # Errors
    /// [`TrackerError::BadUrl`] without a host or a needed port, or longer than
    /// [`limits::URL_BYTES`]; [`TrackerError::Unsupported`] for web sockets.
    pub fn parse(text: &str) -> Result<TrackerUrl, TrackerError> {
        let bad = |why: &str| TrackerError::BadUrl(why.to_owned());
        let text = text.trim();
        if text.len() > limits::URL_BYTES {
            return Err(bad("too long"));
        }
        let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "udp" => Scheme::Udp,
            "ws" | "wss" => return Err(TrackerError::Unsupported("WebSocket")),
            _ => return Err(bad("neither http, https nor udp")),
        };
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_ascii_lowercase(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => ip.to_string(),
            None => return Err(bad("no host")),
        };
        if host.is_empty() || host.len() > limits::HOST_BYTES {
            return Err(bad("no host"));
        }
        let port = url.port_or_known_default().filter(|port| *port != 0);
        let port = port.ok_or_else(|| bad("no port"))?;
        Ok(TrackerUrl {
            url,
            scheme,
            host,
            port,
        })
    }

    /// How to speak.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host: a name, or an IP address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where the URL leaves it to the scheme.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// For an HTTP request's `Host`: the port only if it is not the scheme's.
    pub fn host_header(&self) -> String {
        let host = self.url.host_str().unwrap_or(&self.host);
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// User name and password, for an HTTP request's `Authorization`; percent
    /// encoding not resolved.
    pub fn user_info(&self) -> Option<(&str, &str)> {
        let user = self.url.username();
        let password = self.url.password().unwrap_or_default();
        (!user.is_empty() || !password.is_empty()).then_some((user, password))
    }

    /// Path as it goes into a request.
    pub fn path(&self) -> &str {
        match self.url.path() {
            "" => "/",
            path => path,
        }
    }

    /// Query as it goes into a request, without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.url.query().filter(|query| !query.is_empty())
    }

    /// The whole URL, passkeys included: never to be stored, logged or shown.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The URL without user info, query, and parts of the path that may be a
    /// passkey: for store, logs and reports.
    pub fn redacted(&self) -> String {
        let host = self.url.host_str().unwrap_or_default().to_ascii_lowercase();
        let mut text = format!("{}://{host}", self.url.scheme());
        if let Some(port) = self.url.port() {
            text.push_str(&format!(":{port}"));
        }
        for part in self.url.path().split('/').skip(1) {
            text.push('/');
            text.push_str(if is_harmless(part) { part } else { HIDDEN });
        }
        if self.query().is_some() {
            text.push('?');
            text.push_str(HIDDEN);
        }
        text
    }
}

impl fmt::Debug for TrackerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

/// Whether a part of a path cannot be a passkey. What remains of the secret
/// space is small: eight lower-case letters in a row happen once in a thousand
/// random keys of that length.
fn is_harmless(part: &str) -> bool {
    let stem = match part.split_once('.') {
        Some((stem, "php" | "cgi" | "asp" | "aspx" | "html")) => stem,
        Some(_) => return false,
        None => part,
    };
    stem.len() <= 3 || (stem.len() <= 8 && stem.bytes().all(|it| it.is_ascii_lowercase()))
}
