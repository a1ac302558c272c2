//! How a session hears that another needs its slot more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll};

use futures_util::task::AtomicWaker;

/// Told once, heard by one session. Each has one, so that it is no more than this.
#[derive(Debug, Default)]
pub(super) struct Recall {
    told: AtomicBool,
    session: AtomicWaker,
}

impl Recall {
    pub(super) fn tell(&self) {
        self.told.store(true, Ordering::Release);
        self.session.wake();
    }

    pub(super) fn is_told(&self) -> bool {
        self.told.load(Ordering::Acquire)
    }

    pub(super) fn poll(&self, task: &TaskContext<'_>) -> Poll<()> {
        self.session.register(task.waker());
        match self.is_told() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}
