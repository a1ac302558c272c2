//! The threads of a run.
//!
//! Thousands of sessions talk to the Swarm on the main thread. Were it woken for each
//! message it would go to sleep and be woken, in place of a session's thread, more often
//! than there are contacts. So when it is woken often it rests first, and takes what came
//! meanwhile at once (network cards do the same with interrupts).

use std::cell::Cell;
use std::io;
use std::time::Duration;

use actix_rt::{Arbiter, System, SystemRunner};
use tokio::runtime;

use super::Arbiters;
use crate::clock::Clock;
use crate::moment::Moment;

/// Whoever goes to sleep again after less than this is woken often.
const OFTEN: Duration = Duration::from_millis(2);

/// The rest: by so much a message may be late.
const REST: Duration = Duration::from_millis(1);

/// What runs the main thread.
///
/// # Errors
/// The system gives it no reactor.
pub fn system(clock: Clock) -> io::Result<SystemRunner> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || rest_if_woken_often(clock.now()))
        .build()?;
    Ok(System::with_tokio_rt(|| runtime))
}

thread_local! {
    /// When this thread went to sleep the last time.
    static SLEPT_AT: Cell<Option<Moment>> = const { Cell::new(None) };
}

/// To be called when nothing is left to do.
fn rest_if_woken_often(now: Moment) {
    let before = SLEPT_AT.replace(Some(now));
    if before.is_some_and(|before| now.since(before) < OFTEN) {
        std::thread::sleep(REST);
    }
}

/// The Recorder's arbiter, and one worker a core. To be called inside a `System`.
pub fn arbiters() -> Arbiters {
    let cores = std::thread::available_parallelism().map_or(1, |it| it.get());
    Arbiters {
        recorder: Arbiter::new().handle(),
        workers: (0..cores).map(|_| Arbiter::new().handle()).collect(),
    }
}
