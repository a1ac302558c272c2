//! Supervision in the Erlang/OTP sense: a parent starts its children from a
//! table, hears of every death, restarts with back-off, and escalates.
//!
//! actix restarts an actor whose context was stopped, never one that panicked,
//! and keeps its old state; so a death is told by a [`Lifeline`] instead, a guard
//! that the child owns and whose fall the parent hears, whatever the cause.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::moment::Moment;

/// What kind of child; a row of [`CHILDREN`] each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Owns the store.
    Recorder,
    /// Accepts connections.
    Listener,
    /// Samples how the run does.
    Monitor,
    /// Our node of the distributed hash table, one a family.
    Dht,
    /// Our neighbours on the local network, one a family.
    Lsd,
    /// One torrent's book.
    Swarm,
    /// One announce URL of one torrent.
    Tracker,
    /// What one torrent's peers gossip.
    Pex,
    /// One session.
    Peer,
}

/// When a parent starts a child again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Always, until the run stops.
    Permanent,
    /// Never: its work is accounted for and over.
    Temporary,
}

/// One row of the supervisor tree.
#[derive(Clone, Copy, Debug)]
pub struct ChildSpec {
    /// What kind of child.
    pub class: Class,
    /// Its name in logs and events.
    pub name: &'static str,
    /// Messages that its mailbox holds (the bound for one sender; actix adds one
    /// for each further sender).
    pub mailbox: usize,
    /// When it is started again.
    pub policy: Policy,
    /// Deaths within [`INTENSITY_WINDOW`] that its parent bears before it
    /// escalates.
    pub intensity: usize,
    /// In an orderly stop the lowest rank goes first.
    pub stop_rank: u8,
}

/// The supervisor tree as data.
pub const CHILDREN: [ChildSpec; 9] = [
    ChildSpec {
        class: Class::Listener,
        name: "listener",
        mailbox: 64,
        policy: Policy::Permanent,
        intensity: 8,
        stop_rank: 0,
    },
    ChildSpec {
        class: Class::Monitor,
        name: "monitor",
        // Its arbiters once, and the word of a new Recorder.
        mailbox: 16,
        policy: Policy::Permanent,
        intensity: 8,
        stop_rank: 0,
    },
    ChildSpec {
        class: Class::Dht,
        name: "dht",
        // What a second of answers and of strangers' questions brings.
        mailbox: 512,
        policy: Policy::Permanent,
        intensity: 8,
        stop_rank: 0,
    },
    ChildSpec {
        class: Class::Lsd,
        name: "lsd",
        // Its only sender is Root, which sends again.
        mailbox: 256,
        policy: Policy::Permanent,
        intensity: 8,
        stop_rank: 0,
    },
    ChildSpec {
        class: Class::Peer,
        name: "peer",
        // What its Swarm and the Recorder answer: a handful in a session's life.
        mailbox: 16,
        policy: Policy::Temporary,
        intensity: usize::MAX,
        stop_rank: 1,
    },
    ChildSpec {
        class: Class::Tracker,
        name: "tracker",
        mailbox: 16,
        policy: Policy::Permanent,
        intensity: 8,
        stop_rank: 2,
    },
    ChildSpec {
        class: Class::Pex,
        name: "pex",
        // All of a swarm's sessions gossip once a minute; its only sender is the
        // Swarm.
        mailbox: 256,
        policy: Policy::Permanent,
        intensity: 8,
        stop_rank: 2,
    },
    ChildSpec {
        class: Class::Swarm,
        name: "swarm",
        // All permits of its peers (see `permits`), and its other senders.
        mailbox: 4_096,
        policy: Policy::Permanent,
        intensity: 4,
        stop_rank: 3,
    },
    ChildSpec {
        class: Class::Recorder,
        name: "recorder",
        mailbox: 1_024,
        policy: Policy::Permanent,
        intensity: 4,
        stop_rank: 4,
    },
];

/// The time over which deaths are counted against a child's intensity.
pub const INTENSITY_WINDOW: Duration = Duration::from_secs(60);

/// The first restart comes at once after this; each death in the window doubles it.
const RESTART_AFTER: Duration = Duration::from_millis(50);

impl Class {
    /// The row of this class.
    pub const fn spec(self) -> &'static ChildSpec {
        let mut row = 0;
        while row < CHILDREN.len() {
            if CHILDREN[row].class as u8 == self as u8 {
                return &CHILDREN[row];
            }
            row += 1;
        }
        // The test below holds that each class has its row.
        &CHILDREN[0]
    }
}

/// Which child of its parent: a number that is never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChildId(pub u64);

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It said that its work is done.
    Finished,
    /// It went without a word: a panic, or an arbiter that died.
    Died,
}

/// Parent: a child has ended. Comes over the one unbounded channel of the house,
/// because a death must reach the parent even when every mailbox is full.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct ChildExited {
    /// Which child.
    pub child: ChildId,
    /// How it ended.
    pub exit: Exit,
}

