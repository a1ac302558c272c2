mod scraping;

use proptest::prelude::*;

use super::*;
use crate::protocol::dht::krpc::{Message, Query, Want, read, write_query};

const T0: Moment = Moment::from_millis(1_000_000);
const HASH: InfoHash = InfoHash([7; 20]);

fn address(number: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, number], 6881))
}

fn node(read_only: bool) -> Node {
    let settings = Settings {
        family: IpFamily::V4,
        policy: AddressPolicy {
            allow_local: true,
            ..AddressPolicy::default()
        },
        read_only,
    };
    Node::new(settings, None, [3; 32], T0)
}

/// What the node says to a query.
fn said(node: &mut Node, from: SocketAddr, query: &Query) -> Vec<Message> {
    let bytes = write_query(b"tt", NodeId([1; 20]), IpFamily::V4, query, true);
    node.handle_datagram(T0, from, &bytes);
    let all = std::iter::from_fn(|| node.poll_transmit());
    let said = all
        .filter(|it| it.to == from)
        .map(|it| read(&it.bytes).unwrap());
    said.collect()
}

fn answer(node: &mut Node, from: SocketAddr, query: &Query) -> krpc::Heard {
    let said = said(node, from, query);
    match &said[..] {
        [
            Message {
                body: Body::Answer(heard),
                transaction,
                our_address,
                ..
            },
        ] => {
            assert_eq!(transaction, b"tt");
            assert_eq!(*our_address, Some(from));
            (**heard).clone()
        }
        other => panic!("{other:?}"),
    }
}

fn announce(token: Vec<u8>, port: Option<u16>) -> Query {
    Query::AnnouncePeer {
        info_hash: HASH,
        port,
        token,
        seed: false,
    }
}

#[test]
fn stores_who_announces_with_a_token_of_his_own() {
    let mut node = node(false);
    let ask = Query::GetPeers(HASH, Want::default());
    let token = answer(&mut node, address(1), &ask).token.unwrap();
    let stolen = said(&mut node, address(2), &announce(token.clone(), Some(5)));
    assert_eq!(stolen[0].body, Body::Error(203));
    answer(&mut node, address(1), &announce(token.clone(), Some(5)));
    answer(&mut node, address(1), &announce(token, None));
    let mut peers = answer(&mut node, address(3), &ask).peers;
    peers.sort();
    let mut one = address(1);
    one.set_port(5);
    assert_eq!(peers, [one, address(1)]);
    let unknown = write_query(b"tt", NodeId([1; 20]), IpFamily::V4, &Query::Unknown, false);
    node.handle_datagram(T0, address(4), &unknown);
    let said = node.poll_transmit().unwrap();
    assert_eq!(read(&said.bytes).unwrap().body, Body::Error(204));
}

#[test]
fn a_read_only_node_answers_nobody_and_says_so() {
    let mut node = node(true);
    assert!(said(&mut node, address(1), &Query::Ping).is_empty());
    node.join(T0, &[address(2)]);
    let query = read(&node.poll_transmit().unwrap().bytes).unwrap();
    assert!(query.read_only);
}

/// The query that the node sends to its only acquaintance.
fn asked(node: &mut Node) -> (SocketAddr, Message) {
    let transmit = node.poll_transmit().unwrap();
    (transmit.to, read(&transmit.bytes).unwrap())
}

#[test]
fn believes_only_whom_it_asked() {
    let mut node = node(false);
    node.join(T0, &[address(2)]);
    let (to, query) = asked(&mut node);
    assert_eq!(to, address(2));
    let answer = krpc::Answer::default();
    let reply = krpc::write_answer(&query.transaction, NodeId([9; 20]), address(9), &answer);
    node.handle_datagram(T0, address(3), &reply);
    assert_eq!(node.known(), 0, "another address");
    let other = krpc::write_answer(b"zzzz", NodeId([9; 20]), address(9), &answer);
    node.handle_datagram(T0, to, &other);
    assert_eq!(node.known(), 0, "another transaction");
    node.handle_datagram(T0, to, &reply);
    assert_eq!(node.known(), 1);
    node.handle_datagram(T0, to, &reply);
    assert_eq!(node.poll_event(), Some(Event::Settled));
}

#[test]
fn who_asks_is_pinged_before_it_is_known_unless_it_is_read_only() {
    let mut node = node(false);
    for (number, read_only) in [(1, true), (2, false)] {
        let id = NodeId([number; 20]);
        let ping = write_query(b"tt", id, IpFamily::V4, &Query::Ping, read_only);
        node.handle_datagram(T0, address(number), &ping);
    }
    let sent: Vec<_> = std::iter::from_fn(|| node.poll_transmit()).collect();
    let pinged = sent
        .iter()
        .filter(|it| matches!(read(&it.bytes).unwrap().body, Body::Query(..)));
    assert_eq!(pinged.map(|it| it.to).collect::<Vec<_>>(), [address(2)]);
    assert_eq!(node.known(), 0);
}

