//! Peers that speak uTP alone.

use bta::lab::{Judgement, Scenario};
use bta::protocol::peer::Transport;

use crate::world::{HOUR, World, in_virtual_time};

/// Half an hour among peers of which a third speaks uTP alone, some of them behind a
/// firewall; datagrams are lost now and then.
async fn among_them(utp: bool) -> Judgement {
    let mut scenario = Scenario::sim(72, 120, HOUR / 2);
    scenario.torrents.truncate(1);
    scenario.crowd.utp_alone = 0.34;
    let mut world = World::of(&scenario).await;
    world.config.utp = utp;
    world.run(HOUR / 2).await;
    let judgement = world.judge_sound();
    assert!(world.harvest().adds_up());
    judgement
}

/// How many of those that speak over this were met, and how many there are.
fn met(judgement: &Judgement, transport: Transport) -> (usize, usize) {
    let peers = judgement.truth.peers.iter();
    let peers: Vec<_> = peers.filter(|it| it.transport == transport).collect();
    let met = peers.iter().filter(|it| it.shown.met.is_some()).count();
    println!("{transport:?}: {met} of {} met", peers.len());
    (met, peers.len())
}

#[test]
fn who_speaks_utp_alone_is_met_like_others() {
    in_virtual_time(async {
        let judgement = among_them(true).await;
        for transport in [Transport::Tcp, Transport::Utp] {
            let (met, all) = met(&judgement, transport);
            assert!(all >= 30 && met * 10 >= all * 8);
        }
        assert!(judgement.fair.percent() >= 50.0, "{}", judgement.fair);
    });
}

#[test]
fn utp_can_be_left_out() {
    in_virtual_time(async {
        let judgement = among_them(false).await;
        assert_eq!(met(&judgement, Transport::Utp).0, 0);
        let (met, all) = met(&judgement, Transport::Tcp);
        assert!(met * 10 >= all * 8);
    });
}
