//! How a contact begins.

use actix::prelude::*;
use slog::debug;

use crate::actors::peer::Origin;
use crate::actors::slots::Slot;
use crate::swarm::book::Contact;

use super::Swarm;
use super::children::KnownThere;

impl Swarm {
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
}
