#!/usr/bin/python3
"""Does each client give bta its metadata? A seed alone in its swarm, and bta with no more than a magnet link."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import plan
from clients import KINDS
from namespaces import Network
from observer import Observer
from run import ROOT
from swarm import Swarm, subfolder

GIVES_WITHIN_S = 60
POLL_S = 0.1
PIECES = {"size": 32, "piece": 16}  # 2,048 hashes: three pieces of metadata, the last one short


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", default=",".join(plan.MODERN), help="which clients, by comma (%(default)s)")
    parser.add_argument("--binaries", type=Path,
                        default=Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release",
                        help="folder of bta and bta-dump (%(default)s)")
    return parser.parse_args()


def gives(kind, binaries, folder):
    """The seconds until bta had the metadata; None: it never had."""
    options = argparse.Namespace(
        **PIECES, seed=1, tracker="opentracker", only=None, tracker_interval=20, interval=None, loglevel="DEBUG",
        limit_s=GIVES_WITHIN_S, magnet=True, binaries=binaries)
    with Network() as network:
        swarm = Swarm(network, folder, [plan.Plan(kind, plan.SEED)], options)
        observer = Observer("bta", network.host(), subfolder(folder, "bta"), swarm, options)
        kept = observer.store / "metadata" / f"{swarm.torrent.info_hash}.torrent"
        try:
            swarm.open()
            swarm.opening = time.monotonic()
            for life in swarm.lives:
                life.start()
            time.sleep(5)  # it checks its files and announces itself
            observer.start()
            begun = time.monotonic()
            while not kept.exists() and time.monotonic() < begun + GIVES_WITHIN_S:
                time.sleep(POLL_S)
            took = time.monotonic() - begun
        finally:
            swarm.close([observer])
        right = kept.exists() and kept.read_bytes() == b"d4:info" + swarm.torrent.info + b"e"
        return took if right and observer.exit_code == 0 else None


def main():
    options = arguments()
    folder = Path(tempfile.mkdtemp(prefix="bta-magnet-"))
    folder.chmod(0o755)  # opentracker is nobody
    silent = 0
    for kind in options.kinds.split(","):
        took = gives(kind, options.binaries, subfolder(folder, kind))
        silent += took is None
        print(f"{kind:<14} {'no metadata' if took is None else f'metadata after {took:.1f} s'}", flush=True)
    print(f"{len(options.kinds.split(',')) - silent} passed, {silent} failed; logs in {folder}")
    return not silent


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
