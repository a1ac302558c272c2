//! Watches a run until it is to stop, and sees it stop.

use std::io::{self, IsTerminal};
use std::time::Duration;

use crate::actors::root::{AskAll, RunEnd, Shutdown};
use crate::cli::exit;
use crate::clock::Clock;
use crate::config::Config;
use crate::ui::line::line;
use crate::ui::outlet::{Order, Outlet};
use crate::ui::screen::screen;
use crate::ui::terminal;

use super::picture::Picture;
use super::signals::{Signals, Wish, stand_still};
use super::{Running, coloured, note};

/// The whole of an orderly end; what is not done by then is given up.
const STOP_TIMEOUT: Duration = Duration::from_millis(9_500);

/// A swarm that is busy with its store is not waited for: a signal may come.
const ASK_TIMEOUT: Duration = Duration::from_millis(500);

/// How often a screen is drawn.
const DRAW_EVERY: Duration = Duration::from_secs(1);

/// How often a line is written where no screen can be drawn.
const WRITE_EVERY: Duration = Duration::from_secs(30);

/// A terminal that takes longer for its last bytes does without them.
const LEAVE_TIMEOUT: Duration = Duration::from_millis(300);

/// How a run came to its end.
#[derive(Debug)]
pub(super) enum StoppedBy {
    /// The tree ended in this way.
    Tree(RunEnd),
    /// It did not end in time.
    Timeout,
    /// It vanished.
    Lost,
}

/// Shows how the run stands until a signal, the duration's end, or the tree's own
/// end; then sees it stop.
pub(super) async fn until_stopped(
    running: &mut Running,
    config: &Config,
    clock: Clock,
) -> StoppedBy {
    let mut display = Display::new(config, clock);
    let mut signals = Signals::heed(display.manner == Manner::Screens);
    if display.manner != Manner::Nothing {
        note(&format!(
            "run in {}; stop with Ctrl-C",
            config.output.display()
        ));
    }
    let deadline = config
        .duration
        .map(|span| clock.instant(clock.now() + span));
    let mut tick = tokio::time::interval(display.interval());
    loop {
        tokio::select! {
            ended = &mut running.ended => {
                return ended.map_or(StoppedBy::Lost, StoppedBy::Tree);
            }
            wish = signals.next() => match wish {
                Wish::End => break,
                Wish::Suspend => display.suspend(),
                Wish::Redraw => display.show(),
            },
            () = sleep_until(deadline) => break,
            _ = tick.tick() => {
                let asked = tokio::time::timeout(ASK_TIMEOUT, running.root.send(AskAll));
                if let Ok(Ok(figures)) = asked.await {
                    let sessions = (running.slots.used(), running.slots.total());
                    display.picture.take(clock.now(), figures, sessions);
                }
                let gap = running.signs.gap();
                display.picture.take_network(gap.map(|(_, gap)| gap.since));
                display.show();
            }
        }
    }
    stop(running, &mut signals, &mut display).await
}

async fn stop(running: &mut Running, signals: &mut Signals, display: &mut Display) -> StoppedBy {
    display.stop();
    let asked = running.root.send(Shutdown);
    let ended = async {
        asked.await.ok();
        (&mut running.ended).await
    };
    tokio::pin!(ended);
    let timeout = tokio::time::sleep(STOP_TIMEOUT);
    tokio::pin!(timeout);
    let mut tick = tokio::time::interval(DRAW_EVERY);
    loop {
        tokio::select! {
            ended = &mut ended => return ended.map_or(StoppedBy::Lost, StoppedBy::Tree),
            wish = signals.next() => match wish {
                Wish::End => {
                    display.leave();
                    // What was acknowledged is on disk; the rest is as after a crash.
                    note("stopped at once; the store goes on from its journal next time");
                    std::process::exit(i32::from(exit::INTERRUPTED));
                }
                Wish::Suspend => display.suspend(),
                Wish::Redraw => display.draw(),
            },
            () = &mut timeout => return StoppedBy::Timeout,
            _ = tick.tick() => display.draw(),
        }
    }
}

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// How a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// A screen that is drawn again and again.
    Screens,
    /// A line now and then.
    Lines,
    /// Not at all.
    Nothing,
}

/// Standard error, as a place where a run is shown. Leaves the terminal as it was,
/// however it ends.
struct Display {
    manner: Manner,
    colour: bool,
    stopping: bool,
    picture: Picture,
    outlet: Outlet,
    clock: Clock,
}

impl Display {
    fn new(config: &Config, clock: Clock) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let term = std::env::var("TERM").ok();
        let manner = match is_terminal && terminal::can_draw(term.as_deref()) {
            _ if config.quiet => Manner::Nothing,
            true => Manner::Screens,
            false => Manner::Lines,
        };
        Display {
            manner,
            colour: coloured(config, is_terminal),
            stopping: false,
            picture: Picture::new(config, clock.now()),
            outlet: Outlet::stderr(),
            clock,
        }
    }

    fn interval(&self) -> Duration {
        match self.manner {
            Manner::Screens => DRAW_EVERY,
            Manner::Lines | Manner::Nothing => WRITE_EVERY,
        }
    }

    fn show(&self) {
        match self.manner {
            Manner::Screens => self.draw(),
            Manner::Lines => {
                let view = self.picture.view(self.clock.now(), self.stopping);
                let line = format!("bta: {}", line(&view));
                self.outlet.offer(Order::Line(line));
            }
            Manner::Nothing => {}
        }
    }

    /// A screen, where screens are drawn.
    fn draw(&self) {
        if self.manner == Manner::Screens && terminal::is_ours() {
            let view = self.picture.view(self.clock.now(), self.stopping);
            let (columns, lines) = terminal::size();
            let screen = screen(&view, columns, lines, self.colour);
            self.outlet.offer(Order::Screen(screen));
        }
    }

    /// The run is told to stop.
    fn stop(&mut self) {
        self.stopping = true;
        if self.manner == Manner::Lines {
            let line = "bta: stopping (again Ctrl-C: at once)".to_owned();
            self.outlet.offer(Order::Line(line));
        }
    }

    /// As Ctrl-Z wants it.
    fn suspend(&self) {
        self.leave();
        stand_still();
    }

    /// The terminal is as it was, if it takes that.
    fn leave(&self) {
        if self.manner == Manner::Screens {
            self.outlet.offer(Order::Leave);
        }
        self.outlet.flush(LEAVE_TIMEOUT);
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.leave();
    }
}
