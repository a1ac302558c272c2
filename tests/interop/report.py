"""What a run came to: a readable table, a JSON file, and the count of checks."""

import json
import statistics
from collections import defaultdict
from dataclasses import asdict

from judge import CONFIRMED, DOUBLED, MISSED, UNSEEN, WRONG
from plan import LEAVE, VANISH

ROW = "{:<13} {:<20} {:>7} {:>9} {:>9} {:>7} {:>6} {:>6} {:>13}"


class Report:
    """Collects checks; each is said once, failures with their reason."""

    def __init__(self):
        self.checks = []

    def check(self, good, what, why=""):
        self.checks.append({"good": bool(good), "check": what, "why": why})
        if not good:
            print(f"FAILED {what}{': ' if why else ''}{why}", flush=True)

    def close(self, path, **result):
        """Write the JSON file, print the last line; true if nothing failed."""
        failed = sum(not check["good"] for check in self.checks)
        path.write_text(json.dumps({**result, "checks": self.checks}, indent=1, default=str) + "\n")
        print(f"\nresult: {path}")
        print(f"{len(self.checks) - failed} passed, {failed} failed", flush=True)
        return failed == 0


def table(verdicts):
    """One line for each client kind and behaviour, and what came of those who need not be seen."""
    groups = defaultdict(list)
    for verdict in verdicts:
        groups[verdict.kind, verdict.who].append(verdict)
    print(ROW.format("client", "behaviour", "clients", "completed", "confirmed", "missed", "wrong", "double",
                     "median error"))
    for (kind, who), group in sorted(groups.items()):
        print(ROW.format(kind, who, *line(group)))
    print(ROW.format("all", "", *line(verdicts)))
    left = [verdict for verdict in verdicts if verdict.who.startswith((LEAVE, VANISH)) and verdict.completed]
    hidden = [verdict for verdict in verdicts if "firewalled" in verdict.who and verdict.completed]
    for what, group in (("left the moment they completed", left), ("behind a firewall", hidden)):
        print(f"{what}: {count(group, CONFIRMED)} of {len(group)} confirmed")


def line(group):
    errors = [verdict.error_s for verdict in group if verdict.verdict == CONFIRMED]
    return (len(group), sum(verdict.completed for verdict in group), count(group, CONFIRMED),
            count(group, MISSED, UNSEEN), count(group, WRONG), count(group, DOUBLED),
            f"{statistics.median(errors):+.1f} s" if errors else "")


def count(group, *verdicts):
    return sum(verdict.verdict in verdicts for verdict in group)


def truths(lives):
    """What every client did, for the record."""
    start = min((life.truth.started for life in lives if life.truth.started), default=0)
    since = lambda at: "" if at is None else f"{at - start:.1f}"
    row = "{:<28} {:<14} {:>9} {:>8} {:>8} {:>9} {:>8} {:>9}"
    print(row.format("client", "address", "rate KiB/s", "started", "crossed", "completed", "ended", "pieces"))
    for life in lives:
        truth = life.truth
        print(row.format(life.name + ("*" if life.plan.firewalled else ""), life.host.address,
                         life.plan.rate_kb or "", since(truth.started), since(truth.crossed),
                         since(truth.completed), since(truth.ended), f"{truth.most}/{truth.total}"))
    print("times in seconds; * behind a firewall\n")


def full(lives):
    """Whether those with a limit of connections were at it."""
    for life in lives:
        if life.plan.limit:
            print(f"{life.name}: at its limit of {life.plan.limit} connections for {life.company.full_share:.0%} of its "
                  f"download, at most {life.company.most}")


def as_json(life, verdicts):
    return {"name": life.name, "address": life.host.address, "plan": asdict(life.plan), "truth": asdict(life.truth),
            "company": {"full_share": life.company.full_share, "most": life.company.most, "visits": life.company.visits},
            "verdicts": {observer: asdict(verdict) for observer, verdict in verdicts.items()}}