#[test]
fn a_lookup_that_nobody_answers_ends() {
    let mut node = node(false);
    node.join(T0, &[address(2)]);
    let (to, query) = asked(&mut node);
    let reply = krpc::write_answer(
        &query.transaction,
        NodeId([9; 20]),
        to,
        &krpc::Answer::default(),
    );
    node.handle_datagram(T0, to, &reply);
    while node.poll_event().is_some() {}
    node.look_up(T0, HASH, Some(7));
    let mut now = T0;
    for _ in 0..100 {
        now = node.poll_timeout().max(now);
        node.handle_timeout(now);
        if let Some(Event::Ended(hash, report)) = node.poll_event() {
            assert_eq!(hash, HASH);
            assert_eq!((report.asked, report.answered, report.peers), (2, 0, 0));
            return;
        }
    }
    panic!("it never ends");
}

#[test]
fn after_an_outage_nobody_owes_an_answer_and_lookups_go_on() {
    let mut node = node(false);
    node.join(T0, &[address(2)]);
    let (to, query) = asked(&mut node);
    let answer = krpc::Answer::default();
    let reply = krpc::write_answer(&query.transaction, NodeId([9; 20]), to, &answer);
    node.handle_datagram(T0, to, &reply);
    while node.poll_event().is_some() {}
    node.look_up(T0, HASH, None);
    assert_eq!(asked_whom(&mut node), [to]);
    assert!(node.awaits_known(to) && !node.awaits_known(address(3)));
    let later = T0 + limits::LOST_AFTER * 10;
    node.revive(later);
    assert_eq!(node.saved().nodes.len(), 1);
    assert_eq!(asked_whom(&mut node), [to], "once more");
    assert_eq!(node.poll_event(), None);
    node.try_one(later);
    assert_eq!(asked_whom(&mut node), [to]);
}

/// Each of the others sees us at the same address: our name comes to suit it.
#[test]
fn takes_a_name_that_suits_its_address() {
    let mut node = node(false);
    let here: SocketAddr = "5.6.7.8:6881".parse().unwrap();
    assert!(!node.id().suits(here.ip()));
    let others: Vec<_> = (1..=8_u8)
        .map(|net| SocketAddr::from(([9, 9, net, 1], 6881)))
        .collect();
    node.join(T0, &others);
    let mut now = T0;
    for _ in 0..20 {
        while let Some(transmit) = node.poll_transmit() {
            let query = read(&transmit.bytes).unwrap();
            let SocketAddr::V4(to) = transmit.to else {
                continue;
            };
            let id = NodeId([to.ip().octets()[2]; 20]);
            let reply = krpc::write_answer(&query.transaction, id, here, &krpc::Answer::default());
            node.handle_datagram(now, transmit.to, &reply);
        }
        now = node.poll_timeout().max(now);
        node.handle_timeout(now);
    }
    assert!(node.id().suits(here.ip()));
    let events: Vec<_> = std::iter::from_fn(|| node.poll_event()).collect();
    assert!(events.contains(&Event::Address(here.ip())), "{events:?}");
}

/// Whom the node asks until it has nothing more to say.
fn asked_whom(node: &mut Node) -> Vec<SocketAddr> {
    let sent = std::iter::from_fn(|| node.poll_transmit());
    let queries = sent.filter(|it| matches!(read(&it.bytes).unwrap().body, Body::Query(..)));
    queries.map(|it| it.to).collect()
}

#[test]
fn a_node_that_a_peer_names_is_pinged_once_and_known_by_its_answer() {
    let mut node = node(false);
    node.hear_of_node(T0, address(2));
    node.hear_of_node(T0, address(2));
    let (to, ping) = asked(&mut node);
    assert!(matches!(ping.body, Body::Query(_, Query::Ping)));
    assert_eq!((to, node.known()), (address(2), 0));
    let answer = krpc::Answer::default();
    let reply = krpc::write_answer(&ping.transaction, NodeId([9; 20]), to, &answer);
    node.handle_datagram(T0, to, &reply);
    assert_eq!(node.known(), 1);
    node.hear_of_node(T0, address(2));
    assert_eq!(asked_whom(&mut node), []);
}

#[test]
fn nodes_that_peers_name_are_asked_within_bounds() {
    let mut open = node(false);
    (0..100).for_each(|number| open.hear_of_node(T0, address(number)));
    let first = asked_whom(&mut open).len();
    assert_eq!(first, limits::NAMED_PER_S as usize);
    let later = T0 + std::time::Duration::from_secs(1);
    open.hear_of_node(later, address(200));
    assert_eq!(asked_whom(&mut open), [address(200)]);

    let settings = Settings {
        policy: AddressPolicy::default(),
        ..open.settings.clone()
    };
    let mut strict = Node::new(settings, None, [3; 32], T0);
    for refused in [
        "9.9.9.9:53",
        "10.0.0.1:6881",
        "[2001:db8::1]:6881",
        "9.9.9.9:0",
    ] {
        strict.hear_of_node(T0, refused.parse().unwrap());
        assert_eq!(asked_whom(&mut strict), [], "{refused}");
    }
    let permitted = "9.9.9.9:6881".parse().unwrap();
    strict.hear_of_node(T0, permitted);
    assert_eq!(asked_whom(&mut strict), [permitted]);
}

