#!/usr/bin/python3
"""bta's network goes away for a minute in mid-swarm: what does it cost? See README.md in this folder.

Leechers of several clients, a third of which complete before the cut, a third while it lasts and a third after it; all
stay to the end. Whoever completes outside of it has to be confirmed in its session, and dated as ever; whoever completes
inside may be confirmed late, or across sessions, but has to be. The gap has to be in the store, with its length, and
no contact may have been charged with it. The ways to cut: the link of bta's host is set down (routes go, the system
says so), its far end is (the carrier goes), or its port leaves the bridge (nothing but silence).
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

from clients import KINDS
from judge import address, seconds
from namespaces import Network, run
from observer import Observer
from plan import SEED, STAY, Plan
from run import ROOT
from swarm import Swarm, subfolder

KINDS_OF_LEECHERS = "libtorrent,transmission,aria2"
SIZE_MIB = 32
CUT_FROM_S, CUT_S = 45, 60
DONE_S = (22, 75, 135)  # after the opening: before the cut, in it, after it
START_S = 4
LIMIT_S = 260
LATE_S = 30  # Transmission sends HAVE every 10 to 12 s, and TCP sends again up to half of the cut late
LENGTH_IS_WRONG_BY_S = 12
CHARGED = ("timed_out", "unreachable", "no_route", "local_error")


class Cut(threading.Thread):
    """Takes a host's network away for a while."""

    def __init__(self, how, network, host, swarm):
        super().__init__(daemon=True)
        port = f"port{host.namespace.rpartition('-')[2]}"
        at_the_bridge = lambda *words: run("ip", "-n", network.bridge, "link", "set", port, *words)
        self.off, self.on = {
            "link": (host.unplug, host.plug_in),
            "carrier": (lambda: at_the_bridge("down"), lambda: at_the_bridge("up")),
            "silence": (lambda: at_the_bridge("nomaster"), lambda: at_the_bridge("master", "br0")),
        }[how]
        self.swarm, self.began, self.ended = swarm, None, None

    def run(self):
        time.sleep(CUT_FROM_S)
        self.off()
        self.began = time.time()
        self.swarm.observed.wait(CUT_S)
        self.on()
        self.ended = time.time()


def cast(kinds):
    """One seed, and of each kind one leecher that is done at each time."""
    plans = [Plan(kind, SEED) for kind in ("libtorrent", "transmission", "aria2", "libtorrent")]
    for kind in kinds:
        for done_s in DONE_S:
            rate_kb = round(SIZE_MIB * 1024 / (done_s - START_S))
            plans.append(Plan(kind, STAY, start_s=START_S, rate_kb=rate_kb))
    return plans


def wrong(life, row, cut):
    """What is wrong with what was recorded of one client; empty if nothing is."""
    crossed = life.truth.crossed
    if crossed is None:
        return "it did not complete"
    if row is None:
        return "not confirmed"
    at, below_at = seconds(row["at"]), seconds(row["below_at"])
    inside = cut.began - 1 <= crossed <= cut.ended + 1
    error_s = life.truth.error(below_at if row["evidence"] == "across_sessions" else at, at)
    if error_s < -2:
        return f"{-error_s:.1f} s too early"
    if inside:
        return "" if below_at <= crossed + 1 else f"below_at is {below_at - crossed:.1f} s late"
    return "" if error_s < LATE_S else f"{error_s:.1f} s late"


def recorded_gap(events, cut):
    """The length of the one gap, and what is wrong with it."""
    kinds = [row["kind"] for row in events if row["kind"].startswith("network_")]
    if kinds != ["network_down", "network_up"]:
        return None, f"events {kinds}"
    since, until = (seconds(row["at"]) for row in events if row["kind"].startswith("network_"))
    late = max(abs(since - cut.began), abs(until - cut.ended))
    return until - since, "" if late < LENGTH_IS_WRONG_BY_S else f"{late:.1f} s beside the cut"


def outage(how, kinds, options, folder):
    """Whether nothing went wrong."""
    settings = SimpleNamespace(
        size=SIZE_MIB, piece=256, seed=7, only=None, tracker="opentracker", tracker_interval=20, magnet=False,
        interval=None, loglevel="debug", limit_s=LIMIT_S, binaries=options.binaries, cut=None,
        observed_from_s=0, arrivals_s=START_S)
    with Network() as network:
        swarm = Swarm(network, folder, cast(kinds), settings)
        observer = Observer("bta", network.host(), subfolder(folder, "bta"), swarm, settings)
        cut = Cut(how, network, observer.host, swarm)
        cut.start()
        try:
            swarm.run([observer], settings, 5)
        finally:
            swarm.close([observer])
    problems = [it.failure for it in (observer, *swarm.lives) if it.failure]
    if observer.exit_code:
        problems.append(f"bta's exit code is {observer.exit_code}")
    rows = {address(row): row for row in observer.dump("completions")}
    for life in swarm.lives:
        if life.plan.behaviour == SEED:
            continue
        row = rows.get(life.host.address)
        why = wrong(life, row, cut)
        if why:
            problems.append(f"{life.name}: {why}")
        crossed = life.truth.crossed and life.truth.crossed - cut.began
        where = "-" if crossed is None else f"{crossed:+6.1f} s"
        late = "" if row is None else f"{seconds(row['at']) - (life.truth.crossed or 0):+6.1f} s {row['evidence']}"
        print(f"       {life.name:<24} crossed {where} from the cut on, recorded {late}")
    length, why = recorded_gap(observer.dump("events"), cut)
    if why:
        problems.append(why)
    counts = {}
    for row in observer.dump("outcomes"):
        counts[row["outcome"]] = counts.get(row["outcome"], 0) + row["count"]
    charged = {outcome: counts[outcome] for outcome in CHARGED if counts.get(outcome)}
    if charged:
        problems.append(f"charged: {charged}")
    print(f"{'FAILED' if problems else 'ok    '} {how:<8} cut for {cut.ended - cut.began:.1f} s, a gap of "
          f"{'no' if length is None else f'{length:.1f}'} s; outcomes {counts}", flush=True)
    for problem in problems:
        print(f"       {problem}", flush=True)
    return not problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--how", default="link,carrier,silence", help="ways to cut, by comma (%(default)s)")
    parser.add_argument("--kinds", default=KINDS_OF_LEECHERS, help="which clients, by comma (%(default)s)")
    parser.add_argument("--binaries", type=Path,
                        default=Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release",
                        help="folder of bta and bta-dump (%(default)s)")
    options = parser.parse_args()
    kinds = options.kinds.split(",")
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        parser.error(f"{', '.join(unknown)}: not one of {', '.join(KINDS)}")
    folder = Path(tempfile.mkdtemp(prefix="bta-outage-"))
    folder.chmod(0o755)
    failed = [how for how in options.how.split(",") if not outage(how, kinds, options, subfolder(folder, how))]
    print(f"{len(failed)} failed; logs in {folder}")
    return not failed


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
