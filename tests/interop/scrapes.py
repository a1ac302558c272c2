"""What a tracker answered to bta's scrapes, against what its clients did by their own word. Pure."""

from collections import defaultdict
from dataclasses import dataclass

from judge import seconds
from plan import DOWNLOADS, RETURN, SEED, STAY

LAG_S = 4  # a client that completed later than that before the last scrape need not have said so yet


@dataclass
class Span:
    """From the clients that must be counted to those that may be."""

    low: int = 0
    high: int = 0

    def add(self, must, may=True):
        self.low += bool(must)
        self.high += bool(must or may)

    def __contains__(self, figure):
        return figure is not None and self.low <= figure <= self.high

    def __str__(self):
        return f"{self.low}" if self.low == self.high else f"{self.low} to {self.high}"


def expected(lives, at, others):
    """What an honest tracker counts at that time; `others` are observers besides the one who asks."""
    seeders, leechers, downloaded = Span(), Span(0, others), Span()
    for life in lives:
        truth, behaviour = life.truth, life.plan.behaviour
        if truth.started is None or truth.started > at:
            continue
        there = truth.ended is None or truth.ended > at
        done = truth.completed is not None and truth.completed <= at
        told = done and truth.completed <= at - LAG_S
        # Who has left may be counted as it last announced itself: not all say goodbye, or say it in time.
        seeders.add(there and told, done)
        leechers.add(there and not done, not (there and told or behaviour == SEED))
        if behaviour in DOWNLOADS:
            # Who leaves the moment it completes may have said so or not.
            downloaded.add(told and behaviour in (STAY, RETURN), done)
    return {"seeders": seeders, "leechers": leechers, "downloaded": downloaded}


def by_tracker(rows):
    """The answered scrapes of each announce URL, in the order of time; what DHT nodes estimate is no tracker's figure."""
    answered = defaultdict(list)
    for row in rows:
        if row["result"] == "ok" and "://" in row["tracker"]:
            answered[row["tracker"]].append(row)
    return {tracker: sorted(rows, key=lambda row: row["at"]) for tracker, rows in answered.items()}


def reported(rows):
    """The sum of the rises of `downloaded`, and how often it fell."""
    figures = [row["downloaded"] for row in rows if row["downloaded"] is not None]
    steps = [later - earlier for earlier, later in zip(figures, figures[1:])]
    return sum(step for step in steps if step > 0), sum(step < 0 for step in steps)


def compare(last, lives, others, counts_completions):
    """What was scraped last, and what the clients did: (name, figure, span)."""
    spans = expected(lives, seconds(last["at"]), others)
    if not counts_completions:
        spans["downloaded"] = spans["seeders"]
    return [(what, last[what], span) for what, span in spans.items()]
