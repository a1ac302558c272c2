//! What all actors hear from outside, together: whether the network is there.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream;
use tokio::sync::watch;

use crate::moment::Moment;
use crate::protocol::address::{IpFamily, canonical_ip};
use crate::swarm::outage::{Asked, Gap, LOOK_EVERY, News, Outage, Verdict};

/// While nobody answers one is asked in this time: whether anybody does again.
const TRY_EVERY: Duration = Duration::from_secs(2);

/// Whom an unusual silence makes us ask, at most.
const CALLS: u32 = 8;

/// Whether the network is there, family by family. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LifeSigns {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    v4: Family,
    v6: Family,
    /// How often the network went or came.
    turns: watch::Sender<u32>,
}

#[derive(Debug, Default)]
struct Family {
    /// In milliseconds; 0: never.
    heard_at: AtomicU64,
    down: AtomicBool,
    /// Gaps that are over.
    returns: AtomicU32,
    /// Unusual silences so far.
    suspicions: AtomicU32,
    /// Who may still be asked because of the last one.
    calls: AtomicU32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    outage: Outage,
    /// Who was heard lately: a way to there is a way out.
    from: Option<SocketAddr>,
    tried_at: Moment,
}

impl Default for LifeSigns {
    fn default() -> Self {
        let shared = Shared {
            v4: Family::default(),
            v6: Family::default(),
            turns: watch::Sender::new(0),
        };
        LifeSigns {
            shared: Arc::new(shared),
        }
    }
}

impl LifeSigns {
    fn of(&self, family: IpFamily) -> &Family {
        match family {
            IpFamily::V4 => &self.shared.v4,
            IpFamily::V6 => &self.shared.v6,
        }
    }

    fn to(&self, ip: IpAddr) -> &Family {
        self.of(IpFamily::of(canonical_ip(ip)))
    }

    /// Something came from there.
    pub fn heard(&self, now: Moment, from: SocketAddr) {
        let family = self.to(from.ip());
        let before = family
            .heard_at
            .fetch_max(now.as_millis(), Ordering::Relaxed);
        // Thousands of sessions hear something in each second.
        if now.since(Moment::from_millis(before)) >= LOOK_EVERY {
            family.lock().from = Some(from);
        }
    }

    /// Somebody is asked who is known to answer.
    pub fn asked(&self, now: Moment, ip: IpAddr, whom: Asked) {
        let ip = canonical_ip(ip);
        self.to(ip).lock().outage.asked(now, ip, whom);
    }

    /// Who was heard lately.
    pub fn last_heard(&self, family: IpFamily) -> Option<SocketAddr> {
        self.of(family).lock().from
    }

    /// The Monitor's look, once in [`LOOK_EVERY`]: `route` says whether a way leads to
    /// [`Self::last_heard`], if anybody was.
    pub fn look(&self, now: Moment, family: IpFamily, route: Option<bool>) -> Option<News> {
        let family = self.of(family);
        let news = family.lock().outage.look(now, family.heard_at(), route);
        match news? {
            News::Suspected => {
                family.calls.store(CALLS, Ordering::Release);
                family.suspicions.fetch_add(1, Ordering::AcqRel);
            }
            News::Down(_) => {
                family.down.store(true, Ordering::Release);
                self.shared.turns.send_modify(|it| *it += 1);
            }
            News::Up(_) => {
                family.returns.fetch_add(1, Ordering::AcqRel);
                family.down.store(false, Ordering::Release);
                self.shared.turns.send_modify(|it| *it += 1);
            }
        }
        news
    }

    /// Whether the network of this family is known to be down.
    pub fn is_down(&self, family: IpFamily) -> bool {
        self.of(family).down.load(Ordering::Acquire)
    }

    /// Whether nobody at all can be reached: of each family that was ever heard, the
    /// network is down.
    pub fn is_cut_off(&self) -> bool {
        let families = [IpFamily::V4, IpFamily::V6];
        let mut heard = families.into_iter().filter(|it| self.was_heard(*it));
        let first = heard.next();
        first.is_some_and(|it| self.is_down(it)) && heard.all(|it| self.is_down(it))
    }

    fn was_heard(&self, family: IpFamily) -> bool {
        self.of(family).heard_at().is_some()
    }

    /// The gap that lasts, that of IPv4 first.
    pub fn gap(&self) -> Option<(IpFamily, Gap)> {
        let families = [IpFamily::V4, IpFamily::V6].into_iter();
        let mut gaps = families.map(|it| (it, self.of(it).lock().outage.gap()));
        gaps.find_map(|(family, gap)| Some((family, gap?)))
    }

    /// How often the network of this family has come back.
    pub fn returns(&self, family: IpFamily) -> u32 {
        self.of(family).returns.load(Ordering::Acquire)
    }

    /// While the network is down: whether somebody may be asked all the same, to
    /// notice that it is back. One in two seconds, whoever asks first.
    pub fn may_try(&self, now: Moment, family: IpFamily) -> bool {
        let mut state = self.of(family).lock();
        let may = state.outage.is_worth_a_try() && now.since(state.tried_at) >= TRY_EVERY;
        if may {
            state.tried_at = now;
        }
        may
    }

