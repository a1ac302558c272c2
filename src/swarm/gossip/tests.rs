use super::*;

const PACE: Pace = Pace::divided_by(1);

fn at(seconds: u64) -> Moment {
    Moment::from_millis(1_000_000 + seconds * 1000)
}

fn ip(number: u32) -> IpAddr {
    IpAddr::from((0x0b00_0000 + number).to_be_bytes())
}

fn addresses(from: u32, count: u32) -> Vec<(SocketAddr, PexFlags)> {
    let address = |number| SocketAddr::new(ip(number), 6881);
    (from..from + count)
        .map(|number| (address(number), PexFlags::default()))
        .collect()
}

fn naming(count: u32) -> Result<Box<PeerExchange>, PexError> {
    Ok(Box::new(PeerExchange {
        added: addresses(0, count),
        dropped: Vec::new(),
    }))
}

fn heard(ear: &mut Ear, now: Moment, count: u32) -> Option<usize> {
    ear.hear(now, naming(count), PACE).map(|it| it.added.len())
}

#[test]
fn takes_two_hundred_first_and_a_hundred_later() {
    let mut ear = Ear::default();
    assert!(!ear.has_heard());
    assert_eq!(heard(&mut ear, at(0), 300), Some(200));
    assert!(ear.has_heard());
    assert_eq!(heard(&mut ear, at(60), 300), Some(100));
    assert_eq!(heard(&mut ear, at(120), 7), Some(7));
    assert_eq!(ear.take_refused().addresses, 100 + 200);
    assert_eq!(ear.take_refused(), Refused::default());
}

#[test]
fn passes_over_who_speaks_too_often() {
    let mut ear = Ear::default();
    assert_eq!(heard(&mut ear, at(0), 1), Some(1));
    assert_eq!(heard(&mut ear, at(29), 1), None);
    assert_eq!(heard(&mut ear, at(30), 1), Some(1));
    assert_eq!(ear.take_refused().hasty, 1);
}

#[test]
fn counts_what_cannot_be_read_and_goes_on() {
    let mut ear = Ear::default();
    let garbage = || Err(PexError::NoDictionary);
    assert!(ear.hear(at(0), garbage(), PACE).is_none());
    assert!(ear.hear(at(1), garbage(), PACE).is_none());
    assert_eq!(heard(&mut ear, at(40), 1), Some(1));
    let refused = ear.take_refused();
    assert_eq!((refused.unreadable, refused.hasty), (1, 1));
}

#[test]
fn takes_a_thousand_addresses_an_hour_from_one_session() {
    let mut ear = Ear::default();
    let taken = |ear: &mut Ear, from: u64| -> usize {
        (0..59)
            .filter_map(|minute| heard(ear, at(from + 60 * minute), 100))
            .sum()
    };
    assert_eq!(taken(&mut ear, 0), Pace::GOSSIP_SESSION);
    assert_eq!(taken(&mut ear, 3600), Pace::GOSSIP_SESSION);
}

#[test]
fn merges_what_many_say() {
    let mut rumours = Rumours::new(PACE);
    rumours.hear(at(0), ip(1), &addresses(0, 3));
    rumours.hear(at(0), ip(2), &addresses(1, 3));
    assert_eq!(rumours.take(), addresses(0, 4));
    assert_eq!(rumours.take(), []);
    rumours.hear(at(119), ip(3), &addresses(0, 1));
    assert_eq!(rumours.take(), []);
    rumours.hear(at(120), ip(3), &addresses(0, 1));
    assert_eq!(rumours.take(), addresses(0, 1));
    let counts = RumourCounts {
        taken: 5,
        repeated: 3,
        dropped: 0,
    };
    assert_eq!(rumours.counts(), counts);
}

#[test]
fn one_address_takes_no_more_than_its_share() {
    let mut rumours = Rumours::new(PACE);
    rumours.hear(at(0), ip(1), &addresses(0, 4000));
    assert_eq!(rumours.take().len(), Pace::GOSSIP_ADDRESS);
    rumours.hear(at(0), ip(2), &addresses(10_000, 10));
    assert_eq!(rumours.take().len(), 10, "the others are heard");
    rumours.hear(at(60), ip(1), &addresses(20_000, 10));
    assert_eq!(rumours.take().len(), 10, "a new minute");
}

