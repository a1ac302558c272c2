//! How attempts ended, what sources brought.

use bta::protocol::peer::Way;
use bta::store::Record;
use bta::store::records::*;
use bta::swarm::address_state::{AddressCounts, AddressState};
use bta::swarm::counted::Counted;
use bta::swarm::facts::*;

use super::{BEGUN, ONE, TWO};

pub(super) fn rows() -> Vec<Record> {
    use Attempt::{First, Incoming, Later};
    use Counted::{Accepted, Dialled, SlotTime};
    let counted = |torrent, counted, family: &str, outcome, count| {
        let row = OutcomeRow {
            hour: BEGUN.hour(),
            counted,
            family: family.into(),
            outcome,
            count,
        };
        Record::Outcome(torrent, row)
    };
    let outcome = |torrent, attempt, family, outcome, count| {
        counted(torrent, Counted::Attempt(attempt), family, outcome, count)
    };
    let [tcp, tcp_encrypted, utp, _] = Way::ALL;
    let source = |torrent, source, counts| {
        let row = SourceRow {
            hour: BEGUN.hour(),
            source,
            counts,
        };
        Record::Source(torrent, row)
    };
    let counts = |received, new, contacted, reached, confirmed| SourceCounts {
        received,
        new,
        duplicate: received - new,
        excluded: 0,
        contacted,
        reached,
        confirmed,
        came_to: came_to(new, reached),
    };
    vec![
        outcome(ONE, First, "transmission", Outcome::Success, 5),
        outcome(ONE, First, "", Outcome::TimedOut, 1_200),
        outcome(ONE, First, "", Outcome::Refused, 3),
        outcome(ONE, Later, "transmission", Outcome::Success, 9),
        outcome(ONE, Incoming, "libtorrent", Outcome::Success, 1),
        outcome(ONE, Incoming, "libtorrent", Outcome::Duplicate, 1),
        outcome(TWO, First, "libtorrent", Outcome::Success, 3),
        outcome(TorrentNumber(0), Incoming, "", Outcome::UnknownInfoHash, 4),
        counted(ONE, SlotTime, "transmission", Outcome::Success, 845_100),
        counted(ONE, SlotTime, "", Outcome::TimedOut, 12_000_000),
        counted(ONE, Dialled(tcp), "transmission", Outcome::Success, 13),
        counted(ONE, Dialled(tcp), "", Outcome::TimedOut, 1_203),
        counted(ONE, Dialled(tcp), "", Outcome::Closed, 4),
        counted(
            ONE,
            Dialled(tcp_encrypted),
            "transmission",
            Outcome::Success,
            1,
        ),
        counted(ONE, Dialled(utp), "", Outcome::TimedOut, 1_203),
        counted(
            ONE,
            Accepted(tcp_encrypted),
            "libtorrent",
            Outcome::Success,
            2,
        ),
        counted(TWO, Dialled(tcp), "libtorrent", Outcome::Success, 3),
        source(ONE, Source::Tracker, counts(1_500, 1_210, 1_208, 14, 1)),
        source(ONE, Source::Incoming, counts(2, 1, 0, 2, 1)),
        source(TWO, Source::Tracker, counts(3, 3, 3, 3, 1)),
    ]
}

/// A peer at those that were reached; of the others all but three did not answer.
fn came_to(new: u64, reached: u64) -> AddressCounts {
    let mut counts = AddressCounts::default();
    let met = reached.min(new);
    let others = new - met;
    counts.enter(AddressState::Met, met);
    counts.enter(AddressState::TurnedAway, others.min(3));
    counts.enter(AddressState::NeverReachable, others - others.min(3));
    counts
}
