//! Peers that can be met in one way only, each in another.

use bta::lab::Scenario;
use bta::lab::truth::PeerTruth;
use bta::protocol::peer::{Encryption, Transport, Way};
use bta::swarm::counted::Counted;
use bta::swarm::facts::{Attempt, Outcome};

use crate::world::{HOUR, MINUTE, World, in_virtual_time};

/// Half an hour among peers of which a third speaks uTP alone, and a third encrypted
/// alone: some of them both.
#[test]
fn all_are_met_each_in_its_way() {
    in_virtual_time(async {
        let mut scenario = Scenario::sim(81, 120, HOUR / 2);
        scenario.torrents.truncate(1);
        scenario.crowd.requires_encryption = 0.34;
        scenario.crowd.utp_alone = 0.34;
        let mut world = World::of(&scenario).await;
        world.config.encryption = Encryption::Prefer;
        world.config.utp = true;
        world.run(HOUR / 2).await;
        let judgement = world.judge_sound();

        let harvest = world.harvest();
        assert!(harvest.adds_up());
        // Who announces later than this is named to nobody until the next announce.
        let peers = judgement.truth.peers.iter();
        let heard = peers.filter_map(|it| Some((it.shown.announced?, it)));
        let begin = heard.clone().map(|(at, _)| at).min().unwrap();
        let named = heard.filter(|(at, _)| *at < begin + 14 * MINUTE);
        let named: Vec<_> = named.map(|(_, peer)| peer).collect();
        for encrypted in [false, true] {
            for utp in [false, true] {
                let of_them = |it: &&PeerTruth| {
                    (it.transport == Transport::Utp) == utp
                        && encrypted == (it.encryption == Encryption::Require)
                };
                let alike = named.iter().copied().filter(of_them);
                let (met, unmet): (Vec<_>, Vec<_>) = alike.partition(|it| it.shown.met.is_some());
                println!("encrypted {encrypted}, uTP {utp}: {} met", met.len());
                assert!(met.len() >= 8 && unmet.is_empty(), "{unmet:?}");
            }
        }

        let of = |counted, outcome: Option<Outcome>| {
            let rows = harvest.outcomes.iter().map(|it| &it.1);
            let rows = rows.filter(|it| it.counted == counted);
            let rows = rows.filter(|it| outcome.is_none_or(|outcome| it.outcome == outcome));
            rows.map(|it| it.count).sum::<u64>()
        };
        for way in Way::ALL {
            let met = [Counted::Dialled(way), Counted::Accepted(way)]
                .map(|it| of(it, Some(Outcome::Success)));
            println!("{way}: {met:?}");
            assert!(met.iter().all(|it| *it > 0));
        }
        // A contact has one to four dials, each in another way.
        let ended = harvest.ended();
        let contacts = ended[&Attempt::First] + ended[&Attempt::Later];
        let dials: Vec<_> = Way::ALL.map(|it| of(Counted::Dialled(it), None)).into();
        assert!(dials.iter().all(|it| *it <= contacts));
        assert!(dials.iter().sum::<u64>() >= contacts);
    });
}
