//! Order and end of a contact's dials.

use super::*;

use Outcome::{Closed, LocalError, ProtocolError, Refused, Reset, TimedOut};

const TCP: Way = Way::ALL[0];
const TCP_ENCRYPTED: Way = Way::ALL[1];
const UTP: Way = Way::ALL[2];
const UTP_ENCRYPTED: Way = Way::ALL[3];

const ALL: Allowed = Allowed {
    encryption: Encryption::Prefer,
    utp: true,
};

fn dial(way: Way, outcome: Outcome, linked: bool) -> Dial {
    Dial {
        way,
        outcome,
        linked,
    }
}

fn lessons(dials: &[Dial]) -> Hints {
    let mut lessons = Lessons::default();
    lessons.learn(dials);
    Hints {
        lessons,
        ..Hints::default()
    }
}

/// A contact with an address that behaves as `gives` says: the ways tried.
fn contact(
    allowed: Allowed,
    hints: &Hints,
    gives: impl Fn(Way) -> (Outcome, bool),
) -> (Vec<Way>, Ways) {
    let mut ways = Ways::new(allowed, hints);
    let mut tried = vec![ways.way()];
    loop {
        let (outcome, linked) = gives(ways.way());
        if outcome == Outcome::Success {
            ways.over(outcome, linked);
            return (tried, ways);
        }
        match ways.fell(outcome, linked) {
            Some(way) => tried.push(way),
            None => return (tried, ways),
        }
    }
}

fn tried(allowed: Allowed, hints: &Hints, gives: impl Fn(Way) -> (Outcome, bool)) -> Vec<Way> {
    contact(allowed, hints, gives).0
}

/// What an address does whose two transports do this.
fn by_transport(
    tcp: (Outcome, bool),
    utp: (Outcome, bool),
) -> impl Fn(Way) -> (Outcome, bool) + Copy {
    move |way| match way.transport {
        Transport::Tcp => tcp,
        Transport::Utp => utp,
    }
}

const SILENCE: (Outcome, bool) = (TimedOut, false);
const HANGS_UP: (Outcome, bool) = (Closed, true);

#[test]
fn only_what_is_allowed_is_tried() {
    let hangs_up = |_| HANGS_UP;
    for (encryption, utp, ways) in [
        (Encryption::Prefer, true, &Way::ALL[..]),
        (Encryption::Prefer, false, &[TCP, TCP_ENCRYPTED]),
        (Encryption::Require, true, &[TCP_ENCRYPTED, UTP_ENCRYPTED]),
        (Encryption::Off, true, &[TCP, UTP]),
        (Encryption::Off, false, &[TCP]),
    ] {
        let allowed = Allowed { encryption, utp };
        assert_eq!(tried(allowed, &Hints::default(), hangs_up), ways);
    }
    // Nor does it matter then what the client is known to speak.
    let ctorrent = Hints {
        family: Some(Family::Ctorrent),
        ..Hints::default()
    };
    let required = Allowed {
        encryption: Encryption::Require,
        utp: false,
    };
    assert_eq!(tried(required, &ctorrent, hangs_up), [TCP_ENCRYPTED]);
}

#[test]
fn who_takes_no_tcp_is_tried_by_utp_whatever_it_is_wrapped_in() {
    let none = Hints::default();
    for no in [SILENCE, (Refused, false), (Reset, false)] {
        let way = tried(ALL, &none, by_transport(no, SILENCE));
        assert_eq!(way, [TCP, UTP], "{no:?}");
        let picky = tried(ALL, &none, by_transport(no, HANGS_UP));
        assert_eq!(picky, [TCP, UTP, UTP_ENCRYPTED], "{no:?}");
    }
}

#[test]
fn who_hangs_up_is_tried_in_each_way_once() {
    for no in [HANGS_UP, (Reset, true)] {
        let all = tried(ALL, &Hints::default(), |_| no);
        assert_eq!(all, Way::ALL);
    }
    let no_utp = tried(ALL, &Hints::default(), by_transport(HANGS_UP, SILENCE));
    assert_eq!(no_utp, [TCP, TCP_ENCRYPTED, UTP]);
}

#[test]
fn two_silences_are_enough() {
    let silent = tried(ALL, &Hints::default(), |_| (TimedOut, true));
    assert_eq!(silent, [TCP, TCP_ENCRYPTED]);
    let mixed = tried(
        ALL,
        &Hints::default(),
        by_transport(SILENCE, (TimedOut, true)),
    );
    assert_eq!(mixed, [TCP, UTP]);
}

