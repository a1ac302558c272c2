//! Where a Swarm's peers are: texts that many of them share.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use crate::locate::Locator;
use crate::swarm::place::Whereabouts;

/// Texts that are kept to be shared; then they are forgotten, and kept anew.
const MAX_TEXTS: usize = 50_000;

/// Places and networks that peers were found in.
#[derive(Debug, Default)]
pub(super) struct Atlas(HashSet<Arc<str>>);

impl Atlas {
    /// What the databases say of an address; empty texts if they know nothing.
    pub(super) fn look_up(&mut self, locator: &Locator, ip: IpAddr) -> Whereabouts {
        Whereabouts {
            place: self.shared(locator.place(ip).to_string()),
            network: self.shared(locator.network(ip).to_string()),
        }
    }

    fn shared(&mut self, text: String) -> Arc<str> {
        if let Some(known) = self.0.get(text.as_str()) {
            return Arc::clone(known);
        }
        if self.0.len() >= MAX_TEXTS {
            self.0.clear();
        }
        let text: Arc<str> = text.into();
        self.0.insert(Arc::clone(&text));
        text
    }
}
