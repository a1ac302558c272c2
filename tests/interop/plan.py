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

MODERN = ("libtorrent", "transmission", "aria2", "rtorrent", "qbittorrent")
LAZY_RATE_KB = 60
MEAN_TIME_S = (18, 65)  # how long a download takes at its rate limit


@dataclass
class Plan:
    kind: str
    behaviour: str
    firewalled: bool = False
    start_s: float = 0
    rate_kb: int = 0
    stay_s: float | None = None  # None: to the end
    until: float = 0  # share of the pieces at which it aborts or pauses
    abruptly: bool = False  # aborts by SIGKILL

    @property
    def who(self):
        return f"{self.behaviour}{' (firewalled)' if self.firewalled else ''}"


def ci():
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


def all():
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


PROFILES = {"ci": ci, "all": all}


def cast(behaviour, *kinds, firewalled=False):
    return [Plan(kind, behaviour, firewalled) for kind in kinds]


def draw(plans, seed, size_kb, observed_from_s, arrivals_s):
    """Fill in rates and times. Half of the seeds are there first, the others come while we watch."""
    random_ = random.Random(seed)
    seeds = [plan for plan in plans if plan.behaviour == SEED]
    others = [plan for plan in plans if plan.behaviour != SEED]
    for late, plan in enumerate(seeds):
        plan.start_s = random_.uniform(observed_from_s, arrivals_s) if late % 2 else 0
    for number, plan in enumerate(random_.sample(others, len(others))):
        # Some are here before the observer; not those who could then be reached by nobody.
        early = number % 8 == 7 and not plan.firewalled
        plan.start_s = 0 if early else observed_from_s + random_.uniform(2, arrivals_s)
        plan.rate_kb = LAZY_RATE_KB if plan.behaviour == LAZY else round(size_kb / random_.uniform(*MEAN_TIME_S))
        plan.stay_s = random_.uniform(16, 30) if random_.random() < 0.5 else None
        plan.until = random_.uniform(0.2, 0.8)
        plan.abruptly = random_.random() < 0.5
