use super::*;

const ONE: TorrentNumber = TorrentNumber(1);
const OTHER: TorrentNumber = TorrentNumber(2);

fn slots(outgoing: u32, incoming: u32) -> Slots {
    Slots::new(Sessions { outgoing, incoming }, true, Pace::default())
}

fn at(seconds: u64) -> Moment {
    Moment::from_millis(seconds * 1000)
}

fn dialled(slots: &Slots) -> Vec<Slot> {
    std::iter::from_fn(|| slots.take(at(0), ONE)).collect()
}

fn admitted(slots: &Slots) -> Vec<Slot> {
    std::iter::from_fn(|| slots.admit(ONE)).collect()
}

fn recalled(slots: &[Slot]) -> Vec<usize> {
    let all = slots.iter().enumerate();
    let recalled = all.filter(|(_, slot)| slot.recall.is_told());
    recalled.map(|(index, _)| index).collect()
}

#[test]
fn keeps_a_quarter_for_who_comes_in() {
    let slots = slots(6, 2);
    let outgoing = dialled(&slots);
    assert_eq!(outgoing.len(), 6);
    assert_eq!(admitted(&slots).len(), 2);
    let incoming = admitted(&slots);
    assert_eq!(slots.used_by(Direction::Outgoing), 6);
    assert_eq!(slots.used_by(Direction::Incoming), 2);
    drop(outgoing);
    assert_eq!(slots.used(), 2);
    assert!(slots.take(at(0), ONE).is_some());
    drop(incoming);
}

#[test]
fn dials_nobody_without_jobs() {
    let slots = slots(0, 3);
    assert!(slots.take(at(0), ONE).is_none());
    assert!(slots.admit(ONE).is_some());
    assert_eq!(slots.used(), 0);
}

#[test]
fn the_torrent_with_fewer_sessions_has_the_next_one() {
    let slots = slots(4, 0);
    let mut big = dialled(&slots);
    assert!(slots.take(at(0), OTHER).is_none());
    big.pop();
    assert!(slots.take(at(0), ONE).is_none(), "the other one waits");
    let small = slots.take(at(0), OTHER);
    assert!(small.is_some());
    big.pop();
    assert!(slots.take(at(0), ONE).is_some());
}

#[test]
fn whose_finish_is_farthest_is_told_to_end_when_all_is_taken() {
    let slots = slots(3, 1);
    let mut held = dialled(&slots);
    let finish = |seconds| Offer {
        finish: Some(at(seconds)),
        shy: false,
        priority: None,
    };
    for (slot, seconds) in held.iter().zip([61, 900, 60]) {
        slot.offer(finish(seconds));
    }
    slots.make_room(at(0), 2);
    assert_eq!(recalled(&held), [1], "one of eight at a time");
    slots.make_room(at(0), 2);
    assert_eq!(recalled(&held), [1], "it is not over yet");
    held.remove(1);
    slots.make_room(at(0), 1);
    assert_eq!(recalled(&held), [0; 0], "there is room");
    held.push(slots.take(at(0), ONE).unwrap());
    slots.make_room(at(0), 1);
    assert_eq!(recalled(&held), [0]);
    held.remove(0);
    held.push(slots.take(at(0), ONE).unwrap());
    slots.make_room(at(0), 1);
    assert_eq!(recalled(&held), [0; 0], "the others finish within a minute");
}

#[test]
fn who_offers_itself_while_it_is_told_to_end_is_told_once() {
    let slots = slots(1, 0);
    let mut held = dialled(&slots);
    let nothing = Offer {
        finish: None,
        shy: false,
        priority: None,
    };
    held[0].offer(nothing);
    slots.make_room(at(0), 1);
    let mut book = slots.shared.book();
    book.offers.offer(held[0].number, nothing);
    book.recall(at(0), 2, Callers::Spared, Pace::default());
    assert_eq!(book.recalled, 1);
    drop(book);
    held.clear();
    assert_eq!(slots.shared.book().recalled, 0);
}

#[test]
fn who_came_in_gives_way_to_callers_alone_while_few_are_in() {
    let slots = slots(3, 1);
    let outgoing = dialled(&slots);
    let mut incoming = admitted(&slots);
    let hopeless = Offer {
        finish: None,
        shy: true,
        priority: None,
    };
    incoming[0].offer(hopeless);
    slots.make_room(at(0), 1);
    assert_eq!(recalled(&incoming), [0; 0]);
    slots.make_room_inside(at(0));
    assert_eq!(recalled(&incoming), [0]);
    drop((outgoing, incoming.pop()));

    let incoming = admitted(&slots);
    incoming[2].offer(hopeless);
    slots.make_room(at(0), 1);
    assert_eq!(
        recalled(&incoming),
        [2],
        "more are in than is kept for them"
    );
}

#[test]
fn so_many_contacts_start_at_a_time_over_all_torrents() {
    let sessions = Sessions {
        outgoing: 10_000,
        incoming: 0,
    };
    let slots = Slots::new(sessions, false, Pace::default());
    let held: Vec<_> = std::iter::from_fn(|| slots.take(at(1), ONE)).collect();
    assert_eq!(held.len(), Pace::STARTS as usize);
    assert!(slots.take(at(1), OTHER).is_none());
    let later = at(1) + Pace::default().start_window();
    assert!(slots.take(later, ONE).is_none(), "the other has fewer");
    assert!(slots.take(later, OTHER).is_some());
}

#[test]
fn a_lab_is_dialled_as_fast_as_it_answers() {
    let sessions = Sessions {
        outgoing: 10_000,
        incoming: 0,
    };
    let slots = Slots::new(sessions, true, Pace::default());
    let mut dials = dialled(&slots);
    assert_eq!(dials.len(), LAB_DIALS);
    dials[0].met();
    dials[0].met();
    dials.pop();
    assert_eq!(dialled(&slots).len(), 2);
    drop(dials);
    assert_eq!(dialled(&slots).len(), LAB_DIALS);
}
