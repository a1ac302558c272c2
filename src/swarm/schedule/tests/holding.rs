//! What a session is worth when others wait for one.

use super::*;

/// Whether a session in which nothing was seen yet is held, and kept when sessions are
/// short, this long after its peer should have finished.
fn is_kept_after_the_forecast(family: Family, seconds: u64) -> bool {
    let now = at(100 + seconds);
    let session = SessionView {
        expected_finish: still_due(now, at(100), family, PACE),
        changes: 2,
        ..view()
    };
    let finish = offer(now, &session, PACE).and_then(|it| it.finish);
    let stays = finish.is_some_and(|it| it.since(now) <= PACE.stays_when_short());
    assert_eq!(stays, held(now, &session) != Hold::Leave);
    stays
}

#[test]
fn stays_past_the_forecast_until_the_client_would_have_told() {
    for (family, seconds) in [
        (Family::Libtorrent, 15),
        (Family::Transmission, 27),
        (Family::Rtorrent, 97),
    ] {
        assert!(is_kept_after_the_forecast(family, seconds - 1), "{family}");
        assert!(!is_kept_after_the_forecast(family, seconds), "{family}");
    }
}

#[test]
fn is_offered_once_it_has_told_what_it_can_in_moments() {
    let unsettled = SessionView {
        settled: false,
        ..view()
    };
    assert_eq!(offer(at(59), &unsettled, PACE), None);
    assert!(offer(at(60), &unsettled, PACE).is_some());
    let near = SessionView {
        expected_finish: Some(at(30)),
        ..view()
    };
    let offered = offer(at(1), &near, PACE).unwrap();
    assert_eq!((offered.finish, offered.shy), (Some(at(30)), false));
    let complete = SessionView {
        complete: true,
        direction: Direction::Incoming,
        dialable: false,
        ..near
    };
    let offered = offer(at(1), &complete, PACE).unwrap();
    assert_eq!((offered.finish, offered.shy), (None, false));
}

#[test]
fn first_come_is_held_until_it_is_complete() {
    let hold = |session: &SessionView| hold(at(86_400), session, Discipline::FirstCome, PACE);
    assert!(matches!(hold(&view()), Hold::Until(_)));
    let complete = SessionView {
        complete: true,
        ..view()
    };
    assert_eq!(hold(&complete), Hold::Leave);
}
