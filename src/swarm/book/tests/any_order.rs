//! Whatever happens in whatever order: nobody is counted twice, nobody who did not
//! download, and all counters add up.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use proptest::prelude::*;

use super::*;
use crate::swarm::address_state::AddressCounts;
use crate::swarm::presence::{Presence, PresenceCounts};

/// One peer as it truly is.
#[derive(Clone, Debug)]
struct Truth {
    client: Client,
    /// Its IPv4 and, for some, its IPv6 address.
    homes: Vec<SocketAddr>,
    /// Whether it can be dialled.
    open: bool,
    /// Whether it shows another peer id in each session.
    fresh_ids: bool,
    begun: u32,
    pieces: u32,
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    /// A source names a peer's addresses.
    Name(usize, Source),
    /// We dial whoever is due.
    Dial(Rival),
    /// A peer dials us.
    Call(usize, Rival),
    /// One of the open sessions says what there is to say.
    Speak(usize),
    /// It says the last thing once more: the recorder died.
    Repeat(usize),
    /// It ends.
    End(usize, Parting),
    /// A peer gets so many pieces.
    Grow(usize, u32),
    Wait(u64),
    Restart,
}

/// What a client does with a second connection to us: it closes the one or the
/// other, at once or when both have spoken.
#[derive(Clone, Copy, Debug)]
struct Rival {
    closes_older: bool,
    speaks_first: bool,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    session: SessionId,
    of: usize,
    client: Client,
    told: Option<(Report, Observation)>,
}

struct Model {
    script: Script,
    cast: Vec<Truth>,
    /// Oldest first.
    lines: Vec<Line>,
    attempts: u64,
    next_id: u32,
    /// All hold the same pieces at the same count.
    lone_seed: bool,
    confirmed: BTreeMap<usize, BTreeSet<PeerNumber>>,
}

fn cast(begun: &[u32], dual_stack: bool) -> Vec<Truth> {
    let peer = |client: Client, homes: &[&str], open| Truth {
        client,
        homes: homes.iter().map(|it| address(it)).collect(),
        open,
        fresh_ids: client.prefix == LIBTORRENT.prefix,
        begun: 0,
        pieces: 0,
    };
    let dual = ["45.0.0.3:7003", "[2a00::3]:7003"];
    let nameless = Client {
        prefix: "        ",
        port: None,
        ..TRANSMISSION
    };
    let mut cast = vec![
        peer(TRANSMISSION, &["45.0.0.1:7001"], true),
        peer(TRANSMISSION, &["45.0.0.2:7002", "[2a00::2]:7002"], true),
        peer(LIBTORRENT, &dual[..1 + usize::from(dual_stack)], true),
        peer(LIBTORRENT, &["45.0.0.4:7004"], true),
        peer(LIBTORRENT, &["45.0.0.5:7005"], false),
        // Three behind one NAT, two of them with the same port.
        peer(TRANSMISSION, &["45.0.0.6:7006"], false),
        peer(TRANSMISSION, &["45.0.0.6:7006"], false),
        peer(LIBTORRENT, &["45.0.0.6:7007"], false),
        peer(nameless, &["45.0.0.8:7008"], false),
    ];
    for (n, (it, begun)) in cast.iter_mut().zip(begun).enumerate() {
        (it.begun, it.pieces) = (*begun, *begun);
        it.client.id = n as u32;
        it.client.port = it.client.port.map(|_| it.homes[0].port());
    }
    cast
}

impl Model {
    fn new(begun: &[u32], lone_seed: bool, dual_stack: bool) -> Self {
        Model {
            script: Script::new(),
            cast: cast(begun, dual_stack),
            lines: Vec::new(),
            attempts: 0,
            next_id: 1_000,
            lone_seed,
            confirmed: BTreeMap::new(),
        }
    }

    fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Name(n, source) => {
                let homes = self.cast[n].homes.clone();
                self.script.book.found(self.script.now, source, &homes);
            }
            Deed::Dial(rival) => self.dial(rival),
            Deed::Call(n, rival) => {
                let home = self.cast[n].homes[self.attempts as usize % self.cast[n].homes.len()];
                let port = 40_000 + self.attempts as u16;
                let remote = SocketAddr::new(home.ip(), port).to_string();
                self.attempts += 1;
                let session = self.script.accept(&remote);
                self.connected(session, n, rival);
            }
            Deed::Speak(line) => self.with_line(line, Self::speak),
            Deed::Repeat(line) => self.with_line(line, Self::repeat),
            Deed::End(line, parting) => {
                self.with_line(line, |it, session| it.end(session, parting));
            }
            Deed::Grow(n, pieces) => {
                let it = &mut self.cast[n];
                it.pieces = (it.pieces + pieces).min(1_000);
            }
            Deed::Wait(seconds) => drop(self.script.wait(seconds)),
            Deed::Restart => {
                // Sessions are lost with the process, and so are their outcomes.
                self.script.restart();
                self.lines.clear();
                self.attempts = 0;
            }
        }
    }

    fn dial(&mut self, rival: Rival) {
        let Some(contact) = self.script.contact() else {
            return;
        };
        self.attempts += 1;
        let mut there = self.cast.iter();
        let there = there.position(|it| it.open && it.homes.contains(&contact.address));
        match there {
            Some(n) => self.connected(contact.session, n, rival),
            None => self.script.fails(contact.session),
        }
    }

    fn connected(&mut self, session: SessionId, of: usize, rival: Rival) {
        let mut client = self.cast[of].client;
        if self.cast[of].fresh_ids {
            self.next_id += 1;
            client.id = self.next_id;
        }
        let older = self.lines.iter().find(|it| it.of == of);
        let older = older.map(|it| it.session);
        self.lines.push(Line {
            session,
            of,
            client,
            told: None,
        });
        let (remote, direction) = self.script.open[&session];
        let who = client.who(remote, direction);
        if !self.script.book.met(session, &who) {
            return self.end_as(session, WeLeft, Outcome::Duplicate);
        }
        if let Some(older) = older {
            if rival.speaks_first {
                self.speak(session);
                self.speak(older);
            }
            let closed = if rival.closes_older { older } else { session };
            self.end(closed, TheyLeft);
        }
    }

    fn with_line(&mut self, line: usize, act: impl FnOnce(&mut Self, SessionId)) {
        if !self.lines.is_empty() {
            let session = self.lines[line % self.lines.len()].session;
            act(self, session);
        }
    }

    fn line(&mut self, session: SessionId) -> Option<&mut Line> {
        self.lines.iter_mut().find(|it| it.session == session)
    }

    fn speak(&mut self, session: SessionId) {
        let Some(line) = self.line(session).copied() else {
            return;
        };
        let pieces = self.cast[line.of].pieces;
        let whose = if self.lone_seed {
            1
        } else {
            line.of as u64 + 1
        };
        let client = line.client.set(whose * 10_000 + u64::from(pieces));
        let seen = self.script.seen(client, pieces);
        let report = match line.told {
            None => Report::Settled(seen),
            Some((_, from)) if from.pieces < 980 && pieces >= 980 => Report::Crossed(Crossing {
                from,
                seen,
                checking: false,
            }),
            Some(_) => Report::Step(seen),
        };
        if let Some(line) = self.line(session) {
            line.told = Some((report, seen.observation()));
        }
        self.say(line, report);
    }

    fn repeat(&mut self, session: SessionId) {
        if let Some(line) = self.line(session).copied()
            && let Some((report, _)) = line.told
        {
            self.say(line, report);
        }
    }

    fn say(&mut self, line: Line, report: Report) {
        let reaction = self.script.say(line.session, line.client, report);
        if let Some(rising) = &reaction.rising
            && rising.is_confirmed()
        {
            let records = self.confirmed.entry(line.of).or_default();
            records.insert(rising.peer);
        }
        for superfluous in reaction.close {
            self.end_as(superfluous, WeLeft, Outcome::Duplicate);
        }
    }

    fn end(&mut self, session: SessionId, parting: Parting) {
        self.end_as(session, parting, Outcome::Success);
    }

    fn end_as(&mut self, session: SessionId, parting: Parting, outcome: Outcome) {
        if self.line(session).is_some() {
            self.lines.retain(|it| it.session != session);
            self.script.ends_as(session, parting, outcome, None);
        }
    }

    fn judge(&mut self) -> Result<(), TestCaseError> {
        let mut owners = HashSet::new();
        for (n, records) in &self.confirmed {
            prop_assert!(records.len() == 1, "peer {n} counted as {records:?}");
            let truth = &self.cast[*n];
            prop_assert!(truth.begun < 980 && truth.pieces >= 980, "{n}: {truth:?}");
            prop_assert!(records.iter().all(|it| owners.insert(*it)), "two in one");
        }
        let figures = self.script.book.figures();
        let peers = (1..).map_while(|n| self.script.book.peer(PeerNumber(n)));
        let confirmed = peers.filter(|it| it.state() == PeerState::Confirmed);
        prop_assert_eq!(figures.confirmed, confirmed.count());
        prop_assert_eq!(figures.confirmed, self.confirmed.len());
        prop_assert_eq!(figures.sessions, self.lines.len());
        let totals = self.script.book.tally().totals();
        let ended: u64 = Attempt::ALL.iter().map(|it| totals.attempts(*it)).sum();
        prop_assert_eq!(ended + self.lines.len() as u64, self.attempts);
        self.everybody_is_in_one_class()
    }

    /// What is said of peers and addresses is what is so, and adds up.
    fn everybody_is_in_one_class(&mut self) -> Result<(), TestCaseError> {
        let watched: BTreeSet<_> = self.script.book.sessions.peers().collect();
        let mut unknown = PresenceCounts::default();
        let peers = (1..).map_while(|n| Some((n, self.script.book.peer(PeerNumber(n))?)));
        for (n, peer) in peers {
            let is_watched = peer.presence == Presence::Watched;
            prop_assert_eq!(is_watched, watched.contains(&PeerNumber(n)), "{}", n);
            prop_assert_eq!(peer.presence == Presence::Untold, !peer.counts(), "{}", n);
            if peer.state() == PeerState::Below {
                unknown.enter(peer.presence, 1);
            }
        }
        prop_assert_eq!(self.script.book.figures().unknown, unknown);

        let mut states = BTreeMap::<_, AddressCounts>::new();
        for it in self.script.book.addresses() {
            let of_source = states.entry(it.source).or_default();
            of_source.enter(it.state, 1);
        }
        let totals = *self.script.book.tally().totals();
        for source in Source::ALL {
            let counted = totals.source(*source);
            prop_assert_eq!(counted.came_to.total(), counted.new);
            let known = states.get(source).copied().unwrap_or_default();
            prop_assert_eq!(counted.came_to, known);
        }
        Ok(())
    }

    /// With every session ended, each address is contacted again one day.
    fn nobody_is_forgotten(&mut self) -> Result<(), TestCaseError> {
        for session in self.lines.clone() {
            self.end(session.session, TheyLeft);
        }
        self.script.wait(6 * 3600);
        let contacts = std::iter::from_fn(|| self.script.contact());
        let dialled: BTreeSet<_> = contacts.map(|it| it.address).collect();
        let known: BTreeSet<_> = self.script.book.addresses().map(|it| it.address).collect();
        prop_assert_eq!(dialled, known);
        Ok(())
    }
}

