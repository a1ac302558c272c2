//! What cannot be watched: the reasons that bta gives, held against what truly became of
//! each peer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bta::lab::Scenario;
use bta::lab::peer::client::Client;
use bta::lab::peer::{Fate, Plan, Reach};
use bta::moment::Moment;
use bta::net::Network;
use bta::store::records::PeerRow;
use bta::swarm::address_state::AddressState;
use bta::swarm::facts::PeerState;
use bta::swarm::presence::Presence;
use bta::swarm::schedule::Discipline;

use crate::world::{HOUR, MINUTE, World, in_virtual_time};

/// Between two visits to an unfinished peer at most, and what a contact in vain takes.
const VISITS: Duration = Duration::from_secs(600 + 60);

/// Leechers that go, stay, or want no more; a third of them cannot be called.
fn restless(seed: u64) -> Scenario {
    let mut scenario = Scenario::sim(seed, 120, HOUR);
    scenario.torrents.truncate(1);
    let crowd = &mut scenario.crowd;
    crowd.fates = vec![
        (Fate::Stays, 0.2),
        (Fate::LeavesAtOnce, 0.1),
        (Fate::Aborts, 0.4),
        (Fate::Lazy, 0.3),
    ];
    crowd.extras = vec![(Fate::PartialSeed, 4)];
    crowd.ghosts = vec![(Reach::Dead, 10), (Reach::Mute, 4), (Reach::Full, 4)];
    crowd.neighbours = 0.0;
    // Who cannot be called calls again.
    crowd.churn = Some(10 * MINUTE);
    for tracker in &mut scenario.trackers {
        tracker.interval = 2 * MINUTE;
    }
    scenario
}

/// What the test does to peers in the middle of the run.
#[derive(Default)]
struct Blows {
    /// Their cables are cut.
    cut: BTreeSet<IpAddr>,
    /// They have left, and somebody with no room for us is there.
    full: BTreeSet<IpAddr>,
}

impl Blows {
    async fn deal(world: &World) -> Blows {
        let (now, mut blows) = (world.clock.now(), Blows::default());
        let struck = world.lab.plans().iter();
        let struck =
            struck.filter(|it| it.number.is_multiple_of(2) || it.reach == Reach::Firewalled);
        for plan in struck.filter(|it| it.arrives + VISITS < now) {
            let ip = plan.address.ip();
            match (plan.fate, plan.reach) {
                (Fate::Lazy, Reach::Open | Reach::Firewalled) => {
                    world.net.cut(ip);
                    blows.cut.insert(ip);
                }
                (Fate::Aborts, Reach::Open) if plan.leaves.is_some_and(|it| it < now) => {
                    turn_away(world, plan.address).await;
                    blows.full.insert(ip);
                }
                _ => {}
            }
        }
        blows
    }
}

/// Somebody listens there and hangs up on everybody.
async fn turn_away(world: &World, at: SocketAddr) {
    let host = Network::Memory(world.net.at(at.ip()));
    let acceptor = host.listen(at).await.unwrap();
    actix_rt::spawn(async move {
        while let Ok((incoming, _)) = acceptor.accept().await {
            drop(incoming);
        }
    });
}

/// Whether what is said of a peer may be said.
fn is_so(row: &PeerRow, plan: &Plan, blows: &Blows, now: Moment) -> bool {
    let ip = plan.address.ip();
    let gone = plan.leaves.is_some_and(|it| it <= now) || blows.cut.contains(&ip);
    let lately = now.since(row.seen_at) < VISITS;
    let (open, full) = (plan.reach == Reach::Open, blows.full.contains(&ip));
    match row.presence {
        Presence::Watched => !gone,
        Presence::Awaited => open && lately,
        Presence::Vanished => lately,
        Presence::Unreachable => gone && !full || !open,
        Presence::TurnedAway => full,
        Presence::Undialable => !open || plan.client == Client::Ctorrent,
        Presence::NoSlot | Presence::Interrupted | Presence::Untold => false,
    }
}

/// The peers' rows, each with the script of its peer.
fn scripts<'a>(world: &'a World, rows: &'a [PeerRow]) -> Vec<(&'a PeerRow, &'a Plan)> {
    let plans = world.lab.plans().iter();
    let by_ip: HashMap<_, _> = plans.map(|it| (it.address.ip(), it)).collect();
    let rows = rows.iter().filter(|it| it.state != PeerState::Merged);
    rows.map(|row| (row, by_ip[&row.raw_address.unwrap().ip()]))
        .collect()
}

