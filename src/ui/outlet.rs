//! Standard error, on a thread of its own: a terminal that stands still (Ctrl-S, a
//! dead line) or a pipe that nobody reads must not hold up the run.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::terminal::Canvas;

/// What is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// A whole screen, from its first line.
    Screen(Vec<String>),
    /// The terminal as it was before the first screen.
    Leave,
    /// A line.
    Line(String),
}

/// Writes the newest order; an older one that is not begun by then is skipped.
#[derive(Debug)]
pub struct Outlet(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    next: Option<Order>,
    writing: bool,
    closed: bool,
}

impl Outlet {
    /// To standard error.
    pub fn stderr() -> Self {
        Outlet::to(io::stderr())
    }

    fn to(out: impl Write + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let worker = Arc::clone(&shared);
        std::thread::spawn(move || worker.write_to(out));
        Outlet(shared)
    }

    /// Hands over what is to be written next.
    pub fn offer(&self, order: Order) {
        self.0.lock().next = Some(order);
        self.0.changed.notify_all();
    }

    /// Waits until everything is written, at most so long; answers whether it is.
    pub fn flush(&self, at_most: Duration) -> bool {
        let busy = |state: &mut State| state.writing || state.next.is_some();
        let waited = self
            .0
            .changed
            .wait_timeout_while(self.0.lock(), at_most, busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, mut out: impl Write) {
        let mut canvas = Canvas::default();
        while let Some(order) = self.next() {
            // A terminal that is gone is no failure of the run.
            let _ = out
                .write_all(canvas.bytes(&order).as_bytes())
                .and_then(|()| out.flush());
            self.lock().writing = false;
            self.changed.notify_all();
        }
    }

    /// The next order; None when there will be none.
    fn next(&self) -> Option<Order> {
        let idle = |state: &mut State| state.next.is_none() && !state.closed;
        let waited = self.changed.wait_while(self.lock(), idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let next = state.next.take();
        state.writing = next.is_some();
        next
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A reader that takes one text each time it is told to.
    struct Reader {
        go: Receiver<()>,
        texts: Sender<String>,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.texts.send(String::from_utf8_lossy(bytes).into_owned());
            let _ = self.go.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stands_still_holds_up_nobody() {
        let (read, go) = channel();
        let (texts, written) = channel();
        let outlet = Outlet::to(Reader { go, texts });
        outlet.offer(Order::Line("first".into()));
        assert_eq!(written.recv().unwrap(), "first\n");
        for number in 0..100 {
            outlet.offer(Order::Line(number.to_string()));
        }
        assert!(!outlet.flush(Duration::ZERO));
        read.send(()).unwrap();
        // The newest alone.
        assert_eq!(written.recv().unwrap(), "99\n");
        read.send(()).unwrap();
        assert!(outlet.flush(Duration::from_secs(60)));
        drop(outlet);
        assert!(written.recv().is_err());
    }
}
