"""Who takes part in a swarm, and how each behaves. Drawn from a seed: the same seed, the same swarm."""

import random
from dataclasses import dataclass

SEED, LAZY, STAY, LEAVE, VANISH, ABORT, RETURN = "seed", "lazy", "stay", "leave", "vanish", "abort", "return"
BEHAVIOURS = {
    SEED: "holds everything from the start",
    LAZY: "downloads too slowly ever to finish",
    STAY: "completes, and stays 16 s or more",
    LEAVE: "is closed by its user the moment it completes",
    VANISH: "is killed the moment it completes",
    ABORT: "is given up half way",
    RETURN: "is closed half way, started again, completes, and stays",
}
DOWNLOADS = (STAY, LEAVE, VANISH, RETURN)  # those that are meant to complete

# What a client speaks with its peers. All listen to TCP and uTP, plain and encrypted, else.
ANY, ENCRYPTED, UTP = "any", "encrypted", "uTP only"

MODERN = ("libtorrent", "transmission", "aria2", "rtorrent", "qbittorrent")
LAZY_RATE_KB = 60
MEAN_TIME_S = (18, 65)  # how long a download takes at its rate limit
# libtorrent is what most people run, in one client or another: twice as often as the others.
COMMON = ("libtorrent", "qbittorrent")
SPEAKERS = {ANY: (*MODERN, "ctorrent", *COMMON), ENCRYPTED: (*MODERN, *COMMON), UTP: COMMON}
LIMITED = ("libtorrent", "transmission", "aria2", "qbittorrent")  # those that keep to a limit of connections
LIMIT = 8
# They tell of their last pieces too late for who leaves at once: see showable.py.
HOLD_BACK = ("transmission", "rtorrent")


@dataclass
class Plan:
    kind: str
    behaviour: str
    firewalled: bool = False
    speaks: str = ANY
    limit: int | None = None  # of its connections
    start_s: float = 0
    rate_kb: int = 0
    stay_s: float | None = None  # None: to the end
    until: float = 0  # share of the pieces at which it aborts or pauses
    abruptly: bool = False  # aborts by SIGKILL

    @property
    def who(self):
        ways = [*([self.speaks] if self.speaks != ANY else []), *(["firewalled"] if self.firewalled else []),
                *(["full"] if self.limit else [])]
        return self.behaviour + (f" ({', '.join(ways)})" if ways else "")

    @property
    def leaves_at_once(self):
        return self.behaviour in (LEAVE, VANISH)


def plain(_):
    """Everything once: 4 seeds, 18 others."""
    return [
        *cast(SEED, "libtorrent", "transmission", "aria2", "rtorrent"),
        *cast(STAY, *MODERN, "ctorrent"),
        *cast(STAY, "transmission", "aria2", firewalled=True),
        *cast(LEAVE, "libtorrent", "transmission", "rtorrent"),
        *cast(VANISH, "aria2", "qbittorrent"),
        *cast(ABORT, "libtorrent", "aria2"),
        *cast(RETURN, "libtorrent"),
        *cast(LAZY, "transmission", "rtorrent"),
    ]


def all(_):
    """Each modern client in each way: 5 seeds, 42 others."""
    return [
        *cast(SEED, *MODERN),
        *cast(STAY, *MODERN, *MODERN, "ctorrent", "ctorrent"),
        *cast(STAY, *MODERN, firewalled=True),
        *cast(LEAVE, *MODERN, "ctorrent"),
        *cast(LEAVE, "libtorrent", "transmission", firewalled=True),
        *cast(VANISH, *MODERN),
        *cast(ABORT, *MODERN),
        *cast(RETURN, *MODERN),
        *cast(LAZY, "transmission", "rtorrent"),
    ]


