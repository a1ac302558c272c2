//! How many peers there are: told, and asked for.

use super::*;
use crate::protocol::dht::filter::Filters;

#[test]
fn counts_who_announced_to_it() {
    let mut node = node(false);
    let (ask, count) = (
        Query::GetPeers(HASH, Want::default()),
        Query::Scrape(HASH, Want::default()),
    );
    assert_eq!(answer(&mut node, address(9), &count).filters, None);
    for (number, seed) in [(1, true), (2, false), (3, false)] {
        let token = answer(&mut node, address(number), &ask).token.unwrap();
        let tell = Query::AnnouncePeer {
            info_hash: HASH,
            port: Some(5),
            token,
            seed,
        };
        answer(&mut node, address(number), &tell);
    }
    let told = answer(&mut node, address(9), &count);
    assert_eq!(
        (told.peers, answer(&mut node, address(9), &ask).peers.len()),
        (vec![], 3)
    );
    let filters = told.filters.unwrap();
    assert_eq!(filters.seeds.estimate().round(), 1.0);
    assert_eq!(filters.downloaders.estimate().round(), 2.0);
    assert!(filters.seeds.may_hold(address(1).ip()));
}

/// Three nodes of which one counts nothing and one never answers.
#[test]
fn a_scrape_joins_what_the_closest_nodes_tell() {
    let mut node = node(false);
    let nodes = [2, 3, 4, 5].map(|number| Contact {
        id: NodeId([number; 20]),
        address: address(number),
    });
    node.closest.insert(HASH, nodes.to_vec());
    node.scrape(T0, HASH);
    node.scrape(T0, HASH);
    let asked: Vec<_> = std::iter::from_fn(|| node.poll_transmit()).collect();
    assert_eq!(asked.len(), nodes.len());
    let holding = |seeds: [u8; 2]| {
        let mut filters = Filters::default();
        for last in seeds {
            filters.seeds.insert([9, 9, 9, last].into());
        }
        filters.downloaders.insert([8, 8, 8, 8].into());
        Some(Box::new(filters))
    };
    let told = [holding([1, 2]), holding([2, 3]), None];
    for ((transmit, filters), contact) in asked.iter().zip(told).zip(nodes) {
        let query = read(&transmit.bytes).unwrap();
        let want = Want {
            v4: true,
            v6: false,
        };
        assert_eq!(query.body, Body::Query(node.id, Query::Scrape(HASH, want)));
        let answer = krpc::Answer {
            filters,
            ..krpc::Answer::default()
        };
        let reply = krpc::write_answer(&query.transaction, contact.id, contact.address, &answer);
        node.handle_datagram(T0, transmit.to, &reply);
        assert_eq!(node.poll_event(), None);
    }
    let end = T0 + limits::LOST_AFTER;
    node.handle_timeout(T0 + limits::LATE_AFTER);
    node.handle_timeout(end);
    let counts = Counts {
        seeds: 3,
        downloaders: 1,
    };
    let report = ScrapeReport {
        begun: T0,
        duration: limits::LOST_AFTER,
        answered: 3,
        counts: Some(counts),
    };
    assert_eq!(node.poll_event(), Some(Event::Scraped(HASH, report)));
    node.address = Some([8, 8, 8, 8].into());
    let ours = node.counts(&holding([1, 1]).unwrap());
    assert_eq!(
        ours,
        Counts {
            seeds: 1,
            downloaders: 0
        }
    );
}
