use super::*;

const T0: Moment = Moment::from_millis(1_000_000);
const WANTED: fn(SocketAddr) -> bool = |_| true;

fn relay(number: u64) -> SessionId {
    SessionId(number)
}

fn at(host: u16) -> SocketAddr {
    let [high, low] = host.to_be_bytes();
    ([192, 0, high, low], 6881).into()
}

fn secs(secs: u64) -> std::time::Duration {
    std::time::Duration::from_secs(secs)
}

/// A swarm whose `relays` have all named `hosts`.
fn swarm(relays: u64, hosts: u16) -> Rendezvous {
    let mut rendezvous = Rendezvous::new(Pace::default());
    for number in 1..=relays {
        rendezvous.named(relay(number), View::AtHome, (0..hosts).map(at), []);
    }
    rendezvous
}

/// Asks that follow when all of these are sought.
fn asks(rendezvous: &mut Rendezvous, now: Moment, hosts: u16) -> Vec<Step> {
    for host in 0..hosts {
        rendezvous.seek(now, at(host), now);
    }
    std::iter::from_fn(|| rendezvous.next(now, WANTED)).collect()
}

#[test]
fn asks_the_relay_that_named_who_does_not_answer() {
    let mut rendezvous = swarm(1, 0);
    rendezvous.named(relay(2), View::AtHome, [at(1)], []);
    rendezvous.seek(T0, at(1), T0 + secs(30));
    assert_eq!(rendezvous.next_due(), Some(T0 + secs(30)));
    assert_eq!(rendezvous.next(T0 + secs(29), WANTED), None);
    let asked = rendezvous.next(T0 + secs(30), WANTED);
    assert_eq!(asked, Some(Step::Ask(relay(2), at(1))));
    assert_eq!(rendezvous.next(T0 + secs(30), WANTED), None);
    let answer = rendezvous.introduced(T0 + secs(31), relay(2), at(1));
    assert_eq!(answer, Introduction::Wanted);
}

#[test]
fn asks_nobody_who_did_not_name_it_or_is_gone_or_left_it() {
    let mut rendezvous = swarm(2, 1);
    rendezvous.named(relay(1), View::AtHome, [], [at(0)]);
    rendezvous.gone(relay(2));
    assert_eq!(asks(&mut rendezvous, T0, 2), []);
    assert_eq!(rendezvous.named, 0);
}

#[test]
fn does_not_ask_for_who_was_reached_meanwhile() {
    let mut rendezvous = swarm(1, 1);
    rendezvous.seek(T0, at(0), T0);
    assert_eq!(rendezvous.next(T0, |_| false), None);
    assert_eq!(rendezvous.next_due(), None);
}

#[test]
fn one_relay_after_the_other_is_asked_and_three_an_hour() {
    let mut rendezvous = swarm(5, 1);
    let mut asked = Vec::new();
    for minute in 0..10 {
        let now = T0 + secs(60 * minute);
        asked.extend(asks(&mut rendezvous, now, 1));
    }
    assert_eq!(asked, [5, 4, 3].map(|it| Step::Ask(relay(it), at(0))));
    let later = T0 + secs(600);
    assert!(
        !rendezvous.seek(later, at(0), later),
        "nothing is to be waited for"
    );
    let next_hour = asks(&mut rendezvous, T0 + secs(3600), 1);
    assert_eq!(next_hour, [Step::Ask(relay(5), at(0))]);
}

#[test]
fn a_refusal_sends_us_to_the_next_relay_and_one_that_ends_all_ends_it() {
    let mut rendezvous = swarm(3, 2);
    assert_eq!(asks(&mut rendezvous, T0, 1), [Step::Ask(relay(3), at(0))]);
    // It was not asked for that one, nor was that one asked.
    rendezvous.refused(T0, relay(3), at(1), Refusal::NotConnected);
    rendezvous.refused(T0, relay(2), at(0), Refusal::NoSupport);
    assert_eq!(rendezvous.next(T0, WANTED), None);
    rendezvous.refused(T0, relay(3), at(0), Refusal::NotConnected);
    assert_eq!(
        rendezvous.next(T0, WANTED),
        Some(Step::Ask(relay(2), at(0)))
    );
    rendezvous.refused(T0, relay(2), at(0), Refusal::NoSupport);
    assert_eq!(rendezvous.next(T0, WANTED), None);
    assert_eq!(asks(&mut rendezvous, T0 + secs(600), 1), []);
}

