//! What a Peer has to say to its Swarm, in order, and what it waits for.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use actix::prelude::*;
use std::future::Future;
use std::pin::Pin;
use tokio::sync::{Semaphore, oneshot};

use crate::moment::Moment;
use crate::swarm::book::{self, End, SessionId, Who};
use crate::swarm::progress::Seen;

use super::{PeerContext, Receipt};
use crate::actors::permits::Permit;
use crate::actors::root::Replay;
use crate::actors::swarm::{Met, Observed, SessionEnded};

/// A Swarm that has no room is asked again after this.
const BUSY_RETRY: Duration = Duration::from_millis(20);

/// A completion that the recorder let fall is sent again after this.
const RESEND_AFTER: Duration = Duration::from_millis(500);

/// One thing to say.
pub(super) enum Parcel {
    Met(Arc<Who>),
    Observed {
        observed: Box<book::Observed>,
        /// It may be a completion: an acknowledgement is waited for.
        reached: bool,
        has_just_met: bool,
    },
    Ended(Box<End>),
}

impl Parcel {
    /// To be said once more.
    fn again(observed: Box<book::Observed>) -> Self {
        Parcel::Observed {
            observed,
            reached: true,
            has_just_met: false,
        }
    }
}

/// What is to be said, and what is not yet acknowledged. Most of a session's life that is
/// nothing, and sessions are many.
#[derive(Default)]
pub(super) struct Outbox(Option<Box<Unsaid>>);

#[derive(Default)]
struct Unsaid {
    waiting: VecDeque<Parcel>,
    unacknowledged: Option<(Box<book::Observed>, Receipt)>,
    retry_at: Option<Moment>,
}

/// Where an outbox stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Nothing is left to say, and nothing is waited for.
    Idle,
    /// Something waits: nothing more may be read.
    Waiting,
    /// The Swarm is gone.
    SwarmGone,
}

impl Outbox {
    pub(super) fn push(&mut self, parcel: Parcel) {
        self.0.get_or_insert_default().waiting.push_back(parcel);
    }

    /// Nothing is left to say, and nothing is waited for.
    pub(super) fn is_idle(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn retry_at(&self) -> Option<Moment> {
        self.0.as_ref()?.retry_at
    }

    /// Says what can be said now.
    pub(super) fn deliver(
        &mut self,
        now: Moment,
        session: SessionId,
        context: &PeerContext,
        task: &mut TaskContext<'_>,
    ) -> Delivery {
        let Some(unsaid) = &mut self.0 else {
            return Delivery::Idle;
        };
        let delivery = unsaid.deliver(now, session, context, task);
        if delivery == Delivery::Idle {
            self.0 = None;
        }
        delivery
    }

    /// The Swarm is gone: what it did not acknowledge goes to Root. False: Root has
    /// no room now.
    pub(super) fn hand_over(
        &mut self,
        now: Moment,
        first: Option<Seen>,
        remote: SocketAddr,
        context: &PeerContext,
    ) -> bool {
        let unsaid = self.0.as_mut();
        unsaid.is_none_or(|it| it.hand_over(now, first, remote, context))
    }
}

impl Unsaid {
    fn deliver(
        &mut self,
        now: Moment,
        session: SessionId,
        context: &PeerContext,
        task: &mut TaskContext<'_>,
    ) -> Delivery {
        if self.retry_at.is_some_and(|due| now < due) {
            return Delivery::Waiting;
        }
        self.retry_at = None;
        loop {
            if let Some((observed, mut receipt)) = self.unacknowledged.take() {
                match Pin::new(&mut receipt).poll(task) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => {
                        // The recorder died, or the Swarm did: say it again.
                        self.waiting.push_front(Parcel::again(observed));
                        self.retry_at = Some(now + RESEND_AFTER);
                        return Delivery::Waiting;
                    }
                    Poll::Pending => {
                        self.unacknowledged = Some((observed, receipt));
                        return Delivery::Waiting;
                    }
                }
            }
            let Some(parcel) = self.waiting.pop_front() else {
                return Delivery::Idle;
            };
            match self.send(parcel, session, context) {
                Ok(()) => {}
                Err((parcel, refusal)) => {
                    self.waiting.push_front(parcel);
                    if refusal == Refusal::Gone {
                        return Delivery::SwarmGone;
                    }
                    self.retry_at = Some(now + BUSY_RETRY);
                    return Delivery::Waiting;
                }
            }
        }
    }

