//! Peers that speak encrypted, some of them nothing else.

use bta::lab::{Judgement, Scenario};
use bta::protocol::peer::Encryption;
use bta::swarm::facts::Outcome;

use crate::harvest::Harvest;
use crate::world::{HOUR, World, in_virtual_time};

/// Half an hour among peers of which a third speaks encrypted alone, and a third both.
async fn among_them(encryption: Encryption) -> (Judgement, Harvest) {
    let mut scenario = Scenario::sim(71, 120, HOUR / 2);
    scenario.torrents.truncate(1);
    scenario.crowd.requires_encryption = 0.34;
    scenario.crowd.prefers_encryption = 0.33;
    let mut world = World::of(&scenario).await;
    world.config.encryption = encryption;
    world.run(HOUR / 2).await;
    let judgement = world.judge_sound();
    let harvest = world.harvest();
    assert!(harvest.adds_up());
    (judgement, harvest)
}

/// How many of those that speak so were met, and how many there are.
fn met(judgement: &Judgement, encryption: Encryption) -> (usize, usize) {
    let peers = judgement.truth.peers.iter();
    let peers: Vec<_> = peers.filter(|it| it.encryption == encryption).collect();
    let met = peers.iter().filter(|it| it.shown.met.is_some()).count();
    println!("{encryption:?}: {met} of {} met", peers.len());
    (met, peers.len())
}

#[test]
fn all_are_met_however_they_speak() {
    in_virtual_time(async {
        let (judgement, harvest) = among_them(Encryption::Prefer).await;
        for encryption in [Encryption::Require, Encryption::Prefer, Encryption::Off] {
            let (met, all) = met(&judgement, encryption);
            assert!(all >= 25 && met * 10 >= all * 8);
        }
        assert!(judgement.fair.percent() >= 50.0, "{}", judgement.fair);
        assert_eq!(harvest.count_outcomes(Outcome::WrongWrapping), 0);
    });
}

#[test]
fn encryption_can_be_required() {
    in_virtual_time(async {
        let (judgement, harvest) = among_them(Encryption::Require).await;
        let (met_plain, _) = met(&judgement, Encryption::Off);
        let (met_others, others) = met(&judgement, Encryption::Require);
        assert_eq!(met_plain, 0);
        assert!(met_others * 10 >= others * 8);
        assert!(harvest.count_outcomes(Outcome::WrongWrapping) > 0);
    });
}

#[test]
fn encryption_can_be_left_out() {
    in_virtual_time(async {
        let (judgement, harvest) = among_them(Encryption::Off).await;
        let (met_encrypted, _) = met(&judgement, Encryption::Require);
        let (met_others, others) = met(&judgement, Encryption::Prefer);
        assert_eq!(met_encrypted, 0);
        assert!(met_others * 10 >= others * 8);
        assert!(harvest.count_outcomes(Outcome::WrongWrapping) > 0);
    });
}