#[test]
fn what_is_wrong_with_us_or_no_peer_ends_the_contact() {
    for no in [
        Outcome::SelfConnection,
        Outcome::UnknownInfoHash,
        Outcome::NoRoute,
        Outcome::Unreachable,
        LocalError,
        ProtocolError,
    ] {
        assert_eq!(tried(ALL, &Hints::default(), |_| (no, true)), [TCP]);
    }
}

#[test]
fn who_answers_encryption_with_noise_is_tried_plain() {
    let hints = Hints {
        said: PexFlags::ENCRYPTION,
        ..Hints::default()
    };
    let noise = |way: Way| match way.wrapping {
        Wrapping::Encrypted => (ProtocolError, true),
        Wrapping::Plain => (Closed, true),
    };
    assert_eq!(tried(ALL, &hints, noise), [TCP_ENCRYPTED, TCP, UTP]);
}

#[test]
fn gossip_says_what_is_tried_first() {
    let hints = Hints {
        said: PexFlags::ENCRYPTION,
        ..Hints::default()
    };
    let ways = tried(ALL, &hints, |_| HANGS_UP);
    assert_eq!(ways, [TCP_ENCRYPTED, TCP, UTP_ENCRYPTED, UTP]);
}

#[test]
fn a_family_is_not_tried_in_ways_that_it_never_learnt() {
    let of = |family| Hints {
        family: Some(family),
        ..Hints::default()
    };
    let hangs_up = |_| HANGS_UP;
    let rtorrent = tried(ALL, &of(Family::Rtorrent), hangs_up);
    assert_eq!(rtorrent, [TCP, TCP_ENCRYPTED]);
    assert_eq!(tried(ALL, &of(Family::Rqbit), hangs_up), [TCP, UTP]);
}

#[test]
fn what_worked_is_tried_alone_and_after_a_failure_first() {
    let met = dial(UTP_ENCRYPTED, Outcome::Success, true);
    let mut hints = lessons(&[dial(TCP, Closed, true), met]);
    assert_eq!(tried(ALL, &hints, |_| HANGS_UP), [UTP_ENCRYPTED]);
    hints.lessons.learn(&[dial(UTP_ENCRYPTED, Closed, true)]);
    let all = tried(ALL, &hints, |_| HANGS_UP);
    assert_eq!(all, [UTP_ENCRYPTED, UTP, TCP_ENCRYPTED, TCP]);
    // What is allowed no more is no choice.
    let plain = tried(Allowed::PLAIN_TCP, &hints, |_| HANGS_UP);
    assert_eq!(plain, [TCP]);
    let hints = lessons(&[met]);
    let plain = tried(Allowed::PLAIN_TCP, &hints, |_| HANGS_UP);
    assert_eq!(plain, [TCP]);
}

#[test]
fn the_way_in_which_they_came_goes_first_unless_another_worked() {
    let mut hints = Hints::default();
    hints.lessons.called(UTP);
    assert_eq!(tried(ALL, &hints, |_| HANGS_UP)[..2], [UTP, UTP_ENCRYPTED]);
    hints = lessons(&[dial(TCP, Outcome::Success, true)]);
    hints.lessons.called(UTP);
    assert_eq!(tried(ALL, &hints, |_| HANGS_UP), [TCP]);
}

#[test]
fn a_transport_that_was_silent_beside_the_other_is_tried_every_second_time() {
    let full = by_transport(HANGS_UP, SILENCE);
    let (_, first) = contact(ALL, &Hints::default(), full);
    let mut hints = lessons(&first.dials().collect::<Vec<_>>());
    let (second, dials) = contact(ALL, &hints, full);
    assert_eq!(second, [TCP, TCP_ENCRYPTED]);
    hints.lessons.learn(&dials.dials().collect::<Vec<_>>());
    assert_eq!(tried(ALL, &hints, full), [TCP, TCP_ENCRYPTED, UTP]);

    let only_utp = by_transport(SILENCE, HANGS_UP);
    let (_, first) = contact(ALL, &Hints::default(), only_utp);
    let hints = lessons(&first.dials().collect::<Vec<_>>());
    assert_eq!(tried(ALL, &hints, only_utp), [UTP, UTP_ENCRYPTED]);

    let told = Hints {
        said: PexFlags::UTP,
        ..lessons(&[dial(TCP, Closed, true), dial(UTP, TimedOut, false)])
    };
    assert_eq!(tried(ALL, &told, full), [TCP, TCP_ENCRYPTED, UTP]);
}