    fn send(
        &mut self,
        parcel: Parcel,
        session: SessionId,
        context: &PeerContext,
    ) -> Result<(), (Parcel, Refusal)> {
        let permits = match &parcel {
            Parcel::Observed { reached: true, .. } => &context.permits.crossings,
            _ => &context.permits.observations,
        };
        let Some(permit) = permit(permits) else {
            return Err((parcel, Refusal::Full));
        };
        match parcel {
            Parcel::Met(who) => {
                let met = Met {
                    session,
                    who,
                    permit,
                };
                let sent = context.met.try_send(met);
                sent.map_err(|error| {
                    let refusal = Refusal::of(&error);
                    (Parcel::Met(error.into_inner().who), refusal)
                })
            }
            Parcel::Observed {
                observed,
                reached,
                has_just_met,
            } => {
                // What waits for an answer is kept, to be said again.
                let answered = reached.then(|| (observed.clone(), oneshot::channel()));
                let (kept, reply) = match answered {
                    Some((kept, (reply, receipt))) => (Some((kept, receipt)), Some(reply)),
                    None => (None, None),
                };
                let message = Observed {
                    session,
                    observed,
                    has_just_met,
                    reply,
                    permit,
                };
                match context.observed.try_send(message) {
                    Ok(()) => {
                        self.unacknowledged = kept;
                        Ok(())
                    }
                    Err(error) => {
                        let refusal = Refusal::of(&error);
                        let parcel = Parcel::Observed {
                            observed: error.into_inner().observed,
                            reached,
                            has_just_met,
                        };
                        Err((parcel, refusal))
                    }
                }
            }
            Parcel::Ended(end) => {
                let message = SessionEnded {
                    session,
                    end,
                    permit,
                };
                let sent = context.ended.try_send(message);
                sent.map_err(|error| {
                    let refusal = Refusal::of(&error);
                    (Parcel::Ended(error.into_inner().end), refusal)
                })
            }
        }
    }

    fn hand_over(
        &mut self,
        now: Moment,
        first: Option<Seen>,
        remote: SocketAddr,
        context: &PeerContext,
    ) -> bool {
        let unacknowledged = self.unacknowledged.take().into_iter();
        let unacknowledged = unacknowledged.filter_map(|(observed, mut receipt)| {
            // The answer may have come in the same moment.
            receipt.try_recv().is_err().then_some(observed)
        });
        let mut open: Vec<_> = unacknowledged.collect();
        open.extend(self.waiting.drain(..).filter_map(|it| match it {
            Parcel::Observed {
                observed,
                reached: true,
                ..
            } => Some(observed),
            _ => None,
        }));
        while let Some(observed) = open.pop() {
            let Some(first) = first else {
                continue;
            };
            let replay = Replay {
                info_hash: context.greeting.info_hash,
                remote,
                first,
                observed,
            };
            if let Err(SendError::Full(replay)) = context.root.try_send(replay) {
                open.push(replay.observed);
                self.waiting.extend(open.into_iter().map(Parcel::again));
                self.retry_at = Some(now + BUSY_RETRY);
                return false;
            }
        }
        true
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Full,
    Gone,
}

impl Refusal {
    fn of<T>(error: &SendError<T>) -> Self {
        match error {
            SendError::Full(_) => Refusal::Full,
            SendError::Closed(_) => Refusal::Gone,
        }
    }
}

fn permit(of: &Arc<Semaphore>) -> Option<Permit> {
    Arc::clone(of).try_acquire_owned().ok()
}