#[test]
fn a_swarm_takes_no_more_than_five_thousand_a_minute() {
    let mut rumours = Rumours::new(PACE);
    let crowd = |rumours: &mut Rumours, now, first| {
        for speaker in 0..100 {
            rumours.hear(now, ip(speaker), &addresses(first + speaker * 100, 100));
        }
        rumours.take().len()
    };
    assert_eq!(crowd(&mut rumours, at(0), 0), Pace::GOSSIP_SWARM);
    assert_eq!(crowd(&mut rumours, at(59), 20_000), 0);
    assert_eq!(crowd(&mut rumours, at(60), 40_000), Pace::GOSSIP_SWARM);
    assert_eq!(rumours.counts().dropped, 20_000);
}

#[test]
fn remembers_no_more_than_three_minutes() {
    let mut rumours = Rumours::new(PACE);
    for minute in 0..30 {
        for speaker in 0..50 {
            let first = minute * 10_000 + speaker * 100;
            let now = at(u64::from(minute) * 60);
            rumours.hear(now, ip(speaker), &addresses(first, 100));
        }
        rumours.take();
        assert!(rumours.taken.len() <= 3 * Pace::GOSSIP_SWARM);
    }
}

#[test]
fn what_could_not_be_passed_on_comes_again_and_is_bounded() {
    let mut rumours = Rumours::new(PACE);
    rumours.hear(at(0), ip(1), &addresses(0, 2));
    let refused = rumours.take();
    rumours.hear(at(1), ip(1), &addresses(2, 1));
    rumours.put_back(refused);
    assert_eq!(rumours.take(), addresses(0, 3));
    for minute in 1..20 {
        for speaker in 0..50 {
            let now = at(u64::from(minute) * 60);
            let first = minute * 10_000 + speaker * 100;
            rumours.hear(now, ip(speaker), &addresses(first, 100));
        }
        let refused = rumours.take();
        assert_eq!(refused.len(), Pace::GOSSIP_SWARM);
        rumours.put_back(refused);
    }
}

#[test]
fn what_is_newly_said_of_one_that_was_just_named_is_passed_on() {
    let mut rumours = Rumours::new(PACE);
    let named = |flags| [(SocketAddr::new(ip(1), 6881), flags)];
    let (reachable, seed) = (PexFlags::REACHABLE, PexFlags::SEED);
    rumours.hear(at(0), ip(1), &named(reachable));
    assert_eq!(rumours.take(), named(reachable));
    for (said, news) in [(reachable, false), (seed, true), (reachable, false)] {
        rumours.hear(at(1), ip(2), &named(said));
        assert_eq!(rumours.take().len(), usize::from(news), "{said:?}");
    }
}

/// With sessions without end, under addresses without end.
#[test]
fn a_liar_does_not_fill_the_book() {
    let mut rumours = Rumours::new(PACE);
    let mut taken = 0;
    for minute in 0..60 {
        for session in 0..100_u32 {
            let from = format!("2a00:1:2:3::{session:x}").parse().unwrap();
            let first = minute * 10_000 + session * 100;
            let now = at(u64::from(minute) * 60);
            rumours.hear(now, from, &addresses(first, 100));
        }
        taken += rumours.take().len();
    }
    assert_eq!(taken, Pace::GOSSIP_SPEAKER);
    rumours.hear(
        at(3_599),
        "2a00:1:2:4::1".parse().unwrap(),
        &addresses(900_000, 10),
    );
    assert_eq!(rumours.take().len(), 10, "its neighbour is heard");
    rumours.hear(
        at(3_600),
        "2a00:1:2:3::1".parse().unwrap(),
        &addresses(900_010, 10),
    );
    assert_eq!(rumours.take().len(), 10, "a new hour");
}

#[test]
fn who_is_said_to_have_left_is_no_news() {
    let mut ear = Ear::default();
    let said = PeerExchange {
        added: vec![],
        dropped: addresses(0, 300).into_iter().map(|it| it.0).collect(),
    };
    let heard = ear.hear(at(0), Ok(Box::new(said)), PACE).unwrap();
    assert_eq!(heard.dropped.len(), Pace::GOSSIP_FIRST);
    let mut rumours = Rumours::new(PACE);
    rumours.hear(at(0), ip(1), &heard.added);
    assert_eq!(rumours.take(), []);
}

#[test]
fn hears_of_holes_as_often_as_they_are_asked_for() {
    let mut ear = Ear::default();
    let most = Pace::INTRODUCTIONS_RELAY + Pace::CALLS_RELAY;
    let heard = |ear: &mut Ear, now| (0..100).filter(|_| ear.hears_of_holes(now, PACE)).count();
    assert_eq!(heard(&mut ear, at(0)), most);
    assert_eq!(heard(&mut ear, at(59)), 0);
    assert_eq!(heard(&mut ear, at(60)), most);
    assert_eq!(ear.take_refused().hasty as usize, 300 - 2 * most);
}