#[test]
fn a_relay_is_asked_so_often_a_minute_and_all_of_them_so_often() {
    let mut rendezvous = swarm(1, 100);
    let asked = asks(&mut rendezvous, T0, 100).len();
    assert_eq!(asked, Pace::INTRODUCTIONS_RELAY);
    let mut rendezvous = swarm(100, 500);
    assert_eq!(asks(&mut rendezvous, T0, 500).len(), Pace::INTRODUCTIONS);
    // The rest has its turn in the next minute.
    let later = T0 + secs(60);
    let asked = std::iter::from_fn(|| rendezvous.next(later, WANTED)).count();
    assert_eq!(asked, Pace::INTRODUCTIONS);
}

#[test]
fn a_liar_cannot_make_us_dial_the_world() {
    let mut rendezvous = swarm(1, 0);
    let mut called = 0;
    for host in 0..1_000 {
        match rendezvous.introduced(T0, relay(1), at(host)) {
            Introduction::Called => called += 1,
            Introduction::TooMuch => {}
            Introduction::Wanted => panic!("nobody asked for it"),
        }
    }
    assert_eq!(called, Pace::CALLS_RELAY);
}

#[test]
fn nor_can_one_who_connects_again_and_again() {
    let mut rendezvous = swarm(0, 0);
    let mut called = 0;
    for number in 0..1_000 {
        let answer = rendezvous.introduced(T0, relay(number), at(number as u16));
        called += usize::from(answer == Introduction::Called);
        rendezvous.gone(relay(number));
    }
    assert_eq!(called, Pace::CALLS);
    let later = T0 + secs(60);
    let answer = rendezvous.introduced(later, relay(1), at(1));
    assert_eq!(answer, Introduction::Called);
}

#[test]
fn an_answer_that_comes_late_or_twice_is_somebody_elses_call() {
    let mut rendezvous = swarm(2, 1);
    assert_eq!(asks(&mut rendezvous, T0, 1), [Step::Ask(relay(2), at(0))]);
    let by_another = rendezvous.introduced(T0, relay(1), at(0));
    assert_eq!(by_another, Introduction::Called);
    let late = rendezvous.introduced(T0 + secs(60), relay(2), at(0));
    assert_eq!(late, Introduction::Called);
}

#[test]
fn remembers_no_more_than_the_bound() {
    let mut rendezvous = Rendezvous::new(Pace::default());
    for number in 0..100 {
        rendezvous.named(relay(number), View::AtHome, (0..5_000).map(at), []);
    }
    assert_eq!(rendezvous.named, MOST_NAMED);
    let most = rendezvous.relays.values().map(|it| it.named.len()).max();
    assert_eq!(most, Some(Pace::GOSSIP_SESSION));
    (0..100).for_each(|number| rendezvous.gone(relay(number)));
    assert_eq!(rendezvous.named, 0);
}

#[test]
fn holds_few_relays_and_each_once() {
    let mut rendezvous = swarm(4, 1);
    let held: Vec<_> = (1..=4).map(|it| rendezvous.hold(T0, relay(it))).collect();
    let until = Some(T0 + Pace::default().hold_relay());
    assert_eq!(held, [until, until, None, None]);
    let later = T0 + secs(120);
    assert_eq!(rendezvous.hold(later, relay(1)), None);
    assert!(rendezvous.hold(later, relay(3)).is_some());
}

#[test]
fn who_sees_us_elsewhere_is_dialled_anew_if_nobody_else_can_help() {
    let mut rendezvous = swarm(1, 1);
    rendezvous.named(relay(2), View::Abroad, [at(0), at(1)], []);
    assert_eq!(asks(&mut rendezvous, T0, 1), [Step::Ask(relay(1), at(0))]);
    rendezvous.seek(T0, at(1), T0);
    assert_eq!(rendezvous.next(T0, WANTED), Some(Step::Redial(relay(2))));
    // It is not to be given up twice.
    assert_eq!(asks(&mut rendezvous, T0, 2), []);
    rendezvous.named(relay(3), View::AtHome, [at(1)], []);
    rendezvous.seek(T0, at(1), T0);
    assert_eq!(
        rendezvous.next(T0, WANTED),
        Some(Step::Ask(relay(3), at(1)))
    );
}
