//! One page over HTTP or HTTPS, through its redirects.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

use crate::moment::Moment;
use crate::net::BoxLink;
use crate::net::tls::TlsError;
use crate::protocol::limits;
use crate::protocol::tracker::http::{body, parse_announce};
use crate::protocol::tracker::redirect::Page;
use crate::protocol::tracker::{ConnectFailure, Scheme, TlsFailure, TrackerError};

use super::Asker;

/// What one request leads to.
enum Answer {
    Body(Vec<u8>),
    /// Ask there instead.
    Moved(Option<String>),
}

impl Asker {
    /// The body of a page, inflated, wherever redirects lead.
    pub(super) async fn fetch(
        &self,
        mut page: Page,
        deadline: Moment,
    ) -> Result<Vec<u8>, TrackerError> {
        loop {
            let answer = self.at_each(&page.url, deadline, async |address| {
                self.get(&page, address).await
            });
            match answer.await? {
                Answer::Body(body) => return Ok(body),
                Answer::Moved(to) => page = page.moved(to.as_deref(), self.policy.allow_local)?,
            }
        }
    }

    async fn get(&self, page: &Page, address: SocketAddr) -> Result<Answer, TrackerError> {
        let from = self.own_address(address);
        let link = self.network.connect(from, address).await;
        let mut link = link.map_err(|error| TrackerError::from(&error))?;
        if page.url.scheme() == Scheme::Https {
            let encrypted = self.tls.connect(page.url.host(), link).await;
            link = encrypted.map_err(|error| TrackerError::from(&error))?;
        }
        self.exchange(page, link).await
    }

    async fn exchange(&self, page: &Page, link: BoxLink) -> Result<Answer, TrackerError> {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(link))
            .await
            .map_err(not_http)?;
        let request = Request::get(&page.target)
            .header(header::HOST, page.url.host_header())
            .header(header::USER_AGENT, &self.user_agent)
            .header(header::ACCEPT_ENCODING, body::ACCEPTED)
            .header(header::CONNECTION, "close")
            .body(Empty::<Bytes>::new())
            .map_err(|error| TrackerError::BadUrl(error.to_string()))?;
        let exchange = async {
            let response = sender.send_request(request).await.map_err(not_http)?;
            answer(response).await
        };
        // The connection makes progress only while it is polled. Once it has
        // ended, what it delivered is still to be read.
        let mut exchange = std::pin::pin!(exchange);
        tokio::select! {
            biased;
            answer = &mut exchange => answer,
            _ = connection => exchange.await,
        }
    }
}

async fn answer(response: Response<Incoming>) -> Result<Answer, TrackerError> {
    let status = response.status();
    let header = |name: HeaderName| {
        response
            .headers()
            .get(name)
            .map(|it| it.as_bytes().to_vec())
    };
    if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        let to = header(header::LOCATION);
        return Ok(Answer::Moved(to.and_then(|it| String::from_utf8(it).ok())));
    }
    let encoding = header(header::CONTENT_ENCODING).unwrap_or_default();
    let max = limits::ANNOUNCE_BODY_BYTES;
    let body = Limited::new(response.into_body(), max).collect().await;
    let body = body.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
        Some(_) => TrackerError::BodyTooLarge { max },
        None => TrackerError::malformed("the answer breaks off"),
    })?;
    let body = body::decode(&encoding, &body.to_bytes()).map(Vec::from);
    // Some trackers say why in the body of an error status.
    let says_why = |body: &Vec<u8>| {
        let parsed = parse_announce(body);
        matches!(parsed, Err(TrackerError::Failure { .. }))
    };
    match body {
        Ok(body) if status == StatusCode::OK || says_why(&body) => Ok(Answer::Body(body)),
        Err(error) if status == StatusCode::OK => Err(error),
        _ => Err(TrackerError::HttpStatus(status.as_u16())),
    }
}

fn not_http(error: hyper::Error) -> TrackerError {
    match error.is_parse() {
        true => TrackerError::malformed("not HTTP"),
        false => TrackerError::ConnectionFailed(ConnectFailure::Reset),
    }
}

impl From<&TlsError> for TrackerError {
    fn from(error: &TlsError) -> Self {
        match error {
            TlsError::UnknownIssuer => Self::Tls(TlsFailure::UnknownIssuer),
            TlsError::Expired => Self::Tls(TlsFailure::Expired),
            TlsError::WrongName => Self::Tls(TlsFailure::WrongName),
            TlsError::Protocol(_) => Self::Tls(TlsFailure::Other),
            TlsError::Link(error) => Self::from(error),
        }
    }
}
