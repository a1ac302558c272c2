#!/usr/bin/python3
"""Does bta meet who can be reached only where a common peer introduces them (BEP 55)?

A seed with an open port, the relay, and a leecher behind a firewall, which knows the relay and nobody else: no tracker,
no DHT. Both are libtorrent. bta has a magnet link that names the relay (x.pe), hears of the leecher from it, cannot dial
it, and has to confirm its download all the same. The leecher hears no gossip, so that it is bta that has to ask: from
an open host, to which the leecher can come once it is told to, and from behind a firewall, through which each
lets the other in only as it calls out itself. Without uTP they must not meet.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from clients.base import PORT
from clients.libtorrent import Libtorrent
from content import Torrent
from namespaces import Network
from pex import Guest, until
from plan import ANY, SEED, STAY, UTP, Plan
from processes import Resident
from run import ROOT
from swarm import subfolder
from ways import Ways

SIZE_MIB = 8
RATE_KB = 70  # two minutes: a dial that nobody answers, half a minute's rule, and time to be watched
MEETS_WITHIN_S = 180
POLL_S = 0.2
# Whether bta is firewalled, what the relay speaks, more options of bta.
CASES = {
    "open": (False, ANY, []),
    "firewalled": (True, ANY, []),
    "over uTP": (True, UTP, []),
    "--no-utp": (False, ANY, ["--no-utp"]),
}
DEED = "asking for an introduction"


class Leecher(Libtorrent):
    """One that knows a peer from the start."""

    relay = None

    def command(self):
        return [*super().command(), f"peer={self.relay}"]


class Neighbour(Resident):
    def __init__(self, make, stopping):
        client = make()
        super().__init__(type(client).__name__, client.host)
        self.client, self.stopping, self.pieces, self.company = client, stopping, None, set()

    def live(self):
        self.client.start()
        try:
            while not self.stopping.wait(POLL_S):
                self.pieces, self.company = self.client.pieces(), self.client.connected()
        finally:
            self.client.stop()


def met(case, options, folder):
    """Whether bta confirmed the leecher's download; and when the leecher said they were connected, if ever."""
    behind_firewall, speaks, words = CASES[case]
    stopping = threading.Event()
    with Network() as network:
        torrent = Torrent(folder, SIZE_MIB, 1, [])
        open_host, closed_host = network.host(), network.host(firewalled=True)
        relay = Neighbour(lambda: Libtorrent(
            open_host, torrent, subfolder(folder, "relay"), plan=Plan("libtorrent", SEED, speaks=speaks),
            ways=Ways(pex=True), entries=[]), stopping)
        leecher = Neighbour(lambda: Leecher(
            closed_host, torrent, subfolder(folder, "leecher"), plan=Plan("libtorrent", STAY, rate_kb=RATE_KB),
            ways=Ways(), entries=[]), stopping)
        leecher.client.relay = open_host.at(PORT)
        host = network.host(firewalled=behind_firewall)
        store, binaries = folder / "run", options.binaries.resolve()
        guest = Guest(host, subfolder(folder, "bta"), [
            binaries / "bta", f"{torrent.magnet()}&x.pe={open_host.at(PORT)}", "--output", store, "--bind", host.address,
            "-p", PORT, "--allow-local", "--keep-addresses", "--no-dht", "--geoip", "none", "--quiet", "-l", "debug",
            *words], stopping)
        try:
            relay.start()
            ready = until(lambda: relay.pieces == torrent.pieces, 30)
            leecher.start()
            began = until(lambda: leecher.pieces, 30)
            guest.start()
            connected = until(lambda: host.address in leecher.company, MEETS_WITHIN_S)
            done = until(lambda: leecher.pieces == torrent.pieces, MEETS_WITHIN_S)
            time.sleep(3)
        finally:
            stopping.set()
            for resident in (guest, leecher, relay):
                resident.join(30)
        if None in (ready, began, done) or guest.exit_code:
            raise RuntimeError(f"relay {ready}, leecher began {began}, done {done}, bta's exit code {guest.exit_code}")
        dumped = subprocess.run([binaries / "bta-dump", "completions", "--format", "jsonl", store],
                                capture_output=True, text=True, check=True).stdout
        confirmed = [row for row in map(json.loads, dumped.splitlines()) if row.get("verdict", "confirmed") == "confirmed"]
        strangers = [row for row in confirmed if closed_host.address not in row["address"]]
        if strangers or len(confirmed) > 1:
            raise RuntimeError(f"confirmed {confirmed}")
        if confirmed and DEED not in (store / "bta.log").read_text(errors="replace"):
            raise RuntimeError("they met without an introduction")
        return bool(confirmed), connected


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default=",".join(CASES), help="which, by comma (%(default)s)")
    parser.add_argument("--binaries", type=Path,
                        default=Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release",
                        help="folder of bta and bta-dump (%(default)s)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bta-punch-"))
    folder.chmod(0o755)
    failed = 0
    for case in options.cases.split(","):
        confirmed, connected = met(case, options, subfolder(folder, case.strip("-").replace(" ", "-")))
        right = confirmed == (case != "--no-utp")
        failed += not right
        how = "never met it" if connected is None else f"met it after {connected:.1f} s"
        print(f"{'ok    ' if right else 'FAILED'} {case:<12} {how}, {'confirmed' if confirmed else 'not confirmed'}",
              flush=True)
    print(f"{failed} failed; logs in {folder}")
    return not failed


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
