//! Peers' whole lives, at the level of machines: whatever a client's habits and
//! whenever it is met, downloads are confirmed, and nothing else is.
#![allow(clippy::unwrap_used)]

use bta::moment::Moment;
use bta::protocol::peer::bitfield::Bitfield;
use bta::swarm::confirmation::{History, Rise};
use bta::swarm::facts::Verdict;
use bta::swarm::pace::Pace;
use bta::swarm::progress::{Progress, Sums, Terms};
use bta::swarm::yardstick::Yardstick;
use proptest::prelude::*;

const PIECES: u32 = 200;
const THRESHOLD: u32 = 196;

/// How a client tells what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// By the book: libtorrent.
    Prompt,
    /// HAVE messages in batches: Transmission.
    Batches,
    /// A whole BITFIELD again now and then instead of HAVE: aria2.
    Repeats,
    /// The opening bitfield has holes, filled by HAVE at once.
    Lazy,
    /// Says nothing while it is empty, and sends its pieces late.
    Late,
}

/// One peer's life: milliseconds throughout.
#[derive(Clone, Debug)]
struct Life {
    habit: Habit,
    fast: bool,
    /// Piece numbers in the order in which it gets them.
    order: Vec<u32>,
    /// Pieces that it has from the start.
    owned: u32,
    /// Between two pieces.
    step: u64,
    /// When it is connected to.
    sessions: Vec<(u64, u64)>,
}

/// What the peer says at a time.
#[derive(Clone, Debug)]
enum Message {
    Bitfield(Vec<u32>),
    HaveAll,
    HaveNone,
    Have(u32),
}

impl Life {
    fn held(&self, at: u64) -> &[u32] {
        let got = (at / self.step).min(u64::from(PIECES)) as u32;
        &self.order[..(self.owned + got).min(PIECES) as usize]
    }

    /// When the n-th piece is there.
    fn got(&self, n: u32) -> u64 {
        u64::from(n.saturating_sub(self.owned)) * self.step
    }

    /// When it crosses the threshold by downloading, if it does.
    fn crosses(&self) -> Option<u64> {
        (self.owned < THRESHOLD).then(|| self.got(THRESHOLD))
    }

    fn opening(&self, open: u64) -> Vec<(u64, Message)> {
        let held = self.held(open);
        let all = held.len() == PIECES as usize;
        let at = match self.habit {
            // Later than silence is waited for.
            Habit::Late if !self.fast && !held.is_empty() => open + 12_000,
            _ => open + 50,
        };
        if self.habit == Habit::Lazy && held.len() > 8 {
            let (told, holes) = held.split_at(held.len() - 8);
            let haves = holes.iter().zip(1..);
            let haves = haves.map(|(piece, n)| (at + n * 100, Message::Have(*piece)));
            let first = (at, Message::Bitfield(told.to_vec()));
            return std::iter::once(first).chain(haves).collect();
        }
        let message = match (self.fast, held.is_empty()) {
            (true, true) => Message::HaveNone,
            (true, false) if all => Message::HaveAll,
            (false, true) => return Vec::new(),
            _ => Message::Bitfield(held.to_vec()),
        };
        vec![(at, message)]
    }

    /// What it says in a session, by time.
    fn says(&self, open: u64, close: u64) -> Vec<(u64, Message)> {
        let mut says = self.opening(open);
        let opened = says.last().map_or(open, |(at, _)| *at);
        let first = self.held(open).len() as u32;
        for n in first..PIECES {
            let got = self.got(n + 1);
            let at = match self.habit {
                Habit::Batches => got.next_multiple_of(11_000),
                _ => got,
            };
            let message = match self.habit {
                Habit::Repeats if n % 40 == 0 => {
                    Message::Bitfield(self.order[..=n as usize].to_vec())
                }
                _ => Message::Have(self.order[n as usize]),
            };
            says.push((at.max(opened + 1), message));
        }
        says.retain(|(at, _)| *at < close);
        says
    }

