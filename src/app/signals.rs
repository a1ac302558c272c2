//! The signals that a run heeds.

use rustix::process::{Signal as Code, getpid, kill_process};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What somebody wants of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// End in order; said twice: at once.
    End,
    /// Leave the terminal, and stand still until we are told to go on.
    Suspend,
    /// Draw anew: the terminal has another size.
    Redraw,
}

/// The signals that a run heeds.
#[derive(Debug)]
pub(super) struct Signals(Vec<(Wish, Signal)>);

impl Signals {
    /// Ctrl-C, SIGTERM and the terminal's end; with a view also Ctrl-Z and the
    /// terminal's new size. Without a handler a signal does what it does by itself,
    /// which loses nothing that was acknowledged either.
    pub(super) fn heed(has_view: bool) -> Self {
        let mut heeded = vec![
            (Wish::End, SignalKind::interrupt()),
            (Wish::End, SignalKind::terminate()),
        ];
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        // Under nohup the terminal's end is nothing to us.
        if !ignores(&status, Code::HUP) {
            heeded.push((Wish::End, SignalKind::hangup()));
        }
        if has_view {
            heeded.push((Wish::Redraw, SignalKind::window_change()));
        }
        if has_view && !ignores(&status, Code::TSTP) {
            let code = Code::TSTP.as_raw();
            heeded.push((Wish::Suspend, SignalKind::from_raw(code)));
        }
        let handlers = heeded
            .into_iter()
            .filter_map(|(wish, kind)| Some((wish, signal(kind).ok()?)));
        Signals(handlers.collect())
    }

    /// The next wish.
    pub(super) async fn next(&mut self) -> Wish {
        let received = self.0.iter_mut().map(|(wish, signal)| {
            Box::pin(async {
                signal.recv().await;
                *wish
            })
        });
        let received: Vec<_> = received.collect();
        if received.is_empty() {
            return std::future::pending().await;
        }
        futures_util::future::select_all(received).await.0
    }
}

/// Stands still until we are told to go on, as Ctrl-Z would have it. Where nobody
/// could tell us (no shell with job control) the system lets us run on: so it is
/// for this signal, and not for SIGSTOP.
pub(super) fn stand_still() {
    let _ = kill_process(getpid(), Code::TTOU);
}

/// Whether a process of this `/proc/self/status` was started to ignore a signal.
fn ignores(status: &str, code: Code) -> bool {
    let mut lines = status.lines();
    let mask = lines.find_map(|it| it.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|it| u64::from_str_radix(it.trim(), 16).ok());
    mask.is_some_and(|it| it >> (code.as_raw() - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_it_was_started_to_ignore() {
        let nohup = "Name:\tbta\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        assert!(ignores(nohup, Code::HUP) && ignores(nohup, Code::PIPE));
        assert!(!ignores(nohup, Code::INT));
        assert!(!ignores("Name:\tbta\n", Code::HUP));
    }
}
