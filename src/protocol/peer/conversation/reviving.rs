//! After an outage of our own network.

use super::{Conversation, State};
use crate::moment::Moment;

impl Conversation {
    /// Our network was down and is back: the peer's silence counts from now on, and a
    /// keep-alive that is due at once shows whether it is still there.
    pub fn revive(&mut self, now: Moment) {
        if let State::Talking(talk) = &mut self.state {
            talk.heard_at = now;
            talk.spoke_at = Moment::EPOCH;
        }
    }
}
