use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::*;

const T0: Moment = Moment::from_millis(1_000_000);
const TARGET: NodeId = NodeId([0; 20]);
const LAB: fn() -> AddressPolicy = || AddressPolicy {
    allow_local: true,
    ..AddressPolicy::default()
};

/// A node in a lab, at a distance that grows with its number.
fn node(number: u8) -> Contact {
    let mut id = [0; 20];
    id[0] = number;
    Contact {
        id: NodeId(id),
        address: SocketAddr::from(([10, 0, 0, number], 6881)),
    }
}

fn heard(contact: Contact) -> Heard {
    Heard {
        id: contact.id,
        nodes: Vec::new(),
        nodes6: Vec::new(),
        peers: Vec::new(),
        token: Some(vec![contact.id.0[0]]),
        filters: None,
    }
}

fn lookup(nodes: impl IntoIterator<Item = u8>) -> Lookup {
    let nodes: Vec<_> = nodes.into_iter().map(node).collect();
    Lookup::new(T0, Goal::Nodes, TARGET, nodes, Vec::new())
}

/// Every question is answered by a node that names those next to it.
fn run(lookup: &mut Lookup, names: impl Fn(u8) -> Vec<u8>) -> Vec<u8> {
    let mut asked = Vec::new();
    while let Some(address) = lookup.next_question() {
        let number = asked_number(address);
        asked.push(number);
        let nodes: Vec<_> = names(number).into_iter().map(node).collect();
        lookup.answered(address, &heard(node(number)), &nodes, &LAB());
    }
    asked
}

fn asked_number(address: SocketAddr) -> u8 {
    match address.ip() {
        std::net::IpAddr::V4(ip) => ip.octets()[3],
        std::net::IpAddr::V6(_) => 0,
    }
}

#[test]
fn goes_on_until_the_closest_have_answered() {
    let mut lookup = lookup([200]);
    assert!(!lookup.is_over());
    let asked = run(&mut lookup, |it| {
        (it.saturating_sub(9)..it).filter(|it| *it > 0).collect()
    });
    assert!(lookup.is_over());
    assert!((1..=8).all(|it| asked.contains(&it)), "{asked:?}");
    assert!(asked.len() < 60, "{asked:?}");
    let closest: Vec<_> = lookup.closest().map(|it| it.contact).collect();
    assert_eq!(closest, (1..=8).map(node).collect::<Vec<_>>());
    let token = lookup.closest().next().and_then(|it| it.token);
    assert_eq!(token, Some(&[1][..]));
}

#[test]
fn asks_so_many_at_a_time_and_passes_over_the_late() {
    let mut lookup = lookup(1..=20);
    let first: Vec<_> = std::iter::from_fn(|| lookup.next_question())
        .map(asked_number)
        .collect();
    assert_eq!(first, [1, 2, 3, 4, 5]);
    lookup.late(node(1).address);
    let more: Vec<_> = std::iter::from_fn(|| lookup.next_question())
        .map(asked_number)
        .collect();
    assert_eq!(more, [6]);
    for number in 2..=6 {
        lookup.answered(node(number).address, &heard(node(number)), &[], &LAB());
    }
    let more: Vec<_> = std::iter::from_fn(|| lookup.next_question())
        .map(asked_number)
        .collect();
    assert_eq!(more, [7, 8, 9, 1], "one in its place; then it again");
    for number in 7..=9 {
        lookup.answered(node(number).address, &heard(node(number)), &[], &LAB());
    }
    lookup.late(node(1).address);
    assert_eq!(lookup.next_question(), None);
    assert!(!lookup.is_over(), "the closest may still answer");
    lookup.failed(node(1).address);
    assert!(lookup.is_over());
    assert_eq!(lookup.report(T0).asked, 10);
}

#[test]
fn asks_farther_for_each_silent_node_but_the_first() {
    let mut lookup = lookup(1..=20);
    let mut answered = Vec::new();
    while let Some(address) = lookup.next_question() {
        match asked_number(address) {
            1..=3 => lookup.failed(address),
            number => {
                lookup.answered(address, &heard(node(number)), &[], &LAB());
                answered.push(number);
            }
        }
    }
    assert!(lookup.is_over());
    assert_eq!(answered, (4..=13).collect::<Vec<_>>());
}

#[test]
fn a_node_counts_where_its_own_answer_puts_it() {
    let mut lookup = lookup([1]);
    let address = lookup.next_question().unwrap();
    let far = Contact {
        address,
        ..node(77)
    };
    lookup.answered(address, &heard(far), &[], &LAB());
    assert_eq!(
        lookup.closest().map(|it| it.contact).collect::<Vec<_>>(),
        [far]
    );
}

/// A liar names ever closer nodes that are not there.
#[test]
fn invented_nodes_end_some_time() {
    let mut lookup = lookup([255]);
    let address = lookup.next_question().unwrap();
    lookup.answered(address, &heard(node(255)), &[node(9)], &LAB());
    let mut asked = 0;
    while let Some(address) = lookup.next_question() {
        asked += 1;
        let closer = Contact {
            id: NodeId([0; 20]).random_at(asked % 150, &mut rand::rng()),
            address: SocketAddr::from(([10, 9, (asked / 200) as u8, (asked % 200) as u8], 6881)),
        };
        lookup.answered(
            address,
            &heard(Contact { address, ..closer }),
            &[closer],
            &LAB(),
        );
    }
    assert!(lookup.is_over());
    assert!(asked < limits::LOOKUP_QUERIES as usize);
}