    /// Unusual silences so far: at each of them somebody is to be asked.
    pub fn suspicions(&self, family: IpFamily) -> u32 {
        self.of(family).suspicions.load(Ordering::Acquire)
    }

    /// How many who are known to answer should be asked now. Whom the caller does not
    /// find others may: it gives the rest back.
    pub fn take_calls(&self, family: IpFamily) -> u32 {
        self.of(family).calls.swap(0, Ordering::AcqRel)
    }

    /// So many were not found.
    pub fn give_back_calls(&self, family: IpFamily, calls: u32) {
        self.of(family).calls.fetch_add(calls, Ordering::AcqRel);
    }

    /// Whose failure it was that `remote` was silent from `from` to `to`.
    pub fn verdict(&self, now: Moment, remote: IpAddr, from: Moment, to: Moment) -> Verdict {
        let family = self.to(remote);
        let heard_at = family.heard_at();
        family.lock().outage.verdict(now, from, to, heard_at)
    }

    /// Whether the network was down, of one family at least, some time from `from` to
    /// `to`.
    pub fn was_cut(&self, now: Moment, from: Moment, to: Moment) -> bool {
        let families = [&self.shared.v4, &self.shared.v6];
        families.into_iter().any(|it| {
            let verdict = it.lock().outage.verdict(now, from, to, it.heard_at());
            verdict == Verdict::Ours
        })
    }

    /// Changes whenever the network goes or comes.
    pub fn turns(&self) -> watch::Receiver<u32> {
        self.shared.turns.subscribe()
    }
}

/// The network went, or came.
#[derive(Clone, Copy, Debug)]
pub struct Turned;

/// As it goes and comes.
pub fn turned(turns: watch::Receiver<u32>) -> impl futures_util::Stream<Item = Turned> {
    stream::unfold(turns, |mut turns| async move {
        turns.changed().await.ok()?;
        Some((Turned, turns))
    })
}

impl Family {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heard_at(&self) -> Option<Moment> {
        match self.heard_at.load(Ordering::Relaxed) {
            0 => None,
            millis => Some(Moment::from_millis(millis)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Moment = Moment::from_millis(1_000_000);

    fn peer(family: IpFamily) -> SocketAddr {
        match family {
            IpFamily::V4 => ([44, 0, 0, 1], 6881).into(),
            IpFamily::V6 => ([0x2a01, 0, 0, 0, 0, 0, 0, 1], 6881).into(),
        }
    }

    /// The network of a family goes, as the system says; ten seconds later.
    fn goes(signs: &LifeSigns, family: IpFamily) -> Moment {
        signs.heard(T0, peer(family));
        let mut now = T0;
        for _ in 0..10 {
            now = now + LOOK_EVERY;
            signs.look(now, family, Some(false));
        }
        now
    }

    #[test]
    fn families_go_and_come_apart() {
        let signs = LifeSigns::default();
        signs.heard(T0, peer(IpFamily::V6));
        let now = goes(&signs, IpFamily::V4);
        assert!(signs.is_down(IpFamily::V4) && !signs.is_down(IpFamily::V6));
        assert!(!signs.is_cut_off(), "IPv6 goes on");
        assert_eq!(signs.gap().unwrap().0, IpFamily::V4);
        let ended = |ip: SocketAddr| signs.verdict(now, ip.ip(), now, now);
        assert_eq!(ended(peer(IpFamily::V4)), Verdict::Ours);
        assert_eq!(ended(peer(IpFamily::V6)), Verdict::Open);
        goes(&signs, IpFamily::V6);
        assert!(signs.is_cut_off());
    }

    #[test]
    fn one_family_alone_is_all_there_is() {
        let signs = LifeSigns::default();
        let mapped: SocketAddr = "[::ffff:44.0.0.1]:6881".parse().unwrap();
        assert!(!signs.is_cut_off());
        let now = goes(&signs, IpFamily::V4);
        assert!(signs.is_cut_off());
        assert!(!signs.may_try(now, IpFamily::V4), "there is no way");
        signs.heard(now, mapped);
        let later = now + LOOK_EVERY;
        signs.look(later, IpFamily::V4, Some(true));
        assert_eq!((signs.gap(), signs.returns(IpFamily::V4)), (None, 1));
    }

    #[test]
    fn in_silence_one_is_tried_at_a_time() {
        let signs = LifeSigns::default();
        signs.heard(T0, peer(IpFamily::V4));
        let mut now = T0;
        for host in 0..10 {
            signs.asked(now, [44, 0, 0, host].into(), Asked::Peer);
            now = now + LOOK_EVERY;
            signs.look(now, IpFamily::V4, Some(true));
        }
        assert!(signs.is_down(IpFamily::V4));
        assert_eq!(signs.suspicions(IpFamily::V4), 1);
        assert!(signs.may_try(now, IpFamily::V4));
        assert!(!signs.may_try(now + LOOK_EVERY, IpFamily::V4));
        assert!(signs.may_try(now + TRY_EVERY, IpFamily::V4));
        assert_eq!(signs.take_calls(IpFamily::V4), CALLS);
        signs.give_back_calls(IpFamily::V4, 2);
        assert_eq!(signs.take_calls(IpFamily::V4), 2);
    }
}
