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

    /// The URL that a reference leads to from here (RFC 3986, 5); None if it is none
    /// of a tracker.
    pub fn join(&self, reference: &str) -> Option<TrackerUrl> {
        let url = self.url.join(reference).ok()?;
        TrackerUrl::parse(url.as_str()).ok()
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

    /// Path and query as a UDP tracker is told them (BEP 41); None if there is
    /// nothing to tell.
    pub fn path_and_query(&self) -> Option<String> {
        match (self.path(), self.query()) {
            ("/", None) => None,
            (path, None) => Some(path.to_owned()),
            (path, Some(query)) => Some(format!("{path}?{query}")),
        }
    }

    /// The path of the scrape that belongs to an HTTP announce: where its last part
    /// begins with `announce`, that word becomes `scrape`. None: the tracker has no
    /// scrape by this convention.
    ///
    /// Source: BEP 48, "the tracker scrape convention".
    pub fn scrape_path(&self) -> Option<String> {
        // The last slash of the whole URL counts, were it in the query.
        if self.query().is_some_and(|query| query.contains('/')) {
            return None;
        }
        let (folder, last) = self.path().rsplit_once('/')?;
        let rest = last.strip_prefix("announce")?;
        Some(format!("{folder}/scrape{rest}"))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> TrackerUrl {
        TrackerUrl::parse(text).unwrap()
    }

    #[test]
    fn reads_the_schemes_in_use() {
        for (text, scheme, host, port) in [
            (
                "http://tracker.example/announce",
                Scheme::Http,
                "tracker.example",
                80,
            ),
            (
                "HTTP://Tracker.Example:6969/a",
                Scheme::Http,
                "tracker.example",
                6969,
            ),
            (
                "https://tracker.example/announce",
                Scheme::Https,
                "tracker.example",
                443,
            ),
            (
                "udp://Tracker.Example:1337",
                Scheme::Udp,
                "tracker.example",
                1337,
            ),
            (
                "udp://[2001:db8::1]:1337/announce",
                Scheme::Udp,
                "2001:db8::1",
                1337,
            ),
            (
                " udp://192.0.2.1:80/announce\n",
                Scheme::Udp,
                "192.0.2.1",
                80,
            ),
        ] {
            let url = parse(text);
            assert_eq!(
                (url.scheme(), url.host(), url.port()),
                (scheme, host, port),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_others() {
        assert!(TrackerUrl::parse("udp://tracker.example:1").is_ok());
        for text in [
            "",
            "tracker",
            "udp://tracker.example",
            "udp://t:0",
            "http://",
            "dht://x:1",
        ] {
            let error = TrackerUrl::parse(text).unwrap_err();
            assert_eq!(error.label(), "bad_url", "{text}");
        }
        let long = format!("http://t/{}", "a".repeat(limits::URL_BYTES));
        assert_eq!(TrackerUrl::parse(&long).unwrap_err().label(), "bad_url");
        let socket = TrackerUrl::parse("wss://tracker.example").unwrap_err();
        assert_eq!(socket, TrackerError::Unsupported("WebSocket"));
    }

    #[test]
    fn hides_what_may_be_a_passkey() {
        for (text, shown) in [
            ("http://t.example/announce", "http://t.example/announce"),
            (
                "http://t.example:6969/a/announce.php",
                "http://t.example:6969/a/announce.php",
            ),
            ("udp://t.example:80", "udp://t.example:80"),
            (
                "udp://[2001:db8::1]:80/announce",
                "udp://[2001:db8::1]:80/announce",
            ),
            (
                "http://t.example/0123456789abcdef0123456789abcdef/announce",
                "http://t.example/***/announce",
            ),
            (
                "http://t.example/a8f3c1/announce",
                "http://t.example/***/announce",
            ),
            (
                "http://t.example/AbCdEfGh/announce",
                "http://t.example/***/announce",
            ),
            (
                "http://t.example/announce?passkey=secret",
                "http://t.example/announce?***",
            ),
            (
                "http://me:secret@t.example/announce",
                "http://t.example/announce",
            ),
            ("http://t.example/announce.secret", "http://t.example/***"),
        ] {
            let url = parse(text);
            assert_eq!(url.redacted(), shown);
            assert_eq!(format!("{url:?}"), shown);
        }
    }

    #[test]
    fn gives_a_request_its_parts() {
        let url = parse("http://me:word@t.example:81/x?a=b");
        assert_eq!((url.path(), url.query()), ("/x", Some("a=b")));
        assert_eq!(url.host_header(), "t.example:81");
        assert_eq!(url.user_info(), Some(("me", "word")));
        let bare = parse("http://[2001:db8::1]");
        assert_eq!(
            (bare.path(), bare.query(), bare.user_info()),
            ("/", None, None)
        );
        assert_eq!(bare.host_header(), "[2001:db8::1]");
    }

    #[test]
    fn derives_the_scrape_as_bep_48_says() {
        for (text, path) in [
            ("http://t.example/announce", Some("/scrape")),
            ("http://t.example/x/announce", Some("/x/scrape")),
            ("http://t.example/announce.php", Some("/scrape.php")),
            ("http://t.example/announce?x2%0644", Some("/scrape")),
            ("http://t.example/a", None),
            ("http://t.example/announce?x=2/4", None),
            ("http://t.example/x%064announce", None),
            ("http://t.example/announce/", None),
            ("http://t.example", None),
        ] {
            assert_eq!(parse(text).scrape_path().as_deref(), path, "{text}");
        }
    }

    #[test]
    fn tells_a_udp_tracker_what_stands_behind_the_port() {
        for (text, told) in [
            ("udp://t.example:80", None),
            ("udp://t.example:80/", None),
            ("udp://t.example:80/announce", Some("/announce")),
            ("udp://t.example:80/a?k=v", Some("/a?k=v")),
            ("udp://t.example:80?k=v", Some("/?k=v")),
        ] {
            assert_eq!(parse(text).path_and_query().as_deref(), told, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_shows_a_key(key in "[a-zA-Z0-9]{9,40}", user in "[a-z0-9]{9,12}") {
            let url = parse(&format!("http://{user}:{key}@t.example/{key}/announce?k={key}"));
            prop_assert!(!url.redacted().contains(&key) && !url.redacted().contains(&user));
        }

        #[test]
        fn never_panics(text in "(http|udp)?(://)?.{0,60}") {
            if let Ok(url) = TrackerUrl::parse(&text) {
                let _ = (url.redacted(), url.host_header(), url.path());
            }
        }
    }
}
