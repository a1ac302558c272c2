//! bta's own side of the wire against each kind of client, machine to machine:
//! nobody is offended, and all that is told is understood.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;

use crate::lab::conduct::Offence;
use crate::lab::pace::Pace;
use crate::lab::peer::client::Client;
use crate::lab::peer::curve::{Curve, How};
use crate::lab::peer::ending::Ending;
use crate::lab::peer::session::Session;
use crate::lab::peer::{Fate, Known, Metadata, Plan, Reach};
use crate::lab::torrent::Torrent;
use crate::moment::Moment;
use crate::protocol::peer::{
    Bitfield, Conversation, Encryption, Event, Greeting, PeerId, Transport,
};

const START: Moment = Moment::from_millis(1_000_000);

fn plan(client: Client, pace: Pace) -> Plan {
    let rng = &mut SmallRng::seed_from_u64(5);
    let torrent = Torrent::invent("test", 500, 1 << 14, 980, rng);
    let mut order: Vec<u32> = (0..500).collect();
    order.shuffle(rng);
    let span = pace.of(Duration::from_secs(200));
    Plan {
        number: 0,
        torrent: Arc::new(torrent),
        address: "10.0.0.1:6881".parse().unwrap(),
        also: None,
        reach: Reach::Open,
        client,
        fate: Fate::Stays,
        order: order.into(),
        curve: Curve::starting(START, 50).leg(500, span, How::Download),
        arrives: START,
        leaves: None,
        breaks: Vec::new(),
        unmasks: None,
        dials: false,
        known: Known::Trackers,
        trackers: Vec::new(),
        dht: false,
        metadata: Metadata::default(),
        encryption: Encryption::Off,
        transport: Transport::Tcp,
        seed: 1,
    }
}

struct Meeting {
    /// Pieces that bta knows of, and that the peer told of.
    known: (u32, Option<u32>),
    ended: Option<(Duration, Ending)>,
    offences: Vec<Offence>,
}

/// Ten minutes of life, or until the peer hangs up.
fn meet(client: Client, pace: Pace, dialled: bool) -> Meeting {
    let plan = Arc::new(plan(client, pace));
    let greeting = Arc::new(Greeting {
        info_hash: plan.torrent.info_hash,
        other_hash: None,
        peer_id: PeerId(*b"-BT0001-abcdefghijkl"),
        pieces: Some(plan.torrent.pieces),
        client: "bta".into(),
        listen_port: Some(6881),
        reqq: 250,
        gossip: false,
        utp: false,
        dht: None,
        handshake_timeout: pace.of(Duration::from_secs(10)),
        pace: pace.divisor(),
    });
    let ip = IpAddr::from([10, 0, 0, 1]);
    let (mut ours, mut theirs) = match dialled {
        true => (
            Conversation::dial(START, greeting, ip),
            Session::accept(plan.clone(), pace, 9, START),
        ),
        false => (
            Conversation::accept(START, greeting, ip),
            Session::dial(plan.clone(), pace, 9, START),
        ),
    };
    let mut bits = Bitfield::empty(plan.torrent.pieces);
    let mut now = START;
    let mut ended = None;
    while ended.is_none() && now < START + pace.of(Duration::from_secs(600)) {
        let mut step = theirs.handle_timeout(now);
        ours.handle_timeout(now).unwrap();
        while !(ours.transmit().is_empty() && theirs.transmit().is_empty()) {
            ours.handle_input(now, theirs.transmit()).unwrap();
            theirs.transmitted(usize::MAX);
            step = step.and_then(|()| theirs.handle_input(now, ours.transmit()));
            ours.transmitted(usize::MAX);
        }
        while let Some(event) = ours.poll_event() {
            match event {
                Event::Have(piece) => drop(bits.set(piece)),
                Event::Bitfield(told) => bits = told,
                _ => {}
            }
        }
        ended = step.err().map(|ending| (now.since(START), ending));
        let due = ours
            .poll_timeout()
            .map_or(now, |it| it.min(theirs.poll_timeout()));
        now = due.max(now + Duration::from_millis(1));
    }
    Meeting {
        known: (bits.count(), theirs.told()),
        ended,
        offences: theirs.take_offences(),
    }
}

#[test]
fn offends_no_client_and_understands_all() {
    for pace in [Pace::REAL, Pace::faster(10)] {
        for &client in Client::ALL {
            for dialled in [true, false] {
                let meeting = meet(client, pace, dialled);
                assert_eq!(meeting.offences, [], "{client}");
                assert_eq!(Some(meeting.known.0), meeting.known.1, "{client}");
                let patience = client.habits().patience;
                let expected = patience.map(|it| (pace.of(it), Ending::Impatience));
                assert_eq!(meeting.ended, expected, "{client} at {pace:?}");
                let known = meeting.known.0;
                assert!(known == 500 || client == Client::Aria2, "{client}: {known}");
            }
        }
    }
}