/// Those whose names were chosen do not hide those whose names suit.
#[test]
fn a_crowd_of_chosen_names_hides_nobody() {
    let honest: Vec<Contact> = (0..8_u8)
        .map(|number| {
            let address = SocketAddr::from(([10, number, 0, 1], 6881));
            let id = NodeId([100 + number; 20]);
            Contact { id, address }
        })
        .collect();
    let liar = |number: u8| Contact {
        id: node(number).id,
        address: SocketAddr::from(([9, number, 0, 1], 6881)),
    };
    let liars = (1..=40).map(liar);
    let all = honest.iter().copied().chain(liars);
    let mut lookup = Lookup::new(T0, Goal::Nodes, TARGET, all, Vec::new());
    let mut asked = Vec::new();
    while let Some(address) = lookup.next_question() {
        let known = honest.iter().find(|it| it.address == address);
        let id = known.map_or_else(
            || {
                liar(match address.ip() {
                    std::net::IpAddr::V4(ip) => ip.octets()[1],
                    std::net::IpAddr::V6(_) => 0,
                })
                .id
            },
            |it| it.id,
        );
        lookup.answered(address, &heard(Contact { id, address }), &[], &LAB());
        asked.push(address);
    }
    assert!(honest.iter().all(|it| asked.contains(&it.address)));
    let reached: Vec<_> = lookup.closest().map(|it| it.contact).collect();
    assert!(honest.iter().all(|it| reached.contains(it)), "{reached:?}");
    assert_eq!(reached.len(), 2 * limits::K);
}

/// On loopback, where every name suits: who answers by another name than the one he was
/// asked by is not believed, nor are those whom only he names.
#[test]
fn a_crowd_that_bears_a_name_for_each_who_asks_hides_nobody() {
    let liar = |number: u8, bits: usize| Contact {
        id: TARGET.random_at(bits, &mut SmallRng::seed_from_u64(number.into())),
        address: SocketAddr::from(([10, 9, 0, number], 6881)),
    };
    let honest = 100..=107;
    // Our table knows some liars by the names that they told us.
    let known = honest.clone().map(node);
    let known = known.chain((1..=8).map(|it| liar(it, 3)));
    let mut lookup = Lookup::new(T0, Goal::Nodes, TARGET, known, Vec::new());
    let mut asked = HashSet::new();
    while let Some(address) = lookup.next_question() {
        asked.insert(address);
        match (100..=107).map(node).find(|it| it.address == address) {
            Some(honest) => lookup.answered(address, &heard(honest), &[], &LAB()),
            None => {
                let fellows: Vec<_> = (1..=200).map(|it| liar(it, 30)).collect();
                let own = fellows.iter().find(|it| it.address == address);
                lookup.answered(address, &heard(*own.unwrap()), &fellows, &LAB())
            }
        };
    }
    assert!(
        honest
            .clone()
            .map(node)
            .all(|it| asked.contains(&it.address))
    );
    assert!(asked.len() < 60, "{}", asked.len());
    let believed = lookup.closest().filter(|it| it.is_believed);
    let believed: Vec<_> = believed.map(|it| it.contact).collect();
    assert_eq!(believed, honest.map(node).collect::<Vec<_>>());
}

#[test]
fn takes_each_peer_once_and_none_that_is_nobody() {
    let mut lookup = lookup([1, 2]);
    let peers = [
        "1.2.3.4:6881",
        "1.2.3.4:0",
        "224.0.0.1:6881",
        "5.6.7.8:6881",
    ];
    let peers: Vec<SocketAddr> = peers.iter().map(|it| it.parse().unwrap()).collect();
    let answer = |number| Heard {
        peers: peers.clone(),
        ..heard(node(number))
    };
    let (first, second) = (
        lookup.next_question().unwrap(),
        lookup.next_question().unwrap(),
    );
    let new = lookup.answered(first, &answer(1), &[], &LAB());
    assert_eq!(new, [peers[0], peers[3]]);
    assert!(lookup.answered(second, &answer(2), &[], &LAB()).is_empty());
    assert_eq!(lookup.report(T0).peers, 2);
}

#[test]
fn seeds_without_a_name_begin_it() {
    let mut lookup = Lookup::new(T0, Goal::Nodes, TARGET, [], vec![node(7).address]);
    assert!(!lookup.is_over());
    let address = lookup.next_question().unwrap();
    assert!(!lookup.is_over());
    lookup.answered(address, &heard(node(7)), &[node(3)], &LAB());
    assert_eq!(lookup.next_question(), Some(node(3).address));
    lookup.failed(node(3).address);
    assert!(lookup.is_over());
    let report = lookup.report(T0 + Duration::from_secs(1));
    assert_eq!((report.asked, report.answered), (2, 1));
}
