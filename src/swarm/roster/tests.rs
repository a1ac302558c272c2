use super::*;

const PACE: Pace = Pace::divided_by(1);
const REACHABLE: PexFlags = PexFlags::REACHABLE;

fn at(seconds: u64) -> Moment {
    Moment::from_millis(1_000_000 + seconds * 1000)
}

fn address(number: u32) -> SocketAddr {
    let ip = std::net::Ipv4Addr::from_bits(0x2d00_0000 + number);
    SocketAddr::from((ip, 6881))
}

fn roster(count: u32) -> Roster {
    let mut roster = Roster::default();
    (0..count).for_each(|it| roster.meet(address(it), REACHABLE));
    roster
}

fn listening() -> Mouth {
    let mut mouth = Mouth::default();
    mouth.open(at(0), PACE);
    mouth
}

/// Numbers of those added and of those dropped.
fn told(mouth: &mut Mouth, now: Moment, roster: &Roster) -> Option<(Vec<u32>, Vec<u32>)> {
    let said = mouth.speak(now, roster, &[address(0)], PACE)?;
    let number = |it: SocketAddr| match it.ip() {
        std::net::IpAddr::V4(ip) => ip.to_bits() - 0x2d00_0000,
        std::net::IpAddr::V6(_) => panic!(),
    };
    let added = said.added.into_iter().map(|it| number(it.0)).collect();
    Some((added, said.dropped.into_iter().map(number).collect()))
}

#[test]
fn tells_each_peer_once_and_that_it_left_once_but_never_of_itself() {
    let (mut roster, mut mouth) = (roster(3), listening());
    assert_eq!(told(&mut mouth, at(0), &roster), Some((vec![1, 2], vec![])));
    assert_eq!(mouth.due(), Some(at(65)));
    assert_eq!(told(&mut mouth, at(65), &roster), None);
    roster.leave(address(1));
    roster.leave(address(0));
    roster.meet(address(3), REACHABLE);
    assert_eq!(told(&mut mouth, at(66), &roster), Some((vec![3], vec![1])));
    assert_eq!(told(&mut mouth, at(131), &roster), None);
    // A newcomer is told of those who are here, and of nobody who left before.
    assert_eq!(
        told(&mut listening(), at(131), &roster),
        Some((vec![2, 3], vec![]))
    );
}

#[test]
fn is_silent_of_who_came_and_left_between_two_messages() {
    let (mut roster, mut mouth) = (roster(2), listening());
    told(&mut mouth, at(0), &roster);
    roster.meet(address(7), REACHABLE);
    roster.leave(address(7));
    assert_eq!(told(&mut mouth, at(65), &roster), None);
    // Nor is one dropped and added at once.
    roster.leave(address(1));
    roster.meet(address(1), REACHABLE);
    assert_eq!(told(&mut mouth, at(66), &roster), Some((vec![1], vec![])));
}

#[test]
fn tells_of_fifty_at_a_time_and_of_all_in_the_end() {
    let (mut roster, mut mouth) = (roster(121), listening());
    let mut tell = |now, roster: &Roster| {
        told(&mut mouth, now, roster).map(|(added, dropped)| (added.len(), dropped.len()))
    };
    assert_eq!(tell(at(0), &roster), Some((50, 0)));
    assert_eq!(tell(at(65), &roster), Some((50, 0)));
    assert_eq!(tell(at(130), &roster), Some((20, 0)));
    (0..121).for_each(|it| roster.leave(address(it)));
    assert_eq!(tell(at(195), &roster), Some((0, 50)));
    assert_eq!(tell(at(260), &roster), Some((0, 50)));
    assert_eq!(tell(at(325), &roster), Some((0, 20)));
    assert_eq!(tell(at(390), &roster), None);
}

#[test]
fn speaks_at_most_once_a_minute_over_reconnects_too() {
    let (roster, mut mouth) = (roster(2), listening());
    assert!(told(&mut mouth, at(0), &roster).is_some());
    let mut again = Mouth::after(mouth.spoke_at());
    assert_eq!(again.due(), None, "it does not listen yet");
    again.open(at(30), PACE);
    assert_eq!(again.due(), Some(at(65)));
    let mut later = Mouth::after(mouth.spoke_at());
    later.open(at(90), PACE);
    assert_eq!(later.due(), Some(at(90)));
    later.shut();
    assert_eq!(told(&mut later, at(90), &roster), None);
}

#[test]
fn looks_for_news_less_and_less_often() {
    let (mut roster, mut mouth) = (Roster::default(), listening());
    let mut looks = vec![];
    while mouth.due() < Some(at(60)) {
        let now = mouth.due().unwrap();
        looks.push(now.since(at(0)).as_secs());
        assert_eq!(told(&mut mouth, now, &roster), None);
    }
    assert_eq!(looks, [0, 1, 3, 7, 15, 23, 31, 39, 47, 55]);
    roster.meet(address(1), REACHABLE);
    let now = mouth.due().unwrap();
    assert!(told(&mut mouth, now, &roster).is_some());
}

#[test]
fn forgets_whom_we_left_after_a_time_unless_we_meet_again() {
    let mut roster = roster(3);
    assert_eq!(roster.publish(at(0)).unwrap().here.len(), 3);
    assert!(roster.publish(at(0)).is_none(), "nothing new");
    roster.part(address(1), at(300));
    roster.part(address(2), at(300));
    assert!(roster.publish(at(299)).is_none());
    roster.meet(address(2), REACHABLE);
    assert_eq!(roster.publish(at(300)).unwrap().here.len(), 2);
    roster.meet(address(2), REACHABLE.with(PexFlags::SEED));
    assert!(roster.publish(at(300)).is_some(), "another flag");
    roster.clear();
    assert_eq!(roster.publish(at(300)).unwrap().here.len(), 0);
}

#[test]
fn is_bounded() {
    let mut roster = roster(10_000);
    (0..10_000).for_each(|it| roster.leave(address(it)));
    (0..10_000).for_each(|it| roster.meet(address(it), REACHABLE));
    assert_eq!((roster.here.len(), roster.gone.len()), (MOST, MOST_GONE));
    assert_eq!(roster.turns.len(), MOST);
    assert!(roster.turns.contains_key(&address(9_999)));
}
