//! What contacts teach the next one.

use super::*;
use crate::protocol::peer::pex::PexFlags;
use crate::protocol::peer::{Encryption, Way};
use crate::swarm::ways::Dial;

const AT: &str = "45.0.0.1:6881";
const TCP: Way = Way::PLAIN_TCP;
const TCP_ENCRYPTED: Way = Way::ALL[1];

fn script() -> Script {
    let mut script = Script::new();
    let ways = Allowed {
        encryption: Encryption::Prefer,
        utp: true,
    };
    let terms = BookTerms { ways, ..terms() };
    script.book = Book::new(terms, PeerNumber(1));
    script
}

impl Script {
    /// One contact whose dials give this; answers with the way that it began with.
    fn contact_gives(&mut self, parting: Parting, dials: &[(Way, Outcome)]) -> Way {
        let contact = self.contact().unwrap();
        let dial = |(way, outcome): &(Way, Outcome)| Dial {
            way: *way,
            outcome: *outcome,
            linked: true,
        };
        let end = End {
            dials: dials.iter().map(dial).collect(),
            ..self.end(parting, Outcome::Unsettled, None)
        };
        self.open.remove(&contact.session);
        self.book.ended(self.now, contact.session, &end);
        contact.ways.way()
    }
}

#[test]
fn the_way_that_worked_goes_first_next_time() {
    let mut script = script();
    script
        .book
        .found(script.now, Source::Tracker, &[address(AT)]);
    let dials = [(TCP, Outcome::Closed), (TCP_ENCRYPTED, Outcome::Success)];
    assert_eq!(script.contact_gives(TheyLeft, &dials), TCP);
    script.wait(600);
    let again = script.contact_gives(TheyLeft, &dials[1..]);
    assert_eq!(again, TCP_ENCRYPTED);
}

#[test]
fn what_gossip_says_decides_what_goes_first() {
    let mut script = script();
    let said = [(address(AT), PexFlags::ENCRYPTION)];
    script.book.rumoured(script.now, &said);
    assert_eq!(script.contact_gives(NotReached, &[]), TCP_ENCRYPTED);
}
