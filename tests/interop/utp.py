#!/usr/bin/python3
"""Are clients met that speak uTP alone: utp.py [--family 6] [--loss 10] [--kinds ...] [--binaries FOLDER].

A tracker, a libtorrent seed, and leechers on hosts of their own. First bta hears nobody (-p 0), so that it has to dial
those that speak uTP alone; then it listens, and behind their firewalls they have to call it, Transmission as it is.
Every download must be confirmed; with --no-utp none may be. --loss: so many of a hundred datagrams are lost at bta.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from clients import KINDS
from content import Torrent
from namespaces import Network, run
from plan import ANY, SEED, STAY, UTP, Plan
from processes import Process, Resident
from run import ROOT
from swarm import subfolder
from trackers import BittorrentTracker, Opentracker, announce_urls
from ways import OPEN

PORT = 6881
COMPLETE_WITHIN_S = 120
SEEN_WITHIN_S = 15
KNOWN_AFTER_S = 5  # to the tracker
POLL_S = 0.25
SIZE_MIB = 16
RATE_KB = 600
LOSS = """
table inet loss {{
  chain input {{ type filter hook input priority -10; meta l4proto udp numgen random mod 100 < {0} drop; }}
  chain output {{ type filter hook output priority -10; meta l4proto udp numgen random mod 100 < {0} drop; }}
}}
"""


class Leecher(Resident):
    """A client, from `start` until all is over."""

    def __init__(self, plan, host, folder, torrent, stopping):
        super().__init__(f"{plan.kind}-{plan.behaviour}", host)
        self.make = lambda: KINDS[plan.kind](host, torrent, folder, plan=plan, ways=OPEN, entries=[])
        self.plan, self.stopping, self.pieces = plan, stopping, None

    def live(self):
        client = self.make()
        client.start()
        try:
            while not self.stopping.wait(POLL_S):
                self.pieces = client.pieces()
        finally:
            client.stop()


class Guest(Resident):
    def __init__(self, host, folder, command, stopping):
        super().__init__("bta", host)
        self.folder, self.command, self.stopping, self.exit_code = folder, command, stopping, None

    def live(self):
        with open(self.folder / "stdout", "ab") as stdout:
            process = Process(self.command, self.folder, "stderr", stdout, RUST_BACKTRACE="1")
        self.stopping.wait()
        self.exit_code = process.stop(signal.SIGINT, 15)


def until(holds, limit_s):
    deadline = time.monotonic() + limit_s
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    return held


def dump(binaries, what, store):
    done = subprocess.run([binaries / "bta-dump", what, "--format", "jsonl", store], capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def scene(plans, options, folder, heard, *words):
    """Which of the leechers were confirmed, by address; and by which ways bta met anybody."""
    binaries, stopping, tracker_stopping = options.binaries.resolve(), threading.Event(), threading.Event()
    with Network(options.family) as network:
        host = network.host()
        torrent = Torrent(folder, SIZE_MIB, 1, announce_urls(host))
        # Debian's opentracker speaks IPv4 alone.
        kind = BittorrentTracker if options.family == 6 else Opentracker
        tracker = kind(host, subfolder(folder, "tracker"), torrent, tracker_stopping, 30)
        seed = Plan("libtorrent", SEED)
        clients = [Leecher(plan, network.host(plan.firewalled), subfolder(folder, f"{number}-{plan.kind}"), torrent, stopping)
                   for number, plan in enumerate([seed, *plans])]
        guest_host = network.host()
        if options.loss:
            run("ip", "netns", "exec", guest_host.namespace, "nft", "-f", "-", stdin=LOSS.format(options.loss))
        store = folder / "run"
        guest = Guest(guest_host, subfolder(folder, "bta"), [
            binaries / "bta", torrent.file, "--output", store, "--bind", guest_host.address, "-p", PORT if heard else 0,
            "--allow-local", "--keep-addresses", "--no-dht", "--no-lsd", "--no-pex-send", "--geoip", "none", "--quiet",
            "-l", "debug", *words], stopping)
        leechers = {client.host.address: client for client in clients[1:]}
        try:
            tracker.start()
            tracker.ready.wait(15)
            if heard:
                guest.start()
            clients[0].start()
            # Who is behind a firewall must be told of both: nobody can call it.
            time.sleep(KNOWN_AFTER_S)
            for client in clients[1:]:
                client.start()
            if not heard:
                time.sleep(4)
                guest.start()
            done = until(lambda: all(it.pieces == torrent.pieces for it in clients), COMPLETE_WITHIN_S)
            seen = lambda: {row["address"].rpartition(":")[0].strip("[]") for row in dump(binaries, "completions", store)}
            expected = set() if "--no-utp" in words else set(leechers)
            confirmed = until(lambda: expected and seen() == expected, SEEN_WITHIN_S) and expected or seen()
        finally:
            stopping.set()
            for resident in (guest, *clients):
                resident.join(30)
            tracker_stopping.set()
            tracker.join(10)
    failures = [it.failure for it in (guest, tracker, *clients) if it.failure]
    if not done or failures or guest.exit_code:
        raise RuntimeError(f"complete: {[it.pieces for it in clients]}, {failures}, bta's exit code {guest.exit_code}")
    return {address: address in confirmed for address in leechers}, leechers, confirmed - set(leechers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default="libtorrent,qbittorrent,transmission", help="which clients (%(default)s)")
    parser.add_argument("--family", type=int, choices=[4, 6], default=4, help="IP version (%(default)s)")
    parser.add_argument("--loss", type=int, default=0, help="datagrams of a hundred that are lost at bta (%(default)s)")
    parser.add_argument("--binaries", type=Path,
                        default=Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release",
                        help="folder of bta and bta-dump (%(default)s)")
    options = parser.parse_args()
    kinds = options.kinds.split(",")
    dialled = [Plan(kind, STAY, speaks=UTP, rate_kb=RATE_KB) for kind in kinds if kind != "transmission"]
    calling = [Plan(kind, STAY, speaks=ANY if kind == "transmission" else UTP, rate_kb=RATE_KB, firewalled=True)
               for kind in kinds]
    folder = Path(tempfile.mkdtemp(prefix="bta-utp-"))
    folder.chmod(0o755)
    failed = 0
    for name, plans, heard, words in (("dialled", dialled, False, []), ("calling", calling, True, []),
                                      ("refused", [plan for plan in calling if plan.speaks == UTP], True, ["--no-utp"])):
        confirmed, leechers, others = scene(plans, options, subfolder(folder, name), heard, *words)
        for address, was in confirmed.items():
            right = was != ("--no-utp" in words)
            failed += not right
            print(f"{'ok    ' if right else 'FAILED'} {name:<8} {leechers[address].plan.kind:<13} "
                  f"{'confirmed' if was else 'not confirmed'}", flush=True)
        if others:
            failed += 1
            print(f"FAILED {name}: {others} confirmed, who downloaded nothing")
    print(f"{failed} failed; logs in {folder}")
    return not failed


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
