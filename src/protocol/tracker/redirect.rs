//! Where an HTTP tracker sends us instead, and whether we go.

use super::error::{RedirectFailure, TrackerError};
use super::url::{Scheme, TrackerUrl};
use crate::protocol::limits;

/// One page of a tracker: an announce or a scrape, before or after redirects.
#[derive(Clone, Debug)]
pub struct Page {
    /// Whom to ask.
    pub url: TrackerUrl,
    /// What to ask for: path and query, passkeys included.
    pub target: String,
    redirects: usize,
}

impl Page {
    /// The page as it is asked for first.
    pub fn new(url: TrackerUrl, target: String) -> Self {
        Page {
            url,
            target,
            redirects: 0,
        }
    }

    /// The page that a redirect names by `location`. Its address is still to be
    /// judged, as any other. From https to http it leads only if `downgrade` is
    /// permitted.
    ///
    /// # Errors
    /// [`TrackerError::Redirect`]: one too many, to no HTTP URL, or to where it must
    /// not lead.
    pub fn moved(&self, location: Option<&str>, downgrade: bool) -> Result<Page, TrackerError> {
        if self.redirects >= limits::REDIRECTS {
            return Err(TrackerError::Redirect(RedirectFailure::TooMany));
        }
        let url = location.and_then(|it| self.url.join(it));
        let url = url.filter(|it| it.scheme() != Scheme::Udp);
        let url = url.ok_or(TrackerError::Redirect(RedirectFailure::NoTarget))?;
        let opens = self.url.scheme() == Scheme::Https && url.scheme() == Scheme::Http;
        if opens && !downgrade {
            return Err(TrackerError::Redirect(RedirectFailure::Downgrade));
        }
        Ok(Page {
            target: match url.query() {
                Some(query) => format!("{}?{query}", url.path()),
                None => url.path().to_owned(),
            },
            redirects: self.redirects + 1,
            url,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(url: &str) -> Page {
        let url = TrackerUrl::parse(url).unwrap();
        Page::new(url, "/announce?info_hash=x".into())
    }

    #[test]
    fn goes_where_it_is_sent() {
        for (location, url, target) in [
            ("https://o.example/a?b=c", "https://o.example", "/a?b=c"),
            ("//o.example:81/a", "http://o.example:81", "/a"),
            ("/b?x", "http://t.example", "/b?x"),
            ("c", "http://t.example", "/x/c"),
        ] {
            let moved = page("http://t.example/x/announce");
            let moved = moved.moved(Some(location), false).unwrap();
            assert!(moved.url.as_str().starts_with(url), "{location}");
            assert_eq!(moved.target, target, "{location}");
        }
    }

    #[test]
    fn stays_where_a_redirect_makes_no_sense() {
        let long = format!("/{}", "a".repeat(limits::URL_BYTES));
        for location in [
            None,
            Some("udp://t.example:80"),
            Some("ftp://t.example/"),
            Some("http://"),
            Some(long.as_str()),
        ] {
            let error = page("http://t.example/").moved(location, true);
            assert_eq!(error.unwrap_err().label(), "bad_redirect", "{location:?}");
        }
    }

    #[test]
    fn does_not_leave_an_encrypted_connection() {
        let page = page("https://t.example/");
        let open = Some("http://t.example/");
        let error = page.moved(open, false).unwrap_err();
        assert_eq!(error.label(), "redirect_to_http");
        assert!(page.moved(open, true).is_ok());
        assert!(page.moved(Some("/b"), false).is_ok());
    }

    #[test]
    fn follows_five_and_no_more() {
        let mut page = page("http://t.example/");
        for _ in 0..limits::REDIRECTS {
            page = page.moved(Some("/again"), false).unwrap();
        }
        let error = page.moved(Some("/again"), false).unwrap_err();
        assert_eq!(error.label(), "too_many_redirects");
    }
}