/// One lookup is under way, others wait, as a torrent is forgotten.
#[test]
fn a_forgotten_torrent_is_neither_asked_for_nor_announced() {
    let mut node = node(false);
    node.hear_of_node(T0, address(2));
    let (to, ping) = asked(&mut node);
    let empty = krpc::Answer::default();
    let pong = krpc::write_answer(&ping.transaction, NodeId([9; 20]), to, &empty);
    node.handle_datagram(T0, to, &pong);
    for _ in 0..=limits::LOOKUPS {
        node.look_up(T0, HASH, Some(7));
    }
    let other = InfoHash([8; 20]);
    node.look_up(T0, other, None);
    let (to, get_peers) = asked(&mut node);
    assert_eq!(
        get_peers.body,
        Body::Query(
            node.id,
            Query::GetPeers(
                HASH,
                Want {
                    v4: true,
                    v6: false
                }
            )
        )
    );
    node.forget(HASH);
    while node.poll_transmit().is_some() {}
    let with_token = krpc::Answer {
        token: Some(b"token".to_vec()),
        peers: vec![address(3)],
        ..krpc::Answer::default()
    };
    let reply = krpc::write_answer(&get_peers.transaction, NodeId([9; 20]), to, &with_token);
    node.handle_datagram(T0, to, &reply);
    let mut now = T0;
    let mut ended = Vec::new();
    for _ in 0..100 {
        now = node.poll_timeout().max(now);
        node.handle_timeout(now);
        while let Some(transmit) = node.poll_transmit() {
            let query = read(&transmit.bytes).unwrap().body;
            let concerns = |it: &Query| match it {
                Query::GetPeers(hash, _) => *hash == HASH,
                Query::AnnouncePeer { .. } => true,
                _ => false,
            };
            assert!(
                !matches!(&query, Body::Query(_, it) if concerns(it)),
                "{query:?}"
            );
        }
        ended.extend(std::iter::from_fn(|| node.poll_event()));
    }
    let of = |it: &Event| match it {
        Event::Found(hash, _) | Event::Ended(hash, _) => Some(*hash),
        _ => None,
    };
    assert_eq!(ended.iter().filter_map(of).collect::<Vec<_>>(), [other]);
}

proptest! {
    #[test]
    fn never_panics_nor_says_more_than_it_heard(
        datagrams in proptest::collection::vec((1..9_u8, proptest::collection::vec(any::<u8>(), 0..120)), 0..40),
        steps: Vec<u16>,
    ) {
        let mut node = node(false);
        let mut now = T0;
        for (from, bytes) in &datagrams {
            node.handle_datagram(now, address(*from), bytes);
        }
        for step in steps {
            now = now + std::time::Duration::from_millis(step.into());
            node.handle_timeout(now);
        }
        let sent = std::iter::from_fn(|| node.poll_transmit()).count();
        prop_assert!(sent <= datagrams.len());
    }
}

#[test]
fn a_few_who_lie_never_outvote_the_many() {
    let mut node = node(false);
    let (us, lie) = (address(7), address(66));
    for net in 0..250_u8 {
        let liar = net % 5 == 4;
        let voter = SocketAddr::from(([45, 1, net, 1], 6881));
        node.seen_at(T0, voter, if liar { lie } else { us });
    }
    let moved = std::iter::from_fn(|| node.poll_event());
    let moved: Vec<_> = moved.filter(|it| matches!(it, Event::Address(_))).collect();
    assert_eq!(moved, [Event::Address(us.ip())]);
}

#[test]
fn nobody_is_silenced_by_what_others_send_in_its_name() {
    let mut node = node(false);
    let forged = |node: &mut Node| {
        for _ in 0..2 * limits::FLOOD_MESSAGES {
            node.handle_datagram(T0, address(2), b"garbage");
        }
    };
    forged(&mut node);
    node.join(T0, &[address(2)]);
    let (to, query) = asked(&mut node);
    forged(&mut node);
    let silence = said(&mut node, to, &Query::Ping);
    assert!(silence.is_empty(), "questions are not answered");
    let empty = krpc::Answer::default();
    let reply = krpc::write_answer(&query.transaction, NodeId([9; 20]), to, &empty);
    node.handle_datagram(T0, to, &reply);
    assert_eq!(node.known(), 1);
}
