"""What share of the completions was confirmed: of those that could be seen, and of all. Pure, and its table."""

import statistics
from collections import defaultdict
from dataclasses import dataclass

from judge import CONFIRMED, UNSEEN
from plan import DOWNLOADS, HOLD_BACK

SLOW_LEAVERS = 0.25
MEDIAN_ERROR_S = 1
ROW = "{:<46} {:>9} {:>9} {:>9} {:>9}"


@dataclass
class Shares:
    showable: int  # completions that something sent to a silent guest could have shown
    confirmed: int  # of these
    all: int
    slow_are_few: bool  # Transmission and rTorrent among those that leave at once
    median_error_s: float  # of those watched while they completed whose client sends HAVE at once

    @property
    def of_showable(self):
        return self.confirmed / max(self.showable, 1)

    @property
    def of_all(self):
        return self.confirmed / max(self.all, 1)

    @property
    def said(self):
        few = "at most" if self.slow_are_few else "more than"
        return (f"of those that could have shown it: {self.confirmed} of {self.showable} ({self.of_showable:.1%}); "
                f"of all: {self.confirmed} of {self.all} ({self.of_all:.1%}); "
                f"Transmission and rTorrent are {few} a quarter of the leavers")


def was_showable(verdict):
    """Who was confirmed has shown it."""
    return verdict.completed and verdict.verdict != UNSEEN


def shares(plans, verdicts):
    leavers = [plan for plan in plans if plan.leaves_at_once]
    errors = [abs(verdict.error_s) for verdict in verdicts
              if verdict.verdict == CONFIRMED and verdict.evidence == "in_session" and verdict.kind not in HOLD_BACK]
    return Shares(
        sum(map(was_showable, verdicts)), count(verdicts, CONFIRMED), sum(verdict.completed for verdict in verdicts),
        sum(plan.kind in HOLD_BACK for plan in leavers) <= SLOW_LEAVERS * len(leavers),
        statistics.median(errors) if errors else 0.0)


def count(verdicts, what):
    return sum(verdict.completed and verdict.verdict == what for verdict in verdicts)


def beside_the_cut(truth, cut):
    """When a client got past the threshold, and came, as the network was cut from one time to the other."""
    when = lambda moment: "before" if moment < cut[0] else "in" if moment <= cut[1] else "after"
    crossed, came = when(truth.crossed), when(truth.started)
    return f"past the threshold {crossed} the cut" + (f", came {came} it" if crossed == "after" else "")


def table(lives, verdicts, cut):
    """How many completed, could be seen to, and were: by client, by what it speaks and whether it can be reached, by how it
    behaves, and by where the cut lay."""
    groups = defaultdict(list)
    for life, verdict in zip(lives, verdicts):
        plan = life.plan
        if plan.behaviour in DOWNLOADS:
            for name in (f"1 {plan.kind}", f"2 speaks {plan.speaks}{', firewalled' if plan.firewalled else ''}",
                         f"3 {plan.behaviour}", *(["4 at its limit"] if plan.limit else []),
                         *([f"5 {beside_the_cut(life.truth, cut)}"] if cut and verdict.completed else [])):
                groups[name].append(verdict)
    print("\n" + ROW.format("", "completed", "showable", "confirmed", "missed"))
    for name, group in sorted(groups.items()):
        showable, confirmed = sum(map(was_showable, group)), count(group, CONFIRMED)
        print(ROW.format(name[2:], sum(verdict.completed for verdict in group), showable, confirmed, showable - confirmed))
