//! What others say of peers.

use super::*;
use crate::protocol::peer::pex::PexFlags;

const HERE: &str = "45.0.0.1:6881";
const SEED: PexFlags = PexFlags::SEED;
const UTP: PexFlags = PexFlags::UTP;

impl Script {
    pub(super) fn rumour(&mut self, at: &str, flags: PexFlags) {
        self.book.rumoured(self.now, &[(address(at), flags)]);
    }

    fn hearsay(&mut self) -> Vec<Hearsay> {
        self.book.take_hearsay(usize::MAX)
    }
}

#[test]
fn is_kept_until_the_peer_has_a_number() {
    let mut script = Script::new();
    script.rumour(HERE, UTP);
    let at = script.now;
    script.wait(60);
    assert_eq!(script.hearsay(), []);
    let peer = script.visit(HERE, TRANSMISSION, 500).peer;
    let said = Hearsay {
        peer,
        at,
        flags: UTP,
    };
    assert_eq!(script.hearsay(), [said]);
    script.visit(HERE, TRANSMISSION, 500);
    assert_eq!(script.hearsay(), [], "once");
    script.book.put_back_hearsay(&[said]);
    assert!(script.book.has_news());
    assert_eq!(script.hearsay(), [said]);
}

#[test]
fn is_never_progress() {
    let mut script = Script::new();
    let peer = script.visit(HERE, TRANSMISSION, 500).peer;
    let before = (
        script.book.figures(),
        script.book.peer(peer).unwrap().state(),
    );
    script.rumour(HERE, SEED);
    let after = (
        script.book.figures(),
        script.book.peer(peer).unwrap().state(),
    );
    assert_eq!((before, script.hearsay().len()), (after, 1));
    let reached = script.visit(HERE, TRANSMISSION, 1_000);
    assert_eq!(verdict(&reached), CONFIRMED, "no seed, whoever says so");
}

/// Of two who contradict each other neither is believed, and both are short.
#[test]
fn of_one_peer_is_at_most_one_row_a_flag_and_hour() {
    let mut script = Script::new();
    script.visit(HERE, TRANSMISSION, 500);
    for turn in 0..1_000_u32 {
        script.rumour(HERE, PexFlags(turn as u8));
    }
    let rows = script.hearsay();
    assert_eq!(rows.len(), 5);
    assert_eq!(
        rows[4].flags,
        PexFlags(0x1f),
        "what means nothing is left out"
    );
    script.wait(3_600).rumour(HERE, SEED);
    assert_eq!(script.hearsay()[0].flags, SEED, "a new hour");
    script.rumour(HERE, PexFlags(0));
    assert_eq!(script.hearsay(), [], "nothing was said");
}

#[test]
fn of_addresses_that_nobody_reaches_takes_no_more_room_than_they_do() {
    let mut script = Script::new();
    script.book.addresses.most = 100;
    for n in 0..1_000_u32 {
        let ip = std::net::Ipv4Addr::from_bits(0x2d00_0000 + n);
        script.rumour(&format!("{ip}:6881"), SEED);
    }
    assert_eq!(script.book.figures().addresses, 100);
    assert_eq!(script.hearsay(), []);
}