#[test]
fn the_reasons_given_are_true() {
    in_virtual_time(async {
        let world = World::of(&restless(91)).await;
        let running = world.begin().await;
        world.pass(30 * MINUTE).await;
        let blows = Blows::deal(&world).await;
        world.pass(30 * MINUTE).await;
        let now = world.clock.now();
        world.stop(running).await;

        let harvest = world.harvest();
        assert!(harvest.adds_up());
        let mut told = BTreeMap::<_, u64>::new();
        for (row, plan) in scripts(&world, &harvest.peers) {
            if row.state == PeerState::PartialSeed {
                assert_eq!(plan.fate, Fate::PartialSeed);
            } else if row.state == PeerState::Below {
                let what = (plan.number, plan.reach, plan.fate, plan.client, plan.leaves);
                let so = is_so(row, plan, &blows, now);
                assert!(so, "{} is said of {what:?} at {now}", row.presence);
                *told.entry(row.presence).or_default() += 1;
            }
        }
        println!(
            "{told:?}; cut {}, full {}",
            blows.cut.len(),
            blows.full.len()
        );
        for presence in [
            Presence::Watched,
            Presence::Unreachable,
            Presence::TurnedAway,
            Presence::Undialable,
        ] {
            assert!(told.contains_key(&presence), "nobody is {presence}");
        }
        // Nobody hides behind what is not known yet.
        let open = [Presence::Awaited, Presence::Vanished].map(|it| told.get(&it).copied());
        let open: u64 = open.into_iter().flatten().sum();
        assert!(open * 2 < told.values().sum(), "{told:?}");

        let came_to = harvest.sources().came_to;
        let ghosts = |reach| {
            let plans = world.lab.plans().iter();
            plans.filter(|it| it.reach == reach).count() as u64
        };
        let [turned_away, mute] =
            [AddressState::TurnedAway, AddressState::Mute].map(|it| came_to.of(it));
        let (full, still) = (ghosts(Reach::Full), ghosts(Reach::Mute));
        assert!(turned_away >= full && mute > 0 && mute <= still);
        // Some are where nobody was met before; some of the mute hang up one day.
        let most = full + still + blows.full.len() as u64;
        assert!((full + still..=most).contains(&(turned_away + mute)));
        assert!(came_to.of(AddressState::NeverReachable) >= ghosts(Reach::Dead));
        assert_eq!(came_to.of(AddressState::NotContacted), 0);
    });
}

/// With a handful of sessions, none of which gives way, many are not met for want of a
/// slot, and that is said.
#[test]
fn the_want_of_slots_is_told() {
    in_virtual_time(async {
        let mut scenario = restless(92);
        scenario.crowd.reach = vec![(Reach::Open, 1.0)];
        let mut world = World::of(&scenario).await;
        world.config.jobs = Some(2);
        world.discipline = Discipline::FirstCome;
        world.run(30 * MINUTE).await;
        let harvest = world.harvest();
        assert!(harvest.adds_up());
        let count = |presence| {
            let rows = harvest.peers.iter().filter(|it| it.presence == presence);
            rows.filter(|it| it.state == PeerState::Below).count()
        };
        let (no_slot, awaited) = (count(Presence::NoSlot), count(Presence::Awaited));
        let waiting = harvest.sources().came_to.of(AddressState::NotContacted);
        println!("no slot {no_slot}, awaited {awaited}, never contacted {waiting}");
        assert!(no_slot as u64 + waiting >= 3);
    });
}

/// Another run on the same store does not take for watched whom the one before watched.
#[test]
fn who_was_watched_by_an_earlier_run_is_not_watched_now() {
    in_virtual_time(async {
        let world = World::of(&restless(93)).await;
        world.run(20 * MINUTE).await;
        let count = |rows: &[PeerRow], presence| {
            let rows = rows.iter().filter(|it| it.presence == presence);
            rows.count()
        };
        let first = world.harvest().peers;
        assert!(count(&first, Presence::Watched) > 5);
        for plan in world.lab.plans() {
            world.net.cut(plan.address.ip());
        }
        world.run(2 * MINUTE).await;
        let harvest = world.harvest();
        let second = &harvest.peers;
        assert_eq!(count(second, Presence::Watched), 0);
        // Trackers name them anew, and nobody answers.
        let unreachable = Presence::Unreachable;
        assert!(count(second, unreachable) > count(&first, unreachable) + 5);
        assert!(harvest.adds_up());
    });
}
