#!/usr/bin/python3
"""Runs bta in a swarm of real clients and judges what it confirmed. See README.md in this folder."""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import plan
from clients import KINDS
from conclude import conclude
from namespaces import Network
from observer import Observer
from swarm import Swarm, subfolder
from trackers import TRACKERS
from ways import ONLY, ways

ROOT = Path(__file__).resolve().parents[2]
TOOLS = {"ip": "apt-get install iproute2", "nft": "apt-get install nftables", "setpriv": "apt-get install util-linux"}
SETTLE_S = 5  # between the last client's word and the end of the observation
CUT_SHARE = 85
KNOWN_S = 60  # the same where clients are known late


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--profile", choices=plan.PROFILES, default="ci", help="the cast of the swarm (%(default)s)")
    add("--family", type=int, choices=(4, 6), default=4,
        help="the Internet Protocol that the hosts speak; 6 without ctorrent, with bittorrent-tracker (%(default)s)")
    add("--only", choices=ONLY, help="bta can find the clients in no other way, nor they each other, and it is judged "
        "how soon each was in its book; pex: one that its tracker knows, and whom that one names")
    add("--kinds", type=names(KINDS), default=list(KINDS), help="only these clients, by comma; seeds stay")
    add("--behaviours", type=names(plan.BEHAVIOURS), default=list(plan.BEHAVIOURS), help="only these, by comma")
    add("--tracker", choices=TRACKERS, help="(the profile's)")
    add("--tracker-interval", type=int, default=30, metavar="S",
        help="announce interval of bittorrent-tracker (%(default)s)")
    add("--magnet", action="store_true", help="bta is given no more than a magnet link with the trackers")
    add("--interval", metavar="MIN", help="handed to bta as -i")
    add("--tolerate", type=int, default=0, metavar="N",
        help="so many misses of the observer that is left alone are no failure: these machines are shared (%(default)s)")
    add("--share", type=int, metavar="PERCENT", help="so many of the completions that anything sent to a silent guest "
        "could have shown must be confirmed by the observer that is left alone (the profile's)")
    add("--cut", type=int, metavar="S", help="the observers' link is down for this time, from the middle of the arrivals")
    add("--loglevel", default="DEBUG", help="handed to bta as -l (%(default)s)")
    add("--seed", type=int, default=int(time.time()) % 1_000_000, help="of everything drawn (the time)")
    add("--size", type=int, default=64, metavar="MIB", help="of the content (%(default)s)")
    add("--piece", type=int, default=256, metavar="KIB", help="length of a piece (%(default)s)")
    add("--arrivals", type=int, dest="arrivals_s", metavar="S", help="clients arrive over this time (the profile's)")
    add("--limit", type=int, dest="limit_s", metavar="S", help="the swarm is ended after this time (the profile's)")
    add("--kills", type=int, help="SIGKILLs to the second observer; 0: there is none (the profile's)")
    add("--binaries", type=Path, default=Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release",
        help="folder of bta and bta-dump (%(default)s)")
    add("--without-bta", action="store_true", help="only the swarm: do all clients keep to their plans?")
    add("--folder", type=Path, help="where logs, stores and result.json go (a new one in the temporary folder)")
    options = parser.parse_args()
    if options.cut:
        # As many come before it and after it as else; who comes in it may hear of bta too late.
        options.arrivals_s = options.arrivals_s or plan.PROFILES[options.profile].arrivals_s + options.cut
        options.share, options.share_of_all = options.share or CUT_SHARE, 0
    for name, value in vars(plan.PROFILES[options.profile]).items():
        if getattr(options, name, None) is None:
            setattr(options, name, value)
    return options


def names(known):
    def parse(text):
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name}: not one of {', '.join(known)}")
        return chosen
    return parse


def require(programs):
    """End with what to install if any of the programs is missing; nothing is skipped."""
    missing = {name: how for name, how in programs.items() if not shutil.which(name) and not Path(name).exists()}
    for name, how in missing.items():
        print(f"missing: {name} ({how})", file=sys.stderr)
    if missing or os.geteuid():
        sys.exit("interop: needs " + ("the programs above" if missing else "root, for network namespaces"))


def main():
    options = arguments()
    plans = [member for member in options.cast(random.Random(options.seed))
             if member.behaviour == plan.SEED or
             member.kind in options.kinds and member.behaviour in options.behaviours]
    allowed = ways(options.only)
    plans = [member for member in plans if allowed.suits(KINDS[member.kind], options.family, member.firewalled)]
    if options.family == 6:
        options.tracker = "bittorrent-tracker"
    require(TOOLS | (TRACKERS[options.tracker].programs if allowed.tracker else {}))
    for kind in {member.kind for member in plans}:
        require(KINDS[kind].programs)
    if not options.without_bta:
        require({str(options.binaries / name): "cargo build --release" for name in ("bta", "bta-dump")})
    plan.draw(plans, options.seed, options.size * 1024, options.observed_from_s, options.arrivals_s)

    folder = options.folder or Path(tempfile.mkdtemp(prefix="bta-interop-"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)  # opentracker is nobody
    way = f"{options.only} only" if options.only else options.tracker
    print(f"interop: {len(plans)} clients, {way}, {options.size} MiB, seed {options.seed}, in {folder}",
          flush=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    with Network(options.family) as network:
        swarm = Swarm(network, folder, plans, options)
        observers = [] if options.without_bta else [
            Observer("steady", network.host(), subfolder(folder, "steady"), swarm, options)]
        if observers and options.kills:
            observers.append(
                Observer("killed", network.host(), subfolder(folder, "killed"), swarm, options, options.kills))
        try:
            swarm.run(observers, options, SETTLE_S if allowed.is_open else KNOWN_S)
        finally:
            swarm.close(observers)
    return conclude(swarm, observers, options)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
