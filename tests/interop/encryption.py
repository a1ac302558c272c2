#!/usr/bin/python3
"""Does bta meet clients that speak nothing but encrypted, whoever calls?

Each client is there twice, once behind a firewall. One bta only dials (-p 0): it has to confirm all that it can reach.
The other only listens (-j 0): those behind the firewall have to call it, encrypted, and be confirmed; but for rTorrent,
which hangs up before it completes and calls nobody afterwards. A third speaks plain alone, and must not meet a single one.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from clients import KINDS
from clients.libtorrent import Libtorrent
from clients.transmission import Transmission
from namespaces import Network
from observer import Observer
from plan import ENCRYPTED, SEED, STAY, Plan
from run import ROOT
from swarm import Swarm, subfolder


class LibtorrentRc4(Libtorrent):
    """As libtorrent, which by itself selects a plain payload."""

    kind = "libtorrent-rc4"

    def command(self):
        return [json.dumps(json.loads(part) | {"allowed_enc_level": 2}) if str(part).startswith("{") else part
                for part in super().command()]


class TransmissionTcp(Transmission):
    """Without uTP, which would hide what becomes of TCP."""

    kind = "transmission-tcp"

    def command(self):
        command = super().command()
        settings = self.folder / "home" / "settings.json"
        settings.write_text(json.dumps(json.loads(settings.read_text()) | {"utp-enabled": False}))
        return command


KINDS |= {client.kind: client for client in (LibtorrentRc4, TransmissionTcp)}
ENCRYPTING = ("libtorrent", "libtorrent-rc4", "qbittorrent", "transmission", "transmission-tcp", "aria2", "rtorrent")
EVERY_S = 3  # a client comes
TAKES_S = 60  # each download
SETTLE_S = 30


def observer(name, swarm, network, options, *manner):
    """A bta with options of its own, which count before those that all have."""
    observer = Observer(name, network.host(), subfolder(swarm.folder, name), swarm, options)
    port = observer.command.index("-p")
    if "-p" in manner:
        del observer.command[port:port + 2]
    observer.command += manner
    return observer


def met(observer):
    """What it knows of each address in the end."""
    return {row["address"].rpartition(":")[0]: row["state"] for row in observer.dump("peers") if row["visits"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", default=",".join(ENCRYPTING), help="which clients, by comma (%(default)s)")
    parser.add_argument("--binaries", type=Path,
                        default=Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release",
                        help="folder of bta and bta-dump (%(default)s)")
    options = parser.parse_args()
    size_mib = 16
    vars(options).update(only=None, size=size_mib, seed=1, piece=64, tracker="opentracker", tracker_interval=20, cut=0,
                         limit_s=240, observed_from_s=0, interval="30s", loglevel="debug", magnet=False)
    rate_kb = size_mib * 1024 // TAKES_S
    plans = [Plan("libtorrent", SEED), Plan("libtorrent", SEED, speaks=ENCRYPTED)] + [
        Plan(kind, STAY, firewalled=firewalled, speaks=ENCRYPTED, start_s=EVERY_S * number, rate_kb=rate_kb)
        for firewalled in (False, True) for number, kind in enumerate(options.kinds.split(","))]
    folder = Path(tempfile.mkdtemp(prefix="bta-encryption-"))
    folder.chmod(0o755)
    with Network() as network:
        swarm = Swarm(network, folder, plans, options)
        dials = observer("dials", swarm, network, options, "-p", "0")
        listens = observer("listens", swarm, network, options, "-j", "0")
        plain = observer("plain", swarm, network, options, "--encryption", "off")
        observers = [dials, listens, plain]
        try:
            swarm.run(observers, options, SETTLE_S)
        finally:
            swarm.close(observers)
    failed = 0
    for one in observers:
        if one.failure or one.exit_code:
            failed += 1
            print(f"FAILED {one.name}: {one.failure or one.exit_code}")
    saw = {one: met(one) for one in observers}
    for life in swarm.lives[2:]:
        address, firewalled, kind = life.host.address, life.plan.firewalled, life.plan.kind
        demanded = saw[listens if firewalled else dials].get(address)
        enough = ("confirmed", "below") if firewalled and kind == "rtorrent" else ("confirmed",)
        right = life.truth.completed is not None and demanded in enough and address not in saw[plain]
        failed += not right
        where = ", ".join(f"{one.name}: {saw[one][address]}" for one in observers if address in saw[one])
        print(f"{'ok    ' if right else 'FAILED'} {kind:<16} {life.plan.who:<32} {where or 'never met'}"
              + ("" if life.truth.completed else "; never completed"), flush=True)
    print(f"{failed} failed; logs in {folder}")
    return not failed


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
