//! What the names of trackers led to: a resolver that fails for a while makes no
//! tracker unknown.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use super::Asker;
use crate::moment::Moment;

/// For so long an answer is as good as none at all.
const REMEMBERED: Duration = Duration::from_secs(6 * 3600);

/// Names remembered at most.
const NAMES: usize = 1_024;

/// How long the resolver is waited for where an earlier answer is known.
const PATIENCE: Duration = Duration::from_secs(10);

/// The last answer for each name and port. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    known: Arc<Mutex<HashMap<(String, u16), Answer>>>,
}

#[derive(Clone, Debug)]
struct Answer {
    at: Moment,
    addresses: Vec<SocketAddr>,
}

impl Asker {
    /// Looks a name up; where the resolver fails, what it said before is taken.
    pub(super) async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let asked = self.network.resolve(host, port);
        let now = self.clock.now();
        let Some(known) = self.names.recall(now, host, port) else {
            let found = asked.await?;
            self.names.remember(now, host, port, &found);
            return Ok(found);
        };
        match timeout(PATIENCE, asked).await {
            Ok(Ok(found)) => {
                self.names.remember(now, host, port, &found);
                Ok(found)
            }
            Ok(Err(_)) | Err(_) => Ok(known),
        }
    }
}

impl Names {
    fn recall(&self, now: Moment, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        let known = self.lock();
        let answer = known.get(&(host.to_owned(), port));
        let answer = answer.filter(|it| now.since(it.at) < REMEMBERED);
        answer.map(|it| it.addresses.clone())
    }

    fn remember(&self, now: Moment, host: &str, port: u16, addresses: &[SocketAddr]) {
        let mut known = self.lock();
        if known.len() >= NAMES {
            known.retain(|_, it| now.since(it.at) < REMEMBERED);
        }
        if known.len() < NAMES {
            let addresses = addresses.to_vec();
            known.insert((host.to_owned(), port), Answer { at: now, addresses });
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, u16), Answer>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_remembered_for_a_while() {
        let (names, now) = (Names::default(), Moment::from_millis(1_000_000));
        let address = SocketAddr::from(([44, 1, 1, 1], 80));
        names.remember(now, "tracker.example", 80, &[address]);
        let recalled = |later, port| names.recall(now + later, "tracker.example", port);
        assert_eq!(recalled(REMEMBERED / 2, 80), Some(vec![address]));
        assert_eq!(recalled(REMEMBERED / 2, 81), None);
        assert_eq!(recalled(REMEMBERED, 80), None);
    }
}
