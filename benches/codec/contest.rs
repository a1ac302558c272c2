//! The same work by several hands.

use std::fmt::Debug;
use std::hint::black_box;
use std::time::Duration;

use crate::common::{self, RUNS, Spread, Table, number};

/// How long each is timed in a run.
const LONG: Duration = Duration::from_millis(50);
const QUICK: Duration = Duration::from_millis(1);

/// Does the work so often, and tells how long that took.
type Work<'a> = Box<dyn FnMut(u64) -> Duration + 'a>;

/// Work whose outcome is an `A`. Who enters first is ours.
pub(crate) struct Contest<'a, A> {
    name: &'a str,
    items: usize,
    bytes: usize,
    outcome: Option<A>,
    entries: Vec<(&'a str, Work<'a>)>,
}

impl<'a, A: PartialEq + Debug> Contest<'a, A> {
    /// Once is so many items, and so many bytes on the wire.
    pub(crate) fn new(name: &'a str, items: usize, bytes: usize) -> Self {
        Contest {
            name,
            items,
            bytes,
            outcome: None,
            entries: Vec::new(),
        }
    }

    /// One who does it; `shown` makes of the outcome what all must agree on, untimed.
    pub(crate) fn enter<T>(
        mut self,
        by: &'a str,
        mut work: impl FnMut() -> T + 'a,
        shown: impl Fn(T) -> A,
    ) -> Self {
        let outcome = shown(work());
        match &self.outcome {
            Some(first) => assert_eq!(&outcome, first, "{}: {by}", self.name),
            None => self.outcome = Some(outcome),
        }
        let timed = move |times| {
            let work = || (0..times).for_each(|_| drop(black_box(work())));
            common::timed(work).0
        };
        self.entries.push((by, Box::new(timed)));
        self
    }

    /// Times all in turn, so that a disturbance hits all alike, and adds their rows; passed
    /// over if words were given and its name has none of them.
    pub(crate) fn hold(mut self, table: &mut Table) {
        let mut words = common::arguments();
        words.retain(|it| !it.starts_with("--"));
        if !words.is_empty() && !words.iter().any(|it| self.name.contains(it)) {
            return;
        }
        let enough = if common::is_quick() { QUICK } else { LONG };
        let entries = self.entries.iter_mut();
        let times: Vec<_> = entries.map(|it| often(&mut it.1, enough)).collect();
        let mut figures = vec![Vec::new(); self.entries.len()];
        for _ in 0..RUNS {
            for (at, (_, work)) in self.entries.iter_mut().enumerate() {
                let items = times[at] as f64 * self.items as f64;
                figures[at].push(work(times[at]).as_nanos() as f64 / items);
            }
        }
        let spreads: Vec<Spread> = figures.into_iter().map(Spread::from_iter).collect();
        for ((by, _), spread) in self.entries.iter().zip(&spreads) {
            let bytes = self.bytes as f64 / self.items as f64;
            table.row([
                self.name.to_owned(),
                (*by).to_owned(),
                spread.to_string(),
                number(bytes * 1e3 / spread.median()),
                number(spreads[0].median() / spread.median()),
            ]);
        }
    }
}

/// How often it can be done in about that time.
fn often(work: &mut Work<'_>, enough: Duration) -> u64 {
    let mut times = 1;
    while work(times) < enough / 2 {
        times *= 2;
    }
    times
}
