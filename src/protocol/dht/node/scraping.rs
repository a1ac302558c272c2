//! How many seeds and downloaders a torrent has, by what the nodes closest to it were told
//! (BEP 33).
//!
//! It is asked apart from the peers, for many nodes leave the peers out of an answer that
//! counts them.

use std::time::Duration;

use super::asking::Purpose;
use super::{Event, Node};
use crate::moment::Moment;
use crate::protocol::dht::filter::Filters;
use crate::protocol::dht::krpc::{Heard, Query, Want};
use crate::protocol::info_hash::InfoHash;

/// How many addresses announced a torrent: an estimate, and by hearsay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Those that called themselves seeds.
    pub seeds: u32,
    /// The others, without us.
    pub downloaders: u32,
}

/// How a scrape went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScrapeReport {
    /// When the nodes were asked.
    pub begun: Moment,
    /// Until the last of them answered, or would not.
    pub duration: Duration,
    /// Nodes that answered.
    pub answered: u32,
    /// What they told together; none if none of them counts this torrent.
    pub counts: Option<Counts>,
}

/// Answers that are being gathered.
#[derive(Clone, Debug)]
pub(super) struct Scrape {
    begun: Moment,
    awaited: u32,
    answered: u32,
    filters: Option<Filters>,
}

impl Node {
    /// Asks the nodes closest to a torrent, as its last lookup found them, how many peers
    /// they store. Ends with [`Event::Scraped`].
    pub fn scrape(&mut self, now: Moment, info_hash: InfoHash) {
        if self.scrapes.contains_key(&info_hash) {
            return;
        }
        let closest = self.closest.get(&info_hash).cloned().unwrap_or_default();
        let query = Query::Scrape(info_hash, Want::default());
        let mut awaited = 0;
        for node in closest {
            let purpose = Purpose::Scrape(info_hash);
            awaited += u32::from(self.ask(now, node.address, query.clone(), purpose));
        }
        let scrape = Scrape {
            begun: now,
            awaited,
            answered: 0,
            filters: None,
        };
        self.scrapes.insert(info_hash, scrape);
        self.end_scrape(now, info_hash);
    }

    /// A node has answered, or will not.
    pub(super) fn scraped(&mut self, now: Moment, info_hash: InfoHash, heard: Option<&Heard>) {
        let Some(scrape) = self.scrapes.get_mut(&info_hash) else {
            return;
        };
        scrape.awaited = scrape.awaited.saturating_sub(1);
        scrape.answered += u32::from(heard.is_some());
        if let Some(filters) = heard.and_then(|it| it.filters.as_ref()) {
            scrape.filters.get_or_insert_default().join(filters);
        }
        self.end_scrape(now, info_hash);
    }

    fn end_scrape(&mut self, now: Moment, info_hash: InfoHash) {
        if self.scrapes.get(&info_hash).is_none_or(|it| it.awaited > 0) {
            return;
        }
        if let Some(scrape) = self.scrapes.remove(&info_hash) {
            let report = ScrapeReport {
                begun: scrape.begun,
                duration: now.since(scrape.begun),
                answered: scrape.answered,
                counts: scrape.filters.map(|it| self.counts(&it)),
            };
            self.events.push_back(Event::Scraped(info_hash, report));
        }
    }

    pub(super) fn counts(&self, filters: &Filters) -> Counts {
        let Filters { seeds, downloaders } = filters;
        let ours = self.address.is_some_and(|it| downloaders.may_hold(it));
        let downloaders = downloaders.estimate().round() as u32;
        Counts {
            seeds: seeds.estimate().round() as u32,
            downloaders: downloaders.saturating_sub(u32::from(ours)),
        }
    }
}