def mixed(random_, downloads=36):
    """Hard to reach: 5 seeds; 36 downloads of which half are firewalled, a quarter speak nothing but encrypted, a quarter
    nothing but uTP, a third leave within a second of completing, at most a quarter of these of a kind that holds its word
    back, and a twelfth are at their limit of connections; and 4 that never complete."""
    return [
        *cast(SEED, "libtorrent", "qbittorrent", "transmission", "libtorrent", "aria2"),
        *hard_to_reach(random_, downloads),
        *cast(ABORT, "libtorrent", firewalled=True),
        *cast(ABORT, "qbittorrent", speaks=UTP),
        *cast(LAZY, "transmission", speaks=ENCRYPTED),
        *cast(LAZY, "rtorrent"),
    ]


def ci(random_):
    """The same with 20 downloads."""
    return mixed(random_, 20)


def hard_to_reach(random_, downloads):
    plans = []
    for speaks, count in (ENCRYPTED, downloads // 4), (UTP, downloads // 4), (ANY, downloads - downloads // 4 * 2):
        kinds = random_.sample(SPEAKERS[speaks], len(SPEAKERS[speaks]))
        group = [Plan(kinds[number % len(kinds)], STAY, speaks=speaks) for number in range(count)]
        plans += random_.sample(group, count)
    # Half of those that speak one way as of those that speak another; who leaves or is full is drawn from all.
    for plan in plans[::2]:
        plan.firewalled = True
    leavers = downloads // 3
    slow = [plan for plan in plans if plan.kind in HOLD_BACK]
    quick = [plan for plan in plans if plan.kind not in HOLD_BACK]
    late = min(random_.randint(0, leavers // 4), len(slow))
    for plan in random_.sample(slow, late) + random_.sample(quick, leavers - late):
        plan.behaviour = random_.choice((LEAVE, VANISH))
    for plan in random_.sample([plan for plan in plans if plan.behaviour == STAY and plan.kind in MODERN], max(downloads // 18, 1)):
        plan.behaviour = RETURN
    for plan in random_.sample([plan for plan in plans if plan.kind in LIMITED], downloads // 12):
        plan.limit = LIMIT
    return plans


@dataclass(frozen=True)
class Profile:
    """A cast, and what it is cast into; options say else."""

    cast: object  # from random numbers to plans
    observed_from_s: int = 6  # the first seeds and leechers are there before the observer; 0: the observer is
    arrivals_s: int = 60
    limit_s: int = 240
    tracker: str = "opentracker"
    kills: int = 1  # of a second observer; 0: there is none
    share: int | None = None  # per cent to be confirmed of what could be seen; None: who stays within reach, all of them
    share_of_all: int = 0  # per cent, where those that hold back are few among the leavers


PROFILES = {
    "ci": Profile(ci, 0, 60, 240, kills=1, share=80),  # a floor below the target, for a busy machine
    "mixed": Profile(mixed, 0, 90, 300, "bittorrent-tracker", 0, 95, 85),
    "plain": Profile(plain),
    "all": Profile(all),
}


def cast(behaviour, *kinds, **how):
    return [Plan(kind, behaviour, **how) for kind in kinds]


def draw(plans, seed, size_kb, observed_from_s, arrivals_s):
    """Fill in rates and times. Half of the seeds are there first, the others come while we watch."""
    random_ = random.Random(seed)
    seeds = [plan for plan in plans if plan.behaviour == SEED]
    others = [plan for plan in plans if plan.behaviour != SEED]
    for late, plan in enumerate(seeds):
        plan.start_s = random_.uniform(observed_from_s, arrivals_s) if late % 2 else 0
    for number, plan in enumerate(random_.sample(others, len(others))):
        # Some are here before the observer; not those who could then be reached by nobody.
        early = observed_from_s and number % 8 == 7 and not plan.firewalled
        plan.start_s = 0 if early else observed_from_s + random_.uniform(2, arrivals_s)
        plan.rate_kb = LAZY_RATE_KB if plan.behaviour == LAZY else round(size_kb / random_.uniform(*MEAN_TIME_S))
        plan.stay_s = random_.uniform(16, 30) if random_.random() < 0.5 else None
        plan.until = random_.uniform(0.2, 0.8)
        plan.abruptly = random_.random() < 0.5