/// The guard that a child owns: its fall tells the parent.
#[derive(Debug)]
pub struct Lifeline {
    child: ChildId,
    exit: Exit,
    parent: UnboundedSender<ChildExited>,
}

impl Lifeline {
    /// The child's work is done: its end will be an orderly one.
    pub fn finish(&mut self) {
        self.exit = Exit::Finished;
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        // A parent that is gone needs no news.
        let _ = self.parent.send(ChildExited {
            child: self.child,
            exit: self.exit,
        });
    }
}

/// A parent's end of its children's lifelines.
#[derive(Debug)]
pub struct Nursery {
    parent: UnboundedSender<ChildExited>,
    next: u64,
}

impl Nursery {
    /// A nursery whose news reach `A` as [`ChildExited`] messages.
    pub fn open<A>(ctx: &mut Context<A>) -> Self
    where
        A: Actor<Context = Context<A>> + StreamHandler<ChildExited>,
    {
        let (parent, news): (_, UnboundedReceiver<ChildExited>) = unbounded_channel();
        ctx.add_stream(UnboundedReceiverStream::new(news));
        Nursery { parent, next: 0 }
    }

    /// The lifeline of a new child; made before the child is started, so that a
    /// death while it starts is heard too.
    pub fn lifeline(&mut self) -> (ChildId, Lifeline) {
        self.next += 1;
        let child = ChildId(self.next);
        let lifeline = Lifeline {
            child,
            exit: Exit::Died,
            parent: self.parent.clone(),
        };
        (child, lifeline)
    }
}

/// What a parent does about a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Start it again after this time.
    RestartAfter(Duration),
    /// Nothing: it is not to be started again.
    Forget,
    /// It dies too often: the parent itself gives up.
    Escalate,
}

/// The recent deaths of one child.
#[derive(Debug, Default)]
pub struct Deaths {
    recent: VecDeque<Moment>,
}

impl Deaths {
    /// A child of this kind ended; what to do.
    pub fn remedy(&mut self, now: Moment, spec: &ChildSpec, exit: Exit) -> Remedy {
        if spec.policy == Policy::Temporary {
            return Remedy::Forget;
        }
        if exit == Exit::Finished {
            return Remedy::RestartAfter(RESTART_AFTER);
        }
        while let Some(first) = self.recent.front()
            && now.since(*first) > INTENSITY_WINDOW
        {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        if self.recent.len() > spec.intensity {
            return Remedy::Escalate;
        }
        let doublings = (self.recent.len() as u32).saturating_sub(1).min(10);
        Remedy::RestartAfter(RESTART_AFTER * (1 << doublings))
    }
}

/// How many actors of a run were started again; all who start them share it.
#[derive(Clone, Debug, Default)]
pub struct Restarts(Arc<AtomicU64>);

impl Restarts {
    /// One more.
    pub fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// All until now.
    pub fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Any actor: die by a panic. For tests of supervision; nothing else sends it.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Die;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn every_class_has_its_row() {
        for class in [
            Class::Recorder,
            Class::Listener,
            Class::Monitor,
            Class::Dht,
            Class::Lsd,
            Class::Swarm,
            Class::Tracker,
            Class::Pex,
            Class::Peer,
        ] {
            assert_eq!(class.spec().class, class);
        }
    }

    #[test]
    fn backs_off_then_escalates() {
        let spec = Class::Swarm.spec();
        let mut deaths = Deaths::default();
        let remedies: Vec<_> = (0..5)
            .map(|n| deaths.remedy(at(n), spec, Exit::Died))
            .collect();
        let after = |millis| Remedy::RestartAfter(Duration::from_millis(millis));
        assert_eq!(
            remedies,
            [
                after(50),
                after(100),
                after(200),
                after(400),
                Remedy::Escalate
            ]
        );
    }

    #[test]
    fn deaths_are_forgiven_after_the_window() {
        let spec = Class::Swarm.spec();
        let mut deaths = Deaths::default();
        for n in 0..100 {
            let remedy = deaths.remedy(at(n * 61_000), spec, Exit::Died);
            assert_eq!(remedy, Remedy::RestartAfter(RESTART_AFTER));
        }
    }

    #[test]
    fn a_temporary_child_is_not_started_again() {
        let remedy = Deaths::default().remedy(at(0), Class::Peer.spec(), Exit::Died);
        assert_eq!(remedy, Remedy::Forget);
    }

    #[test]
    fn a_lifeline_tells_how_the_child_ended() {
        let (parent, mut news) = unbounded_channel();
        let mut nursery = Nursery { parent, next: 0 };
        let (died, lifeline) = nursery.lifeline();
        let panicked = std::thread::spawn(move || {
            let _guard = lifeline;
            panic!("on purpose");
        });
        assert!(panicked.join().is_err());
        let (finished, mut lifeline) = nursery.lifeline();
        lifeline.finish();
        drop(lifeline);
        let first = news.try_recv().unwrap();
        assert_eq!((first.child, first.exit), (died, Exit::Died));
        let second = news.try_recv().unwrap();
        assert_eq!((second.child, second.exit), (finished, Exit::Finished));
    }
}
