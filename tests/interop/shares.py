"""What share of the completions was confirmed: of those that could be seen, and of all. Pure, and its table."""

import statistics
from collections import defaultdict
from dataclasses import dataclass

from judge import CONFIRMED, UNSEEN
from plan import DOWNLOADS, HOLD_BACK

SLOW_LEAVERS = 0.25
MEDIAN_ERROR_S = 1
ROW = "{:<30} {:>9} {:>9} {:>9} {:>9}"


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


def table(plans, verdicts):
    """How many completed, could be seen to, and were: by client, by what it speaks and whether it can be reached, and by
    how it behaves."""
    groups = defaultdict(list)
    for plan, verdict in zip(plans, verdicts):
        if plan.behaviour in DOWNLOADS:
            for name in (f"1 {plan.kind}", f"2 speaks {plan.speaks}{', firewalled' if plan.firewalled else ''}",
                         f"3 {plan.behaviour}", *(["4 at its limit"] if plan.limit else [])):
                groups[name].append(verdict)
    print("\n" + ROW.format("", "completed", "showable", "confirmed", "missed"))
    for name, group in sorted(groups.items()):
        showable, confirmed = sum(map(was_showable, group)), count(group, CONFIRMED)
        print(ROW.format(name[2:], sum(verdict.completed for verdict in group), showable, confirmed, showable - confirmed))
