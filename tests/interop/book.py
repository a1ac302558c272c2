"""When each client got into bta's book, against when it announced itself. Pure, and its table."""

import re
import time
from dataclasses import dataclass
from datetime import datetime

from judge import address

# A new address is due for contact at once, so this is when it is in the book, or a moment later.
LINE = re.compile(r"^(\w+ \d+ [\d:.]+) DEBG (contact|accepted), address: (\S+),", re.MULTILINE)
HOW = {"contact": "was named", "accepted": "called"}
IN_TIME, LATE, UNSEEN = "in time", "late", "not to be seen"
ROW = "{:<28} {:<16} {:>9} {:>7}  {:<10} {:<15} {}"


@dataclass
class Entry:
    """Times are seconds since the epoch."""

    name: str
    since: float | None  # when it announced itself, or bta began, whichever was later
    known: float | None
    how: str
    verdict: str
    sources: tuple = ()

    @property
    def took_s(self):
        return None if self.known is None or self.since is None else max(self.known - self.since, 0.0)


def first_known(log):
    """{address: (when, how)} from bta's log at level DEBUG, which has neither year nor zone: both are ours."""
    known, year = {}, time.localtime().tm_year
    for stamp, how, remote in LINE.findall(log):
        at = datetime.strptime(f"{year} {stamp}", "%Y %b %d %H:%M:%S.%f").timestamp()
        known.setdefault(address({"address": remote}), (at, HOW[how]))
    return known


def judge_entry(name, must, since, ended, known, how, within_s):
    """`must`: it can be reached. `ended`: the client, or the observation, was over, and nothing is asked for later."""
    entry = Entry(name, since, known, how, UNSEEN)
    if known is not None:
        entry.verdict = IN_TIME if entry.took_s is None or entry.took_s <= within_s else LATE
    elif must and since is not None and since + within_s < ended:
        entry.verdict = LATE
    return entry


def table(entries):
    """Print client by client; answer with whether nobody was late, and what they come to."""
    print(ROW.format("client", "announced after", "in the book", "took", "how", "", "sources"))
    judged = [entry for entry in entries if entry.verdict != UNSEEN]
    begin = min((entry.since for entry in entries if entry.since), default=0)
    say = lambda at, zero=0.0: "" if at is None else f"{at - zero:.1f}"
    for entry in entries:
        print(ROW.format(entry.name, say(entry.since, begin), say(entry.known, begin), say(entry.took_s),
                         entry.how, entry.verdict, ", ".join(entry.sources)))
    in_time = sum(entry.verdict == IN_TIME for entry in judged)
    slowest = max((entry for entry in judged if entry.took_s is not None), key=lambda it: it.took_s, default=None)
    said = f"{in_time} of {len(judged)} in the book in time"
    if slowest:
        said += f"; the slowest {slowest.name} after {slowest.took_s:.1f} s"
    return in_time == len(judged), said