    /// The rises that the record of this peer saw.
    fn watch(&self) -> Vec<Rise> {
        let yardstick = Yardstick::new(PIECES, 1 << 18, 980);
        assert_eq!(yardstick.threshold, THRESHOLD);
        let (mut history, mut rises) = (History::default(), Vec::new());
        for (open, close) in &self.sessions {
            let terms = Terms {
                yardstick,
                fast: self.fast,
                holds_back: false,
                may_super_seed: true,
                sums: Sums::new(1, PIECES),
                pace: Pace::default(),
            };
            let mut progress = Progress::new(moment(*open), terms);
            for (at, message) in self.says(*open, *close) {
                timers(&mut progress, at);
                hear(&mut progress, at, message);
                while let Some(report) = progress.poll_report() {
                    rises.extend(history.take(&report, &yardstick));
                }
            }
            timers(&mut progress, *close);
            while let Some(report) = progress.poll_report() {
                rises.extend(history.take(&report, &yardstick));
            }
            if let Some(seen) = progress.seen(moment(*close)) {
                let report = bta::swarm::progress::Report::Step(seen);
                rises.extend(history.take(&report, &yardstick));
            } else if let Some(glimpse) = progress.unsettled() {
                history.glimpsed(glimpse);
            }
        }
        rises
    }

    /// Whether it was met well below the threshold, and again behind it, for long
    /// enough to tell.
    fn must_be_confirmed(&self) -> bool {
        let Some(crosses) = self.crosses() else {
            return false;
        };
        let below = |(open, close): &(u64, u64)| {
            let settled = *open + 16_000;
            self.held(*open).len() > 3 && settled < *close && settled < crosses
        };
        // The last batch comes up to 11 s late, a late opening after 12 s.
        let above =
            |(open, close): &(u64, u64)| *close > crosses + 11_000 && *close > *open + 16_000;
        let first = self.sessions.iter().position(below);
        first.is_some_and(|first| self.sessions[first..].iter().any(above))
    }
}

fn moment(millis: u64) -> Moment {
    Moment::from_millis(1_000_000 + millis)
}

fn timers(progress: &mut Progress, until: u64) {
    while let Some(due) = progress.poll_timeout().filter(|it| *it <= moment(until)) {
        progress.handle_timeout(due);
    }
}

fn hear(progress: &mut Progress, at: u64, message: Message) {
    let now = moment(at);
    match message {
        Message::Bitfield(pieces) => {
            let mut bits = Bitfield::empty(PIECES);
            pieces.iter().for_each(|piece| {
                bits.set(*piece);
            });
            progress.bitfield(now, bits);
        }
        Message::HaveAll => progress.have_all(now),
        Message::HaveNone => progress.have_none(now),
        Message::Have(piece) => progress.have(now, piece),
    }
}

prop_compose! {
    fn any_life(owned: std::ops::Range<u32>)(
        habit in prop::sample::select(vec![
            Habit::Prompt, Habit::Batches, Habit::Repeats, Habit::Lazy, Habit::Late,
        ]),
        fast in any::<bool>(),
        order in Just((0..PIECES).collect::<Vec<_>>()).prop_shuffle(),
        owned in owned,
        step in 20_u64..10_000,
        waits in prop::collection::vec((0_u64..200_000, 100_u64..300_000), 1..8),
    ) -> Life {
        let mut at = 0;
        let sessions = waits.into_iter().map(|(wait, long)| {
            let open = at + wait;
            at = open + long;
            (open, at)
        });
        let sessions = sessions.collect();
        Life { habit, fast, order, owned, step, sessions }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn seeds_are_never_confirmed(life in any_life(THRESHOLD..PIECES + 1)) {
        prop_assert_eq!(life.watch(), []);
    }

    #[test]
    fn downloads_are_confirmed_once_and_dated_truly(life in any_life(0..THRESHOLD)) {
        let rises = life.watch();
        prop_assert!(rises.len() <= 1, "{rises:?}");
        let crosses = life.crosses().unwrap();
        for rise in &rises {
            prop_assert!(rise.reached.at >= moment(crosses), "{rise:?}");
            // What comes in batches is up to 11 s old; a late opening up to 12 s.
            prop_assert!(rise.below.at <= moment(crosses + 12_100), "{rise:?}");
        }
        if life.must_be_confirmed() {
            prop_assert_eq!(rises.len(), 1);
            prop_assert_eq!(rises[0].verdict, Verdict::Confirmed);
        }
    }
}

#[test]
fn a_life_that_must_be_confirmed_can_be_drawn() {
    let life = Life {
        habit: Habit::Prompt,
        fast: true,
        order: (0..PIECES).collect(),
        owned: 10,
        step: 1_000,
        sessions: vec![(5_000, 60_000), (200_000, 260_000)],
    };
    assert!(life.must_be_confirmed());
    assert_eq!(life.watch().len(), 1);
    let short = Life {
        sessions: vec![(5_000, 60_000)],
        ..life
    };
    assert!(!short.must_be_confirmed());
}
