//! Why an announce or a scrape failed.

use std::io;
use std::time::Duration;

use crate::protocol::limits;

/// Why no connection to a tracker came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ConnectFailure {
    /// Its name was not found.
    #[error("its name was not found")]
    NoSuchHost,
    /// Its address is one that we never contact.
    #[error("its address is not public")]
    Forbidden,
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// The connection was cut.
    #[error("connection reset")]
    Reset,
    /// There is no way to its network or host.
    #[error("unreachable")]
    Unreachable,
    /// Anything else.
    #[error("connection failed")]
    Other,
}

/// Why no encrypted connection to a tracker came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TlsFailure {
    /// Nobody that we trust vouches for its certificate.
    #[error("its certificate is signed by nobody known; --ca-file adds who may sign")]
    UnknownIssuer,
    /// Its certificate is no longer, or not yet, valid.
    #[error("its certificate has expired, or is not valid yet")]
    Expired,
    /// Its certificate is for another name.
    #[error("its certificate is for another name")]
    WrongName,
    /// Anything else: no TLS at all, or none that we speak.
    #[error("no encrypted connection")]
    Other,
}

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum RedirectFailure {
    /// One led to the next.
    #[error("more than {} redirects", limits::REDIRECTS)]
    TooMany,
    /// It does not say where to.
    #[error("a redirect to no usable URL")]
    NoTarget,
    /// It leads from an encrypted connection to an open one.
    #[error("a redirect from https to http")]
    Downgrade,
}

/// Why an announce or a scrape failed. None of them is final: ask again later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrackerError {
    /// The tracker itself said so.
    #[error("the tracker says: {reason}")]
    Failure {
        /// Its words, printable and bounded.
        reason: String,
        /// When it wants to be asked again (BEP 31); `Some(Duration::MAX)` is
        /// "never".
        retry_in: Option<Duration>,
    },
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// An HTTP answer other than 200.
    #[error("HTTP status {0}")]
    HttpStatus(u16),
    /// Not an answer as any tracker gives it.
    #[error("malformed answer: {what}")]
    Malformed {
        /// What is wrong with it.
        what: String,
    },
    /// The answer is too long to be read.
    #[error("the answer is longer than {max} bytes")]
    BodyTooLarge {
        /// The bound.
        max: usize,
    },
    /// The body's encoding is broken, or none that we asked for.
    #[error("unreadable body: {0}")]
    BadEncoding(&'static str),
    /// The tracker sends us elsewhere, and we do not go.
    #[error("{0}")]
    Redirect(RedirectFailure),
    /// No encrypted connection.
    #[error("{0}")]
    Tls(TlsFailure),
    /// By the convention of BEP 48 there is no scrape at this tracker.
    #[error("its announce URL names no scrape")]
    NoScrape,
    /// A scrape's answer without the torrent that was asked for.
    #[error("the answer says nothing of this torrent")]
    TorrentMissing,
    /// No connection.
    #[error("{0}")]
    ConnectionFailed(ConnectFailure),
    /// The URL cannot be used.
    #[error("unusable URL: {0}")]
    BadUrl(String),
    /// The URL's scheme is not spoken.
    #[error("{0} trackers are not supported")]
    Unsupported(&'static str),
}

impl TrackerError {
    /// An answer that cannot be read.
    pub fn malformed(what: impl Into<String>) -> Self {
        TrackerError::Malformed { what: what.into() }
    }

    /// Whether another address of the tracker's name may do better: at this one
    /// nobody answered.
    pub fn is_of_the_address(&self) -> bool {
        matches!(self, Self::ConnectionFailed(_) | Self::Timeout)
    }

    /// The stable name in counters and stored results.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Failure { .. } => "failure",
            Self::Timeout => "timeout",
            Self::HttpStatus(_) => "http_status",
            Self::Malformed { .. } => "malformed",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::ConnectionFailed(ConnectFailure::NoSuchHost) => "no_such_host",
            Self::ConnectionFailed(ConnectFailure::Forbidden) => "forbidden_address",
            Self::ConnectionFailed(ConnectFailure::Refused) => "refused",
            Self::ConnectionFailed(ConnectFailure::Reset) => "reset",
            Self::ConnectionFailed(ConnectFailure::Unreachable) => "unreachable",
            Self::ConnectionFailed(ConnectFailure::Other) => "connection_failed",
            Self::BadEncoding(_) => "bad_encoding",
            Self::Redirect(RedirectFailure::TooMany) => "too_many_redirects",
            Self::Redirect(RedirectFailure::NoTarget) => "bad_redirect",
            Self::Redirect(RedirectFailure::Downgrade) => "redirect_to_http",
            Self::Tls(TlsFailure::UnknownIssuer) => "tls_unknown_issuer",
            Self::Tls(TlsFailure::Expired) => "tls_expired",
            Self::Tls(TlsFailure::WrongName) => "tls_wrong_name",
            Self::Tls(TlsFailure::Other) => "tls_failed",
            Self::NoScrape => "no_scrape",
            Self::TorrentMissing => "torrent_missing",
            Self::BadUrl(_) => "bad_url",
            Self::Unsupported(_) => "unsupported",
        }
    }
}

impl From<io::ErrorKind> for ConnectFailure {
    fn from(kind: io::ErrorKind) -> Self {
        match kind {
            io::ErrorKind::NotFound => Self::NoSuchHost,
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Self::Reset,
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::AddrNotAvailable => Self::Unreachable,
            _ => Self::Other,
        }
    }
}

impl From<&io::Error> for TrackerError {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::Timeout,
            kind => Self::ConnectionFailed(kind.into()),
        }
    }
}
