//! Gossip and metadata.

use super::*;

#[test]
fn gossips_about_its_neighbours_to_who_listens() {
    let neighbour = SocketAddr::from(([127, 0, 0, 8], 6881));
    let mut guest = Guest::modern(plan(Client::Azureus, 256, 0.0), 1.0);
    assert!(!guest.session.will_gossip(at_s(9.0)), "nobody listens");
    guest.hello("d1:md6:ut_pexi9eee");
    assert!(guest.session.will_gossip(at_s(2.0)));
    guest.session.meet(vec![neighbour]);
    let guest = guest.until(5.0);
    let mut gossip = guest
        .heard
        .iter()
        .filter(|(_, body)| body.starts_with(&[20, 9]));
    let (_, body) = gossip.next().unwrap();
    let compact = b"5:added6:\x7f\0\0\x08\x1a\xe1";
    assert!(body.windows(compact.len()).any(|it| it == compact));
    assert_eq!(gossip.next(), None);
}

#[test]
fn metadata_is_given_invented_or_refused_as_scripted() {
    let first = |metadata| {
        let scripted = Plan {
            metadata,
            ..plan(Client::Azureus, 256, 0.0)
        };
        let torrent = scripted.torrent.clone();
        let mut guest = Guest::modern(scripted, 1.0);
        guest.hello("d1:md11:ut_metadatai9eee");
        let ask = b"\0\0\0\x1b\x14\x02d8:msg_typei0e5:piecei0ee";
        guest.send(ask);
        let (_, answer) = guest
            .heard
            .iter()
            .find(|it| it.1.starts_with(&[20, 9]))
            .unwrap();
        let right = torrent.info_piece(at_s(1.0), 0).unwrap();
        (answer.len() > right.len(), answer.ends_with(right))
    };
    assert_eq!(first(Metadata::Given), (true, true));
    assert_eq!(first(Metadata::Invented), (true, false));
    assert_eq!(first(Metadata::Refused), (false, false));
}
