//! Who gives way to whom when sessions are short.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::moment::Moment;
use crate::swarm::pace::Pace;
use crate::table::Table;

/// By what contacts are chosen and sessions held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discipline {
    /// Those that finish soonest come first; the others are visited.
    #[default]
    SoonestFirst,
    /// First come, first served: in the order in which they were named, each until it
    /// is complete or leaves. Only to compare with.
    FirstCome,
}

/// What a session that may be given up is expected to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// When its peer will reach the threshold, if that is to come.
    pub finish: Option<Moment>,
    /// It came in and is not known to be dialable: once left it may be lost.
    pub shy: bool,
    /// The priority of the connection (BEP 40), if it is known: it decides between those
    /// of whom as much is expected.
    pub priority: Option<u32>,
}

/// Whether those give way that came in and are not known to be dialable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// They stay.
    Spared,
    /// They and all others.
    Too,
    /// They and nobody else.
    Alone,
}

/// How late a session's peer is to finish, how low its priority is, and its number.
type Standing = (Moment, Reverse<Option<u32>>, u64);

/// The sessions of a run that may be given up, those to be given up first last.
#[derive(Debug, Default)]
pub struct Offers {
    shy: BTreeSet<Standing>,
    others: BTreeSet<Standing>,
    offered: Table<u64, (Standing, bool)>,
}

/// After all others: nothing is expected of it.
const NEVER: Moment = Moment::from_millis(u64::MAX);

impl Offers {
    /// Session `number` may be given up for this, from now on.
    pub fn offer(&mut self, number: u64, offer: Offer) {
        self.withdraw(number);
        let finish = offer.finish.unwrap_or(NEVER);
        let standing = (finish, Reverse(offer.priority), number);
        self.offered.insert(number, (standing, offer.shy));
        self.of(offer.shy).insert(standing);
    }

    /// It may not, or is over.
    pub fn withdraw(&mut self, number: u64) {
        if let Some((standing, shy)) = self.offered.remove(&number) {
            self.of(shy).remove(&standing);
        }
    }

    /// The session that is given up first, if one is. It is offered no more.
    pub fn take(&mut self, now: Moment, callers: Callers, pace: Pace) -> Option<u64> {
        let latest = |of: &BTreeSet<Standing>, stays: Duration| {
            let last = of.last().copied();
            last.filter(|(finish, ..)| finish.since(now) > stays)
        };
        let other = latest(&self.others, pace.stays_when_short());
        let other = other.filter(|_| callers != Callers::Alone);
        let shy = latest(&self.shy, pace.hold_expected());
        let shy = shy.filter(|_| callers != Callers::Spared);
        // Of two of whom nothing is expected the one goes that can be met again.
        let (.., number) = match (other, shy) {
            (Some(other), Some(shy)) if shy.0 > other.0 => shy,
            (Some(other), _) => other,
            (None, shy) => shy?,
        };
        self.withdraw(number);
        Some(number)
    }

    fn of(&mut self, shy: bool) -> &mut BTreeSet<Standing> {
        match shy {
            true => &mut self.shy,
            false => &mut self.others,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace::divided_by(1);

    fn at(seconds: u64) -> Moment {
        Moment::from_millis(seconds * 1000)
    }

    fn offer(finish: Option<Moment>, shy: bool) -> Offer {
        Offer {
            finish,
            shy,
            priority: None,
        }
    }

    fn offers(all: &[(Option<u64>, bool)]) -> Offers {
        let mut offers = Offers::default();
        for (number, (finish, shy)) in (1..).zip(all) {
            let finish = finish.map(at);
            offers.offer(number, offer(finish, *shy));
        }
        offers
    }

    fn taken(mut offers: Offers, callers: Callers) -> Vec<u64> {
        std::iter::from_fn(|| offers.take(at(0), callers, PACE)).collect()
    }

    #[test]
    fn the_farthest_finish_goes_first_and_the_near_ones_stay() {
        let offered = [(Some(300), false), (None, false), (Some(60), false)];
        assert_eq!(taken(offers(&offered), Callers::Spared), [2, 1]);
    }

    #[test]
    fn who_came_in_goes_only_if_it_may_and_is_far_from_its_finish() {
        let offered = [(None, true), (Some(599), true), (Some(900), false)];
        assert_eq!(taken(offers(&offered), Callers::Spared), [3]);
        assert_eq!(taken(offers(&offered), Callers::Too), [1, 3]);
        assert_eq!(taken(offers(&offered), Callers::Alone), [1]);
        let equal = [(None, true), (None, false)];
        assert_eq!(taken(offers(&equal), Callers::Too), [2, 1]);
    }

    #[test]
    fn of_equals_the_lowest_priority_goes_first_and_who_has_none_before_it() {
        let mut offers = Offers::default();
        let nothing = offer(None, false);
        for (number, priority) in (1..).zip([Some(7), None, Some(9), Some(5), Some(u32::MAX)]) {
            offers.offer(
                number,
                Offer {
                    priority,
                    ..nothing
                },
            );
        }
        // What is expected of a peer counts for more.
        let finish = Some(at(3_600));
        offers.offer(6, Offer { finish, ..nothing });
        assert_eq!(taken(offers, Callers::Spared), [2, 4, 1, 3, 5, 6]);
    }

    #[test]
    fn the_last_offer_counts() {
        let mut offers = offers(&[(None, false), (None, false)]);
        let finish = Some(at(30));
        offers.offer(1, offer(finish, false));
        offers.withdraw(2);
        assert_eq!(taken(offers, Callers::Too), [0; 0]);
    }
}
