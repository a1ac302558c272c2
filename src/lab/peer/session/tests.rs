//! Each kind of client, seen by a guest that reads raw frames.

mod extending;

use std::net::SocketAddr;

use rand::seq::SliceRandom;

use super::*;
use crate::lab::peer::client::Client;
use crate::lab::peer::curve::{Curve, How};
use crate::lab::peer::{Fate, Known, Metadata};
use crate::lab::torrent::Torrent;
use crate::protocol::peer::{Encryption, Transport};

const PIECES: u32 = 256;
const HANDSHAKE: &[u8; 20] = b"\x13BitTorrent protocol";

fn at_s(seconds: f64) -> Moment {
    Moment::from_millis((seconds * 1000.0) as u64)
}

/// From `held` pieces to all within `span_s` seconds.
fn plan(client: Client, held: u32, span_s: f64) -> Plan {
    let rng = &mut SmallRng::seed_from_u64(5);
    let torrent = Torrent::invent("test", PIECES, 1 << 14, 980, rng);
    let mut order: Vec<u32> = (0..PIECES).collect();
    order.shuffle(rng);
    let span = Duration::from_secs_f64(span_s);
    Plan {
        number: 0,
        torrent: Arc::new(torrent),
        address: SocketAddr::from(([127, 0, 0, 9], 6881)),
        also: None,
        reach: Reach::Open,
        client,
        fate: Fate::Stays,
        order: order.into(),
        curve: Curve::starting(at_s(0.0), held).leg(PIECES, span, How::Download),
        arrives: at_s(0.0),
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

/// A guest at one end of a session; messages are kept with their time.
struct Guest {
    session: Session,
    now: Moment,
    input: Vec<u8>,
    heard: Vec<(Moment, Vec<u8>)>,
    ended: Option<(Moment, Ending)>,
}

impl Guest {
    /// Connects and shakes hands; `reserved` byte 7 tells of Fast.
    fn meet(plan: Plan, at: f64, reserved: [u8; 8]) -> Guest {
        let hash = plan.torrent.info_hash;
        let session = Session::accept(Arc::new(plan), Pace::REAL, 9, at_s(at));
        let mut guest = Guest {
            session,
            now: at_s(at),
            input: Vec::new(),
            heard: Vec::new(),
            ended: None,
        };
        assert!(
            guest.session.transmit().is_empty(),
            "waits for the guest's handshake"
        );
        let mut bytes = HANDSHAKE.to_vec();
        bytes.extend(reserved);
        bytes.extend(hash.0);
        bytes.extend(b"-BT0001-abcdefghijkl");
        guest.send(&bytes);
        guest
    }

    fn modern(plan: Plan, at: f64) -> Guest {
        Guest::meet(plan, at, [0, 0, 0, 0, 0, 0x10, 0, 4])
    }

    fn send(&mut self, bytes: &[u8]) {
        let step = self.session.handle_input(self.now, bytes);
        self.note(step);
    }

    /// Sends an extension handshake.
    fn hello(&mut self, dictionary: &str) {
        let mut frame = (dictionary.len() as u32 + 2).to_be_bytes().to_vec();
        frame.extend([20, 0]);
        frame.extend(dictionary.bytes());
        self.send(&frame);
    }

    fn until(mut self, seconds: f64) -> Guest {
        while self.ended.is_none() && self.session.poll_timeout() <= at_s(seconds) {
            self.now = self.now.max(self.session.poll_timeout());
            let step = self.session.handle_timeout(self.now);
            self.note(step);
        }
        self.now = at_s(seconds);
        self
    }

    fn note(&mut self, step: Result<(), Ending>) {
        self.input.extend(self.session.transmit());
        self.session.transmitted(self.session.transmit().len());
        if self.input.starts_with(HANDSHAKE) {
            self.input.drain(..68);
        }
        while let Some((head, rest)) = self.input.split_first_chunk::<4>() {
            let len = u32::from_be_bytes(*head) as usize;
            assert!(rest.len() >= len, "frames go out whole");
            self.heard.push((self.now, rest[..len].to_vec()));
            self.input.drain(..4 + len);
        }
        if let (Err(ending), None) = (step, self.ended) {
            self.ended = Some((self.now, ending));
        }
    }

    fn ids(&self) -> Vec<u8> {
        let bodies = self.heard.iter().filter_map(|(_, body)| body.first());
        bodies.copied().collect()
    }

    fn count(&self, id: u8) -> usize {
        self.ids().into_iter().filter(|it| *it == id).count()
    }

    /// Moments at which HAVE came, and how many.
    fn haves(&self) -> Vec<(f64, usize)> {
        let mut bursts: Vec<(f64, usize)> = Vec::new();
        for (at, _) in self
            .heard
            .iter()
            .filter(|(_, body)| body.first() == Some(&4))
        {
            let at_s = at.as_millis() as f64 / 1000.0;
            match bursts.last_mut().filter(|(last, _)| *last == at_s) {
                Some((_, count)) => *count += 1,
                None => bursts.push((at_s, 1)),
            }
        }
        bursts
    }
}

#[test]
fn libtorrent_tells_all_at_once_and_says_upload_only() {
    let mut guest = Guest::modern(plan(Client::Libtorrent, 100, 60.0), 1.0);
    assert_eq!(guest.ids(), [5, 20]);
    // m: upload_only under 7.
    guest.hello("d1:md11:upload_onlyi7eee");
    let guest = guest.until(100.0);
    // The bitfield was sent at 1 s: two pieces are in it already.
    assert_eq!(guest.count(4) as u32, PIECES - 102);
    let (at, last) = &guest.heard[guest.heard.len() - 1];
    assert_eq!((last.as_slice(), *at), (&b"\x14\x07\x01"[..], at_s(60.0)));
    assert_eq!(guest.session.told(), Some(PIECES));
}

#[test]
fn libtorrent_closes_after_two_minutes_of_silence() {
    let guest = Guest::modern(plan(Client::Qbittorrent, 256, 0.0), 1.0).until(200.0);
    assert_eq!(guest.ended, Some((at_s(121.0), Ending::Silence)));
    assert_eq!(guest.ids(), [14, 20], "HAVE_ALL to who knows Fast");
    let mut spoken = Guest::modern(plan(Client::Qbittorrent, 256, 0.0), 1.0).until(100.0);
    spoken.send(&[0; 4]);
    assert_eq!(spoken.until(200.0).ended, None);
}

#[test]
fn fast_messages_only_to_who_knows_them() {
    let old = Guest::meet(plan(Client::Libtorrent, 256, 0.0), 1.0, [0; 8]);
    assert_eq!(old.ids(), [5]);
    let mut empty = plan(Client::Transmission, 0, 1e9);
    let silent = Guest::meet(empty.clone(), 1.0, [0; 8]).until(30.0);
    assert!(
        silent.heard.is_empty(),
        "an empty client without Fast says nothing"
    );
    empty.client = Client::Libtorrent;
    assert_eq!(Guest::modern(empty, 1.0).ids(), [15, 20]);
}

#[test]
fn transmission_tells_in_batches_and_its_hello_first() {
    let guest = Guest::modern(plan(Client::Transmission, 100, 60.0), 1.0).until(80.0);
    assert_eq!(guest.ids()[..2], [20, 5]);
    let haves = guest.haves();
    assert!((5..=7).contains(&haves.len()), "{haves:?}");
    let spans = haves.windows(2).map(|it| it[1].0 - it[0].0);
    assert!(
        spans.into_iter().all(|it| (10.0..=12.0).contains(&it)),
        "{haves:?}"
    );
    assert!(haves[haves.len() - 1].0 > 60.0, "the last ones come late");
}

#[test]
fn aria2_repeats_its_bitfield_and_closes_after_31_s() {
    let guest = Guest::modern(plan(Client::Aria2, 100, 300.0), 1.0).until(100.0);
    assert_eq!(guest.ended, Some((at_s(32.0), Ending::Impatience)));
    assert_eq!(guest.ids()[..3], [20, 5, 5]);
    assert!(guest.count(5) >= 4, "again in mid-stream");
    let mut flooding = Guest::modern(plan(Client::Aria2, 100, 300.0), 1.0);
    flooding.send(&[0; 4]);
    assert_eq!(flooding.ended, None);
    flooding.send(&[0; 4]);
    assert_eq!(flooding.session.take_offences(), [Offence::KeepAliveFlood]);
}

#[test]
fn rtorrent_holds_pieces_back_and_hides_its_completion() {
    let mut hiding = plan(Client::Rtorrent, 100, 120.0);
    hiding.breaks.push(at_s(118.0));
    let guest = Guest::modern(hiding.clone(), 1.0).until(200.0);
    assert_eq!(guest.ended, Some((at_s(118.0), Ending::Left)));
    assert!(
        (2..=4).contains(&guest.haves().len()),
        "{:?}",
        guest.haves()
    );
    assert!(guest.session.told() < Some(PIECES - 5));
    let again = Guest::modern(hiding, 123.0);
    assert_eq!(again.ids(), [5, 20], "no Fast: a full bitfield");
    assert_eq!(again.heard[0].1[1..], [0xff; 32]);
}

#[test]
fn rqbit_waits_for_a_bitfield_and_closes_after_10_s() {
    let guest = Guest::modern(plan(Client::Rqbit, 100, 60.0), 1.0).until(30.0);
    assert_eq!(guest.ended, Some((at_s(11.0), Ending::Silence)));
    assert_eq!(guest.count(4), 0);
    let mut told = Guest::modern(plan(Client::Rqbit, 100, 60.0), 1.0).until(5.0);
    let mut bitfield = vec![0, 0, 0, 33, 5];
    bitfield.extend([0; 32]);
    told.send(&bitfield);
    let told = told.until(14.0);
    assert!(told.count(4) > 20, "{}", told.count(4));
    assert!(told.session.offences.is_empty());
}

#[test]
fn utorrent_leaves_holes_and_fills_them_even_as_a_seed() {
    let guest = Guest::modern(plan(Client::Utorrent, 256, 0.0), 1.0).until(5.0);
    assert_eq!(guest.ids()[..2], [20, 5]);
    let bits = &guest.heard[1].1[1..];
    let told: u32 = bits.iter().map(|byte| byte.count_ones()).sum();
    assert!((PIECES - 24..PIECES).contains(&told));
    assert_eq!(guest.count(4) as u32, PIECES - told);
    let (opened, last) = (guest.heard[1].0, guest.heard[guest.heard.len() - 1].0);
    assert!(opened == last && last < at_s(1.6), "in one go");
}

#[test]
fn ctorrent_knows_no_extension() {
    let guest = Guest::modern(plan(Client::Ctorrent, 100, 60.0), 1.0).until(10.0);
    assert_eq!((guest.count(20), guest.count(5)), (0, 1));
    let mut offending = Guest::modern(plan(Client::Ctorrent, 100, 60.0), 1.0);
    offending.send(b"\0\0\0\x01\x0f");
    assert_eq!(
        offending.session.take_offences(),
        [Offence::FastToOldClient]
    );
}

#[test]
fn super_seeders_look_empty_until_they_unmask() {
    let mut pretender = plan(Client::Libtorrent, 256, 0.0);
    pretender.fate = Fate::SuperSeeds;
    pretender.unmasks = Some(at_s(90.0));
    let mut guest = Guest::modern(pretender.clone(), 1.0);
    assert_eq!(guest.ids(), [15, 4, 4, 20]);
    guest.send(&[0; 4]);
    let guest = guest.until(100.0);
    assert_eq!(
        (guest.count(4), guest.ended),
        (3, Some((at_s(90.0), Ending::Left)))
    );
    assert_eq!(Guest::modern(pretender, 95.0).ids(), [14, 20]);
}

#[test]
fn lost_pieces_are_taken_back_or_end_the_session() {
    let mut falling = plan(Client::Libtorrent, 200, 0.0);
    let curve = Curve::starting(at_s(0.0), 200).pause(Duration::from_secs(10));
    falling.curve = curve.leg(150, Duration::ZERO, How::Loss);
    let restarted = Guest::modern(falling.clone(), 1.0).until(30.0);
    assert_eq!(restarted.ended, Some((at_s(10.0), Ending::Restarted)));
    let mut guest = Guest::modern(falling, 1.0);
    // m: lt_donthave under 9.
    guest.hello("d1:md11:lt_donthavei9eee");
    let guest = guest.until(30.0);
    let taken = guest
        .heard
        .iter()
        .filter(|(_, body)| body.starts_with(&[20, 9]));
    assert_eq!((taken.count(), guest.ended), (50, None));
    assert_eq!(guest.session.told(), Some(150));
}

#[test]
fn full_and_mute_peers_turn_guests_away() {
    let mut full = plan(Client::Libtorrent, 100, 60.0);
    full.reach = Reach::Full;
    let guest = Guest::modern(full.clone(), 1.0);
    assert_eq!(
        (guest.ended, guest.heard.len()),
        (Some((at_s(1.0), Ending::Full)), 0)
    );
    full.reach = Reach::Mute;
    let guest = Guest::modern(full, 1.0).until(60.0);
    assert_eq!(guest.ended, Some((at_s(21.0), Ending::NoHandshake)));
}

#[test]
fn bad_conduct_is_noticed() {
    let mut guest = Guest::modern(plan(Client::Azureus, 100, 60.0), 1.0);
    guest.send(b"\0\0\0\x01\x02\0\0\0\x01\x0e\0\0\0\x05\x04\0\0\0\x01");
    guest.send(b"\0\0\0\x0d\x06\0\0\0\0\0\0\0\0\0\0\x40\0");
    guest.hello("d11:upload_onlyi1ee");
    let expected = [
        Offence::Interested,
        Offence::ClaimedPieces,
        Offence::ClaimedPieces,
        Offence::Request,
        Offence::UploadOnly,
    ];
    assert_eq!(guest.session.take_offences(), expected);
    guest.send(b"\x7f\0\0\0");
    assert_eq!(guest.ended.map(|it| it.1), Some(Ending::Broken));
}

#[test]
fn honest_guests_offend_nobody() {
    for &client in Client::ALL {
        let mut guest = Guest::modern(plan(client, 100, 60.0), 1.0);
        let fast = client.habits().reserved[7] & 4 != 0;
        guest.send(if fast { b"\0\0\0\x01\x0f" } else { &[] });
        let mut guest = guest.until(6.0);
        guest.send(&[0; 4]);
        assert_eq!(guest.session.take_offences(), [], "{client}");
        assert_eq!(guest.ended, None, "{client}");
    }
}

#[test]
fn peer_ids_stay_or_change_as_the_client_has_it() {
    let id = |client, seed| {
        let plan = Arc::new(plan(client, 0, 1.0));
        let session = Session::dial(plan, Pace::REAL, seed, at_s(0.0));
        session.transmit()[48..68].to_vec()
    };
    assert_eq!(id(Client::Transmission, 1), id(Client::Transmission, 2));
    assert_ne!(id(Client::Libtorrent, 1), id(Client::Libtorrent, 2));
    assert!(id(Client::Aria2, 1).starts_with(b"A2-1-36-0-"));
}
