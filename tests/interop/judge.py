"""The judgement: what bta recorded against what the clients truly did. Pure."""

from dataclasses import dataclass
from datetime import datetime

from plan import DOWNLOADS, SEED

STAYED_S = 15  # a reachable client that stays this long after completing must be confirmed
EARLY_S = 2  # polled truth lags behind the client; to be earlier than this is not a matter of lag
WRITES_LATE_S = {"ctorrent": 2}  # it is known by a line that it writes once a second, later on a busy machine

# Verdicts: none is rightly unconfirmed; unseen is missed, but not required.
CONFIRMED, NONE, UNSEEN, MISSED, WRONG, DOUBLED = "confirmed", "none", "unseen", "missed", "wrong", "doubled"
GOOD = (CONFIRMED, NONE, UNSEEN)


@dataclass
class Verdict:
    """What became of one client at one observer."""

    name: str
    kind: str
    who: str
    completed: bool
    verdict: str = NONE
    error_s: float | None = None
    why: str = ""
    evidence: str = ""


def address(row):
    return row["address"].rpartition(":")[0].strip("[]")


def seconds(stamp):
    return datetime.fromisoformat(stamp).timestamp()


def excused(plan, truth, _, observed_until):
    """Why it need not be confirmed in a swarm that bta comes late to; empty if it must be."""
    stayed_s = min(truth.ended, observed_until) - truth.completed
    return f"it stayed {stayed_s:.1f} s" if plan.firewalled or stayed_s < STAYED_S else ""


def judge(name, plan, truth, company, rows, observed_until, excuse=excused):
    """`rows` are the completions recorded for the address of this client; `excuse` says who need not be confirmed."""
    verdict = Verdict(name, plan.kind, plan.who, plan.behaviour in DOWNLOADS and truth.completed is not None)
    if len(rows) > 1:
        verdict.verdict, verdict.why = DOUBLED, f"confirmed {len(rows)} times"
    elif rows and plan.behaviour == SEED:
        verdict.verdict, verdict.why = WRONG, "it held everything from the start"
    elif rows and truth.crossed is None:
        verdict.verdict, verdict.why = WRONG, f"it never held more than {truth.most} of {truth.total} pieces"
    elif rows:
        at, below_at = seconds(rows[0]["at"]), seconds(rows[0]["below_at"])
        verdict.error_s = truth.error(at if rows[0]["evidence"] == "in_session" else below_at, at)
        verdict.verdict, verdict.evidence = CONFIRMED, rows[0]["evidence"]
        if verdict.error_s < -EARLY_S - WRITES_LATE_S.get(plan.kind, 0):
            verdict.verdict, verdict.why = WRONG, f"{-verdict.error_s:.1f} s before it reached the threshold"
    elif verdict.completed:
        verdict.why = excuse(plan, truth, company, observed_until)
        verdict.verdict = UNSEEN if verdict.why else MISSED
        verdict.why = verdict.why or f"it stayed {min(truth.ended, observed_until) - truth.completed:.1f} s"
    return verdict


def kept_to_plan(plan, truth):
    """Whether the client did what it was there for; else the run says nothing about bta."""
    if plan.behaviour == SEED or plan.behaviour in DOWNLOADS:
        return truth.completed is not None
    return truth.started is not None and truth.crossed is None
