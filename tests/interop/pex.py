#!/usr/bin/python3
"""Do clients that know nobody but bta find each other by what it tells them (BEP 11)?

A seed and a leecher of a torrent without trackers; bta has a magnet link that names both (x.pe). The leecher has to
complete, which it can by bta's word alone; with --no-pex-send it must not find the seed.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from clients import KINDS
from clients.base import PORT
from content import Torrent
from namespaces import Network
from plan import SEED, STAY, Plan
from processes import Process, Resident
from run import ROOT
from swarm import subfolder
from ways import ONLY

FIND_WITHIN_S = 60
POLL_S = 0.2
SIZE_MIB = 4


class Neighbour(Resident):
    """A client that waits for somebody to tell it of others."""

    def __init__(self, kind, host, folder, torrent, seeding, stopping):
        super().__init__(f"{kind}-{'seed' if seeding else 'leecher'}", host)
        plan = Plan(kind, SEED) if seeding else Plan(kind, STAY, rate_kb=8000)
        self.make = lambda: KINDS[kind](host, torrent, folder, plan=plan, ways=ONLY["pex"], entries=[])
        self.stopping = stopping
        self.pieces = None

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
            process = Process(self.command, self.folder, "stderr", stdout)
        self.stopping.wait()
        self.exit_code = process.stop(signal.SIGINT, 15)


def until(holds, limit_s):
    """The seconds until it holds; None: it never did."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() > begun + limit_s:
            return None
        time.sleep(POLL_S)
    return time.monotonic() - begun


def told(kind, binaries, folder, silent):
    """The seconds from bta's start until the leecher was complete."""
    stopping = threading.Event()
    with Network() as network:
        torrent = Torrent(folder, SIZE_MIB, 1, [])
        hosts = [network.host(), network.host()]
        neighbours = [Neighbour(kind, host, subfolder(folder, name), torrent, name == "seed", stopping)
                      for host, name in zip(hosts, ("seed", "leecher"))]
        named = "".join(f"&x.pe={host.at(PORT)}" for host in hosts)
        guest_host = network.host()
        command = [binaries.resolve() / "bta", torrent.magnet() + named, "--output", folder / "run", "--bind", guest_host.address,
                   "-p", PORT, "--allow-local", "--no-dht", "--geoip", "none", "--quiet", "-l", "debug",
                   *(["--no-pex-send"] if silent else [])]
        guest = Guest(guest_host, subfolder(folder, "bta"), command, stopping)
        try:
            for neighbour in neighbours:
                neighbour.start()
            checked = until(lambda: neighbours[0].pieces == torrent.pieces, 30)
            time.sleep(2)
            alone = neighbours[1].pieces == 0
            guest.start()
            took = until(lambda: neighbours[1].pieces == torrent.pieces, FIND_WITHIN_S)
        finally:
            stopping.set()
            for resident in (guest, *neighbours):
                resident.join(30)
        if checked is None or not alone or guest.exit_code:
            raise RuntimeError(f"seed after {checked} s, leecher alone {alone}, bta's exit code {guest.exit_code}")
        return took


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", default="libtorrent,transmission", help="which clients, by comma (%(default)s)")
    parser.add_argument("--binaries", type=Path,
                        default=Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release",
                        help="folder of bta and bta-dump (%(default)s)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bta-pex-"))
    folder.chmod(0o755)
    failed = 0
    for kind in options.kinds.split(","):
        for silent in (False, True):
            name = f"{kind}{' --no-pex-send' if silent else ''}"
            took = told(kind, options.binaries, subfolder(folder, name.replace(" ", "")), silent)
            right = (took is None) == silent
            failed += not right
            found = "never found each other" if took is None else f"found each other and were done after {took:.1f} s"
            print(f"{'ok    ' if right else 'FAILED'} {name:<28} {found}", flush=True)
    print(f"{failed} failed; logs in {folder}")
    return not failed


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