#[test]
fn the_outcome_is_that_of_the_dial_that_says_most() {
    for (dials, most) in [
        (
            vec![dial(TCP, Refused, false), dial(UTP, TimedOut, false)],
            0,
        ),
        (
            vec![dial(TCP, TimedOut, false), dial(UTP, Refused, false)],
            1,
        ),
        (vec![dial(TCP, TimedOut, false), dial(UTP, Closed, true)], 1),
        (
            vec![dial(TCP, Refused, false), dial(UTP, TimedOut, true)],
            1,
        ),
        (
            vec![dial(TCP, TimedOut, false), dial(UTP, LocalError, false)],
            0,
        ),
        (
            vec![
                dial(TCP, Closed, true),
                dial(TCP_ENCRYPTED, ProtocolError, true),
            ],
            0,
        ),
        (
            vec![
                dial(TCP_ENCRYPTED, Closed, true),
                dial(TCP, ProtocolError, true),
            ],
            1,
        ),
        (
            vec![dial(TCP, Reset, true), dial(TCP_ENCRYPTED, Closed, true)],
            1,
        ),
        (vec![dial(TCP, Closed, true), dial(UTP, Closed, true)], 0),
        (
            vec![
                dial(TCP, Closed, true),
                dial(UTP, Outcome::SelfConnection, true),
            ],
            1,
        ),
    ] {
        let mut ways = Ways::only(TCP);
        for it in &dials {
            ways.way = it.way;
            ways.over(it.outcome, it.linked);
        }
        assert_eq!(ways.most_telling(), Some(dials[most]));
    }
    assert_eq!(Ways::only(TCP).most_telling(), None);
}

#[test]
fn a_close_before_a_handshake_turns_us_away_and_a_refused_link_does_not() {
    assert!(dial(TCP, Closed, true).is_turned_away());
    assert!(dial(TCP, Reset, true).is_turned_away());
    assert!(!dial(TCP, Reset, false).is_turned_away());
    assert!(!dial(TCP, TimedOut, true).is_turned_away());
}

#[test]
fn where_nobody_answered_before_half_the_time_is_enough() {
    let timeout = Duration::from_secs(10);
    let mut ways = Ways::new(ALL, &Hints::default());
    assert_eq!(ways.patience(timeout), timeout);
    ways.fell(TimedOut, false);
    assert_eq!(ways.patience(timeout), timeout / 2);
    let mut ways = Ways::new(ALL, &Hints::default());
    ways.fell(Closed, true);
    assert_eq!(ways.patience(timeout), timeout);
}

#[test]
fn no_contact_dials_more_than_four_times_or_one_way_twice() {
    // Whatever an address does: every outcome at every dial, with and without a link.
    for code in 0..(2 * Outcome::ALL.len()).pow(2) {
        let kinds = 2 * Outcome::ALL.len();
        let gives = |way: Way| {
            let it = match way.wrapping {
                Wrapping::Plain => code % kinds,
                Wrapping::Encrypted => code / kinds,
            };
            (Outcome::ALL[it / 2], it % 2 == 1)
        };
        for encryption in [Encryption::Prefer, Encryption::Require, Encryption::Off] {
            let allowed = Allowed {
                encryption,
                utp: true,
            };
            let (tried, ways) = contact(allowed, &Hints::default(), gives);
            let mut unique = tried.clone();
            unique.sort();
            unique.dedup();
            assert_eq!(unique.len(), tried.len());
            assert!(tried.len() <= MOST && tried.iter().all(|it| allowed.permits(*it)));
            assert_eq!(ways.dials().count(), tried.len());
        }
    }
}

#[test]
fn through_a_hole_leads_utp_alone() {
    let both = Ways::through_a_hole(ALL, &Hints::default());
    assert_eq!(both.way(), UTP);
    let told = Hints {
        said: PexFlags::ENCRYPTION,
        ..Hints::default()
    };
    assert_eq!(Ways::through_a_hole(ALL, &told).way(), UTP_ENCRYPTED);
    let mut silent = both;
    assert_eq!(silent.fell(TimedOut, false), None);
    let mut wrapped = both;
    assert_eq!(wrapped.fell(Closed, true), Some(UTP_ENCRYPTED));
    assert_eq!(wrapped.fell(Closed, true), None);
    let require = Allowed {
        encryption: Encryption::Require,
        ..ALL
    };
    let mut required = Ways::through_a_hole(require, &Hints::default());
    assert_eq!(required.way(), UTP_ENCRYPTED);
    assert_eq!(required.fell(Closed, true), None);
}

#[test]
fn who_is_to_be_met_by_utp_is_dialled_by_tcp_too() {
    let mut hints = lessons(&[dial(TCP, Outcome::Success, true)]);
    assert_eq!(
        tried(ALL, &hints, |_| (Refused, false)),
        [TCP],
        "it is sure"
    );
    hints.lessons.prefer_utp();
    let refused = tried(ALL, &hints, |_| (Refused, false));
    assert_eq!(refused, [UTP, TCP]);
}
