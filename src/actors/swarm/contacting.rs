//! How a contact begins.

use std::sync::Arc;

use actix::prelude::*;
use slog::debug;

use crate::actors::peer::{Origin, PeerContext};
use crate::actors::slots::Slot;
use crate::swarm::book::Contact;
use crate::swarm::identity::IdentityHasher;
use crate::swarm::progress::Sums;
use crate::swarm::schedule::Discipline;

use super::Swarm;
use super::children::KnownThere;

/// Contacts started in one turn at most: other messages wait no longer than that. Whoever
/// met, or is over, has the next ones started.
const CONTACTS_A_TURN: usize = 128;

impl Swarm {
    /// Starts the contacts that are due, as far as there are slots.
    pub(super) fn contact(&mut self, ctx: &mut Context<Self>) {
        let now = self.now();
        for _ in 0..CONTACTS_A_TURN {
            if self.stopping || self.book.next_due().is_none_or(|due| due > now) {
                return;
            }
            let Some(slot) = self.plan.shared.slots.take(now, self.plan.torrent) else {
                if self.plan.terms.discipline == Discipline::SoonestFirst {
                    let pressing = self.book.pressing(now);
                    self.plan.shared.slots.make_room(now, pressing);
                }
                return;
            };
            let Some(contact) = self.book.next_contact(now) else {
                return;
            };
            self.begin(contact, slot, ctx);
        }
    }

    /// Starts a contact, unless too many started at its address.
    pub(super) fn begin(&mut self, contact: Contact, slot: Slot, ctx: &mut Context<Self>) {
        let now = self.now();
        if let Err(due) = self.plan.shared.slots.knock(now, contact.address.ip()) {
            self.book.put_off(&contact, due);
            return;
        }
        self.book.contacting(now, &contact);
        debug!(self.log, "contact"; "session" => contact.session.0,
            "address" => self.shown(contact.address));
        let (session, address) = (contact.session, contact.address);
        if let Some(expected) = contact.expected {
            let signs = &self.plan.shared.signs;
            signs.asked(now, address.ip(), expected);
        }
        let known = KnownThere {
            // Whom we meet by a plain dial can be dialled.
            dialable: contact.dialable || !contact.ways.are_through_a_hole(),
            told_at: contact.told_at,
        };
        let origin = Origin::Dial(contact.ways);
        self.start_peer(session, address, origin, known, slot, ctx);
    }

    /// What all its sessions have in common.
    pub(super) fn context(&mut self, ctx: &Context<Self>) -> Arc<PeerContext> {
        let (plan, shared) = (&self.plan, &self.plan.shared);
        let address = ctx.address();
        let context = self.context.get_or_insert_with(|| {
            let hasher = IdentityHasher::new(&shared.secret, &plan.info_hash);
            Arc::new(PeerContext {
                greeting: Arc::clone(&plan.greeting),
                yardstick: plan.terms.yardstick,
                pace: plan.terms.pace,
                discipline: plan.terms.discipline,
                sums: Sums::new(hasher.set_key(), plan.terms.yardstick.pieces),
                hasher,
                network: shared.network.clone(),
                utp: shared.utp.clone(),
                bind: shared.bind.clone(),
                unmeasured: shared.unmeasured.clone(),
                timeout: shared.timeout,
                clock: shared.clock,
                met: address.clone().recipient(),
                observed: address.clone().recipient(),
                ended: address.clone().recipient(),
                metadata: address.clone().recipient(),
                gossip: address.clone().recipient(),
                trackers: address.clone().recipient(),
                holes: address.recipient(),
                roster: shared.tells_peers.then(|| self.roster.subscribe()),
                root: self.root.replays.clone(),
                nodes: self.root.nodes.clone(),
                permits: self.permits.clone(),
                signs: shared.signs.clone(),
                swarm: Arc::downgrade(&self.alive),
            })
        });
        Arc::clone(context)
    }
}
