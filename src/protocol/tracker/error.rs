//! Why an announce or a scrape failed.

use std::io;
use std::time::Duration;

/// Why no connection to a tracker came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ConnectFailure {
    /// Its name was not found.
    #[error("its name was not found")]
    NoSuchHost,
    /// Its address is one that we never contact.
    #[error("its address is not public")]
    Forbidden,
    /// Its address is one that the user excluded.
    #[error("its address is excluded")]
    Excluded,
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
            Self::ConnectionFailed(ConnectFailure::Excluded) => "excluded_address",
            Self::ConnectionFailed(ConnectFailure::Refused) => "refused",
            Self::ConnectionFailed(ConnectFailure::Reset) => "reset",
            Self::ConnectionFailed(ConnectFailure::Unreachable) => "unreachable",
            Self::ConnectionFailed(ConnectFailure::Other) => "connection_failed",
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
