use super::*;

mod holding;

const PACE: Pace = Pace::divided_by(1);
const DELAY: Duration = Duration::from_secs(600);

fn at(seconds: u64) -> Moment {
    Moment::from_millis(seconds * 1000)
}

fn held(now: Moment, session: &SessionView) -> Hold {
    hold(now, session, Discipline::default(), PACE)
}

fn view() -> SessionView {
    SessionView {
        opened_at: at(0),
        direction: Direction::Outgoing,
        dialable: true,
        settled: true,
        changes: 0,
        complete: false,
        awaits_gossip: false,
        expected_finish: None,
        priority: None,
    }
}

#[test]
fn leaves_after_a_minute_without_news() {
    assert!(matches!(held(at(59), &view()), Hold::Until(_)));
    assert_eq!(held(at(60), &view()), Hold::Leave);
}

#[test]
fn leaves_after_two_changes_unless_the_finish_is_near() {
    let moving = |finish| SessionView {
        changes: 2,
        expected_finish: Some(at(finish)),
        ..view()
    };
    assert_eq!(held(at(5), &moving(606)), Hold::Leave);
    assert!(matches!(held(at(5), &moving(604)), Hold::Until(_)));
    let early = SessionView {
        changes: 1,
        ..view()
    };
    assert!(matches!(held(at(5), &early), Hold::Until(_)));
}

#[test]
fn holds_a_complete_one_until_its_first_gossip_or_three_seconds() {
    let complete = |awaits_gossip| SessionView {
        complete: true,
        awaits_gossip,
        ..view()
    };
    assert_eq!(held(at(2), &complete(true)), Hold::Until(at(3)));
    assert_eq!(held(at(3), &complete(true)), Hold::Leave);
    assert_eq!(held(at(0), &complete(false)), Hold::Leave);
}

#[test]
fn holds_who_came_in_and_cannot_be_dialled() {
    let shy = SessionView {
        direction: Direction::Incoming,
        dialable: false,
        ..view()
    };
    assert!(matches!(held(at(86_400), &shy), Hold::Until(_)));
    let dialable = SessionView {
        dialable: true,
        ..shy
    };
    assert_eq!(held(at(86_400), &dialable), Hold::Leave);
    let complete = SessionView {
        complete: true,
        ..shy
    };
    assert_eq!(held(at(1), &complete), Hold::Leave);
}

fn standing(finish: Option<u64>, family: Family) -> Standing {
    Standing {
        state: PeerState::Below,
        family,
        expected_finish: finish.map(at),
    }
}

fn contacted(at: Moment) -> ContactHistory {
    let mut history = ContactHistory::default();
    history.start(at);
    history
}

#[test]
fn returns_at_half_of_the_remaining_time() {
    let known = standing(Some(1000), Family::Other);
    let next = contacted(at(0)).next(at(100), Parting::WeLeft, Some(&known), DELAY, PACE);
    assert_eq!(next, at(550));
    let far = standing(Some(9000), Family::Other);
    let next = contacted(at(0)).next(at(100), Parting::WeLeft, Some(&far), DELAY, PACE);
    assert_eq!(next, at(700), "never later than the delay");
}

#[test]
fn never_knocks_twice_within_thirty_seconds() {
    let near = standing(Some(12), Family::Other);
    let next = contacted(at(0)).next(at(10), Parting::WeLeft, Some(&near), DELAY, PACE);
    assert_eq!(next, at(30));
}

#[test]
fn comes_back_at_once_when_the_peer_closed_near_its_finish() {
    let near = standing(Some(100), Family::Aria2);
    let mut history = contacted(at(0));
    for start in [0, 20, 40] {
        history.last_start = at(start);
        let next = history.next(at(start + 10), Parting::TheyLeft, Some(&near), DELAY, PACE);
        assert_eq!(next, at(start + 15));
    }
    history.last_start = at(60);
    let next = history.next(at(70), Parting::TheyLeft, Some(&near), DELAY, PACE);
    assert_eq!(next, at(90), "three exceptions an hour");
    history.last_start = at(3610);
    let soon = standing(Some(3650), Family::Aria2);
    let next = history.next(at(3620), Parting::TheyLeft, Some(&soon), DELAY, PACE);
    assert_eq!(next, at(3625), "an hour later the budget is new");
}

