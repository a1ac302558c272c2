//! The adapter between a Peer and its socket: empties the machines' polls, moves
//! bytes, re-arms one timer.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use actix::fut::ActorFuture;
use actix::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::moment::Moment;
use crate::protocol::peer::conversation::Events;
use crate::swarm::facts::Outcome;

use super::ending::Over;
use super::outbox::Delivery;
use super::{Peer, Stage};

/// What is read at a time.
const READ_BYTES: usize = 16 * 1024;

/// Reads of one session in a row before the others have their turn.
const READS_IN_A_ROW: usize = 16;

/// What an arbiter's sessions share while they read: of each one, not one a session.
struct Scratch {
    bytes: Vec<u8>,
    events: Events,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch {
        bytes: vec![0; READ_BYTES],
        events: None,
    });
}

/// Drives one Peer until its end is handed over.
#[derive(Default)]
pub(super) struct Driver {
    timer: Option<Pin<Box<Sleep>>>,
}

/// What a round of reading came to.
enum Read {
    /// Nothing more has arrived.
    Drained,
    /// There may be more: the others first.
    More,
    /// The stream has ended.
    Ended(io::ErrorKind),
}

impl Driver {
    /// One round; ready when the Peer may stop.
    fn drive(&mut self, peer: &mut Peer, task: &mut TaskContext<'_>) -> Poll<()> {
        loop {
            let now = peer.context.clock.now();
            // It drops our address as it falls, which wakes us.
            if peer.context.swarm.strong_count() == 0 {
                return self.orphaned(peer, now, task);
            }
            let delivery = peer.outbox.deliver(now, peer.session, &peer.context, task);
            match (delivery, &mut peer.stage) {
                (Delivery::SwarmGone, _) => return self.orphaned(peer, now, task),
                (Delivery::Idle, Stage::Over) => return Poll::Ready(()),
                (_, Stage::Over) => return self.wait(peer, now, task),
                (_, Stage::Dialling(attempt)) => match attempt.dialling.poll(task) {
                    Poll::Ready(Ok((link, head))) => peer.linked(now, link, &head),
                    Poll::Ready(Err(error)) => peer.end(now, Over::NoLink(error.kind())),
                    Poll::Pending if attempt.deadline <= now => {
                        peer.end(now, Over::NoLink(io::ErrorKind::TimedOut));
                    }
                    Poll::Pending => return self.wait(peer, now, task),
                },
                (delivery, Stage::Open(_)) => {
                    write(peer, task);
                    // While something is unsaid nothing more is read: the peer
                    // is held back by TCP, and nothing is lost.
                    if delivery == Delivery::Idle {
                        match read(peer, now, task) {
                            Read::Ended(kind) => {
                                peer.end(now, Over::Theirs(kind));
                                continue;
                            }
                            Read::More => {
                                task.waker().wake_by_ref();
                                return Poll::Pending;
                            }
                            // All that has arrived is to be taken before the
                            // clock is asked, and it is not all taken yet.
                            Read::Drained if !peer.outbox.is_idle() => continue,
                            Read::Drained => {}
                        }
                        peer.take_timeout(now);
                        if peer.slot.poll_recall(task).is_ready() {
                            peer.end(now, Over::Ours(Outcome::Unsettled));
                        }
                    }
                    let settled = peer.outbox.is_idle() && matches!(peer.stage, Stage::Open(_));
                    if settled || delivery == Delivery::Waiting {
                        write(peer, task);
                        match self.wait(peer, now, task) {
                            Poll::Pending => return Poll::Pending,
                            Poll::Ready(()) => continue,
                        }
                    }
                }
            }
        }
    }

    /// The Swarm died: an unacknowledged crossing goes to Root, and the Peer ends.
    fn orphaned(&mut self, peer: &mut Peer, now: Moment, task: &mut TaskContext<'_>) -> Poll<()> {
        peer.stage = Stage::Over;
        let (first, remote) = (peer.first, peer.remote);
        match peer.outbox.hand_over(now, first, remote, &peer.context) {
            true => Poll::Ready(()),
            false => self.wait(peer, now, task),
        }
    }

    /// Arms the timer; ready if something is due already.
    fn wait(&mut self, peer: &Peer, now: Moment, task: &mut TaskContext<'_>) -> Poll<()> {
        let Some(due) = peer.next_due() else {
            return Poll::Pending;
        };
        let deadline = peer.context.clock.instant(due.max(now + MINIMUM_WAIT));
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        if timer.as_mut().poll(task).is_ready() {
            task.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

/// A deadline that has passed is served in the next round, never in a spin.
const MINIMUM_WAIT: std::time::Duration = std::time::Duration::from_millis(1);

impl ActorFuture<Peer> for Driver {
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        peer: &mut Peer,
        ctx: &mut Context<Peer>,
        task: &mut TaskContext<'_>,
    ) -> Poll<()> {
        let done = self.drive(peer, task);
        if done.is_ready() {
            peer.lifeline.finish();
            ctx.stop();
        }
        done
    }
}

/// Writes what waits. An error is left to reading to find: what the peer sent
/// before it closed is still to be read.
fn write(peer: &mut Peer, task: &mut TaskContext<'_>) {
    let Stage::Open(link) = &mut peer.stage else {
        return;
    };
    while !peer.conversation.transmit().is_empty() {
        let bytes = peer.conversation.transmit();
        match Pin::new(&mut *link).poll_write(task, bytes) {
            Poll::Ready(Ok(0)) | Poll::Pending => return,
            Poll::Ready(Ok(written)) => peer.conversation.transmitted(written),
            Poll::Ready(Err(_)) => {
                let unsent = peer.conversation.transmit().len();
                peer.conversation.transmitted(unsent);
                return;
            }
        }
    }
}

fn read(peer: &mut Peer, now: Moment, task: &mut TaskContext<'_>) -> Read {
    SCRATCH.with_borrow_mut(|Scratch { bytes, events }| {
        for _ in 0..READS_IN_A_ROW {
            let Stage::Open(link) = &mut peer.stage else {
                return Read::Drained;
            };
            let mut buffer = ReadBuf::new(bytes);
            match Pin::new(&mut *link).poll_read(task, &mut buffer) {
                Poll::Pending => return Read::Drained,
                Poll::Ready(Err(error)) => return Read::Ended(error.kind()),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                    return Read::Ended(io::ErrorKind::UnexpectedEof);
                }
                Poll::Ready(Ok(())) => peer.take_input(now, buffer.filled(), events),
            }
            if !peer.outbox.is_idle() {
                return Read::Drained;
            }
        }
        Read::More
    })
}