fn deeds(restarts: bool) -> impl Strategy<Value = Vec<Deed>> {
    let who = || 0..9usize;
    let rival = || {
        any::<(bool, bool)>().prop_map(|(closes_older, speaks_first)| Rival {
            closes_older,
            speaks_first,
        })
    };
    let parting = prop_oneof![
        Just(WeLeft),
        Just(TheyLeft),
        Just(TurnedAway),
        Just(NotReached)
    ];
    let wait =
        prop_oneof![4 => 0..8u64, 4 => 20..700u64, 2 => 1_000..9_000u64, 1 => 80_000..200_000u64];
    let deed = prop_oneof![
        2 => (who(), prop::sample::select(Source::ALL)).prop_map(|(n, it)| Deed::Name(n, it)),
        6 => rival().prop_map(Deed::Dial),
        4 => (who(), rival()).prop_map(|(n, it)| Deed::Call(n, it)),
        8 => (0..16usize).prop_map(Deed::Speak),
        1 => (0..16usize).prop_map(Deed::Repeat),
        3 => (0..16usize, parting).prop_map(|(n, it)| Deed::End(n, it)),
        5 => (who(), 1..500u32).prop_map(|(n, it)| Deed::Grow(n, it)),
        4 => wait.prop_map(Deed::Wait),
        u32::from(restarts) => Just(Deed::Restart),
    ];
    prop::collection::vec(deed, 1..150)
}

fn run(begun: &[u32], deeds: &[Deed], lone_seed: bool, dual: bool) -> Result<(), TestCaseError> {
    let mut model = Model::new(begun, lone_seed, dual);
    for deed in deeds {
        model.act(*deed);
        model.judge()?;
    }
    model.nobody_is_forgotten()
}

fn begun() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(prop_oneof![4 => 0..980u32, 1 => 980..=1_000u32], 9)
}

proptest! {
    #[test]
    fn nobody_counts_twice_and_counters_add_up(
        begun in begun(), deeds in deeds(false), lone_seed: bool,
    ) {
        run(&begun, &deeds, lone_seed, true)?;
    }

    #[test]
    fn nobody_counts_twice_over_restarts(
        begun in begun(), deeds in deeds(true), lone_seed: bool,
    ) {
        run(&begun, &deeds, lone_seed, true)?;
    }
}