#[test]
fn needs_no_exception_half_a_minute_after_the_last_contact() {
    let near = standing(Some(100), Family::Aria2);
    let next =
        |closed| contacted(at(0)).next(at(closed), Parting::TheyLeft, Some(&near), DELAY, PACE);
    assert_eq!(
        next(31),
        at(32),
        "aria2 closes after 31 s and takes us back at once"
    );
    assert_eq!(next(27), at(30));
    assert_eq!(next(24), at(29), "one exception");
}

#[test]
fn rtorrent_that_closes_may_be_about_to_finish() {
    let dark = |family| standing(None, family);
    let next =
        |family| contacted(at(0)).next(at(80), Parting::TheyLeft, Some(&dark(family)), DELAY, PACE);
    assert_eq!(next(Family::Rtorrent), at(81));
    assert_eq!(next(Family::Transmission), at(90));
}

#[test]
fn return_that_was_too_early_is_made_up_for_once() {
    let near = standing(None, Family::Rtorrent);
    for parting in [Parting::TurnedAway, Parting::NotReached] {
        let mut history = contacted(at(0));
        let next = history.next(at(80), Parting::TheyLeft, Some(&near), DELAY, PACE);
        assert_eq!(next, at(81));
        history.start(next);
        let next = history.next(next, parting, Some(&near), DELAY, PACE);
        assert_eq!(next, at(85), "5 s after the close");
        history.start(next);
        let next = history.next(next, parting, Some(&near), DELAY, PACE);
        assert_eq!(next, at(85 + 30), "no failure so far");
    }
}

#[test]
fn backs_off_from_who_is_not_reached() {
    let mut history = contacted(at(100));
    let mut gaps = Vec::new();
    for _ in 0..8 {
        let next = history.next(at(110), Parting::NotReached, None, DELAY, PACE);
        gaps.push(next.since(at(100)).as_secs());
    }
    assert_eq!(gaps, [30, 60, 120, 240, 480, 960, 1800, 1800]);
    let mut history = contacted(at(100));
    let gaps = (0..6).map(|_| {
        let next = history.next(at(101), Parting::TurnedAway, None, DELAY, PACE);
        next.since(at(100)).as_secs()
    });
    assert_eq!(gaps.collect::<Vec<_>>(), [30, 30, 60, 60, 120, 120]);
    let mut history = contacted(at(100));
    for _ in 0..8 {
        history.next(at(110), Parting::NotReached, None, DELAY, PACE);
    }
    let below = standing(None, Family::Other);
    let next = history.next(at(110), Parting::NotReached, Some(&below), DELAY, PACE);
    assert_eq!(
        next,
        at(700),
        "a peer below the threshold is tried within the delay"
    );
}

#[test]
fn complete_peers_are_rarely_visited() {
    let done = Standing {
        state: PeerState::CompleteAtFirst,
        ..standing(None, Family::Other)
    };
    for parting in [Parting::WeLeft, Parting::TheyLeft, Parting::NotReached] {
        let mut history = contacted(at(0));
        let next = history.next(at(1), parting, Some(&done), DELAY, PACE);
        assert_eq!(next, at(1) + PACE.revisit_complete(), "{parting:?}");
        assert_eq!(history.failures, 0, "nothing was missed");
    }
    let unknown = contacted(at(0)).next(at(1), Parting::NotReached, None, DELAY, PACE);
    assert_eq!(unknown, at(30), "the control");
}

#[test]
fn forecast_that_did_not_come_true_says_nothing() {
    let gaps = |finish: u64| {
        let known = standing(Some(finish), Family::Other);
        let mut history = contacted(at(0));
        let gaps = (0..5).map(|_| {
            let next = history.next(at(500), Parting::WeLeft, Some(&known), DELAY, PACE);
            next.since(at(500)).as_secs()
        });
        gaps.collect::<Vec<_>>()
    };
    assert_eq!(gaps(400), [60, 120, 240, 480, 600]);
    assert_eq!(gaps(600), [50; 5], "the control: it is still to come");
}

#[test]
fn who_left_is_looked_for_sooner_and_ever_less_often() {
    let dark = standing(None, Family::Other);
    let gaps = |parting| {
        let mut history = contacted(at(0));
        let gaps = (0..5).map(|_| {
            history.last_start = at(1000);
            let next = history.next(at(1011), parting, Some(&dark), DELAY, PACE);
            next.since(at(1000)).as_secs()
        });
        gaps.collect::<Vec<_>>()
    };
    assert_eq!(gaps(Parting::TheyLeft), [30, 60, 120, 240, 480]);
    assert_eq!(gaps(Parting::WeLeft), [71, 131, 251, 491, 611]);
}

