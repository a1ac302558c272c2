//! The Monitor's look at the network: is it there, and since when is it not?

use std::net::IpAddr;

use actix::prelude::*;
use slog::{info, warn};
use tokio::sync::oneshot;

use crate::actors::lifesigns::LifeSigns;
use crate::actors::recorder::Write;
use crate::net::Network;
use crate::protocol::address::IpFamily;
use crate::store::records::EventRow;
use crate::store::{Record, gaps};
use crate::swarm::outage::News;

use super::Monitor;

/// What the network is looked at by.
#[derive(Clone)]
pub struct Outlook {
    /// What all actors hear.
    pub signs: LifeSigns,
    /// Tells whether there is a route.
    pub network: Network,
    /// Our own addresses, at most one a family; none: any.
    pub bind: Vec<IpAddr>,
}

impl Monitor {
    /// Looks whether the network is there.
    pub(super) fn look_out(&mut self) {
        let now = self.clock.now();
        let Outlook {
            signs,
            network,
            bind,
        } = &self.plan.outlook;
        for family in [IpFamily::V4, IpFamily::V6] {
            let own = bind.iter().find(|ip| IpFamily::of(**ip) == family);
            let heard = signs.last_heard(family);
            let route = heard.map(|it| network.has_route(own.copied(), it));
            let name = gaps::name(family);
            match signs.look(now, family, route) {
                Some(News::Down(gap)) => {
                    warn!(self.log, "the network is down: contacts and announces wait";
                        "family" => name, "cause" => gap.cause.words(), "since" => %gap.since);
                    self.unsaved.push(gaps::down(family, &gap));
                }
                Some(News::Up(gap)) => {
                    info!(self.log, "the network is up again";
                        "family" => name, "seconds" => gap.length(now).as_secs());
                    self.unsaved.extend(gaps::up(family, &gap));
                }
                Some(News::Suspected) => {
                    info!(self.log, "an unusual silence: asking who answered before";
                        "family" => name);
                }
                None => {}
            }
        }
    }

    /// Stores what is still to be stored; again and again until it is durable.
    pub(super) fn save_events(&mut self, ctx: &mut Context<Self>) {
        if self.unsaved.is_empty() {
            return;
        }
        let events: Vec<EventRow> = std::mem::take(&mut self.unsaved);
        let (done, receipt) = oneshot::channel();
        // If it is not taken the reply falls, here as later.
        let _ = self.recorder.try_send(Write {
            records: events.iter().cloned().map(Record::Event).collect(),
            done: Some(done),
        });
        ctx.spawn(receipt.into_actor(self).map(|answer, it, _| {
            if answer.is_err() {
                it.unsaved.splice(0..0, events);
            }
        }));
    }
}
