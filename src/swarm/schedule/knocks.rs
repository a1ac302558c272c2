//! How often one IP address may be knocked at, over all swarms.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::moment::Moment;
use crate::swarm::pace::Pace;

/// Addresses remembered before the old ones are swept out.
const SWEEP_AT: usize = 4_096;

/// The contacts of the last half minute by IP address.
#[derive(Debug, Default)]
pub struct Knocks {
    recent: HashMap<IpAddr, Vec<Moment>>,
    sweep_at: usize,
}

impl Knocks {
    /// Whether a contact to `ip` may start now, and if so, that it does. If not,
    /// the moment at which it may.
    ///
    /// # Errors
    /// Four contacts to this address started within the last 30 s.
    pub fn knock(&mut self, now: Moment, ip: IpAddr, pace: Pace) -> Result<(), Moment> {
        self.sweep(now, pace);
        let starts = self.recent.entry(ip).or_default();
        starts.retain(|at| now.since(*at) < pace.address_window());
        if starts.len() >= Pace::ADDRESS_CONTACTS as usize {
            let oldest = starts.first().copied().unwrap_or(now);
            return Err(oldest + pace.address_window());
        }
        starts.push(now);
        Ok(())
    }

    fn sweep(&mut self, now: Moment, pace: Pace) {
        if self.recent.len() < self.sweep_at.max(SWEEP_AT) {
            return;
        }
        self.recent.retain(|_, starts| {
            starts
                .last()
                .is_some_and(|at| now.since(*at) < pace.address_window())
        });
        self.sweep_at = self.recent.len() * 2;
    }
}