#[test]
fn closing_long_after_the_forecast_is_no_sign_of_a_finish() {
    let next = |finish| {
        let known = standing(Some(finish), Family::Other);
        contacted(at(0)).next(at(500), Parting::TheyLeft, Some(&known), DELAY, PACE)
    };
    assert_eq!(next(379), at(510));
    assert_eq!(next(380), at(501), "it may just have finished");
    assert_eq!(next(620), at(501));
}

#[test]
fn being_called_by_a_peer_does_not_make_it_reachable() {
    let known = standing(None, Family::Other);
    let mut history = contacted(at(0));
    for _ in 0..4 {
        history.next(at(10), Parting::NotReached, Some(&known), DELAY, PACE);
    }
    let next = history.after_call(at(100), Parting::WeLeft, Some(&known), DELAY, PACE);
    assert_eq!((next, history.failures), (at(8 * 30), 4));
    let next = history.after_call(at(300), Parting::WeLeft, Some(&known), DELAY, PACE);
    assert_eq!(
        (next, history.failures),
        (at(300), 4),
        "it was due meanwhile"
    );
    // It may have finished: that is worth a try.
    let near = standing(None, Family::Rtorrent);
    let next = history.after_call(at(100), Parting::TheyLeft, Some(&near), DELAY, PACE);
    assert_eq!((next, history.failures), (at(101), 4));
    // The controls: a listener that answers can be called, and one that we reached.
    history.next(at(101), Parting::TurnedAway, Some(&known), DELAY, PACE);
    let next = history.after_call(at(110), Parting::WeLeft, Some(&known), DELAY, PACE);
    assert_eq!((next, history.failures), (at(170), 0));
    history.failures = 4;
    let next = history.next(at(100), Parting::WeLeft, Some(&known), DELAY, PACE);
    assert_eq!((next, history.failures), (at(220), 0));
}

#[test]
fn agenda_serves_the_soonest_finisher_first() {
    let mut agenda = Agenda::default();
    agenda.plan(1, at(1), Rank::Complete(at(0)));
    agenda.plan(2, at(2), Rank::New(at(0)));
    agenda.plan(3, at(3), Rank::Finishing(at(50)));
    agenda.plan(4, at(3), Rank::Finishing(at(40)));
    agenda.plan(5, at(9), Rank::Finishing(at(10)));
    assert_eq!(agenda.next(), Some(at(1)));
    assert_eq!(agenda.pop(at(0)), None);
    let order: Vec<_> = std::iter::from_fn(|| agenda.pop(at(3))).collect();
    assert_eq!(order, [4, 3, 2, 1]);
    assert_eq!(agenda.next(), Some(at(9)));
    agenda.plan(5, at(4), Rank::New(at(0)));
    assert_eq!(agenda.due(5), Some(at(4)), "planning again replaces");
    agenda.cancel(5);
    assert_eq!(agenda.next(), None);
}

#[test]
fn agenda_starves_nobody_in_a_flood() {
    let mut agenda = Agenda::default();
    let flood = 1_000_000;
    for key in 0..1_000 {
        agenda.plan(flood + key, at(0), Rank::New(at(0)));
    }
    let others = [
        Rank::Finishing(at(9)),
        Rank::Below(at(0)),
        Rank::Unreached(at(0)),
        Rank::Complete(at(0)),
    ];
    for (key, rank) in others.into_iter().enumerate() {
        agenda.plan(key, at(5), rank);
    }
    let order: Vec<_> = std::iter::from_fn(|| agenda.pop(at(5))).take(20).collect();
    assert_eq!(order[0], 0, "those that finish come first all the same");
    for key in 1..4 {
        assert!(order.contains(&key), "{order:?}");
    }
    assert_eq!(order.iter().filter(|it| **it >= flood).count(), 16);
}

#[test]
fn four_contacts_to_one_ip_in_thirty_seconds() {
    let mut knocks = Knocks::default();
    let ip = "192.0.2.1".parse().unwrap();
    for second in 0..4 {
        assert_eq!(knocks.knock(at(second), ip, PACE), Ok(()));
    }
    assert_eq!(knocks.knock(at(5), ip, PACE), Err(at(30)));
    assert_eq!(
        knocks.knock(at(5), "192.0.2.2".parse().unwrap(), PACE),
        Ok(())
    );
    assert_eq!(knocks.knock(at(30), ip, PACE), Ok(()));
}
