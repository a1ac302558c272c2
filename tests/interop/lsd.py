#!/usr/bin/python3
"""Local discovery alone brings bta and real clients together: lsd.py [--family 6] [--binaries FOLDER].

A torrent without trackers, DHT and PEX off, on hosts of their own. A seed that was there before bta hears of bta, or is
heard again; whoever begins later announces itself by multicast and has to be in the book within a minute, and the
leecher's download has to be counted.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from content import Torrent
from namespaces import Network
from processes import Process, Resident

FOUND_WITHIN_S = 60
DOWNLOADS_WITHIN_S = 120
RATE_KB = 500
PORT = 6881
SESSION = """
import sys, time
import libtorrent as lt
torrent, folder, listen, rate_kb = sys.argv[1:]
session = lt.session({"listen_interfaces": listen, "enable_dht": False, "enable_lsd": True, "enable_upnp": False,
                      "enable_natpmp": False})
wanted = lt.add_torrent_params()
wanted.ti, wanted.save_path = lt.torrent_info(torrent), folder
wanted.flags |= lt.torrent_flags.disable_pex
if int(rate_kb):
    wanted.download_limit = int(rate_kb) * 1024
else:
    wanted.flags |= lt.torrent_flags.seed_mode
session.add_torrent(wanted)
while True:
    time.sleep(1)
"""


class Program(Resident):
    """One program on a host of its own, from `start` until `stop`."""

    def __init__(self, name, host, folder, command):
        super().__init__(name, host)
        self.folder, self.command = folder, command
        self.process = None
        self.began = None

    def live(self):
        self.process = Process(self.command, self.folder)
        self.began = time.monotonic()
        # A process ends with the thread that started it.
        self.process.child.wait()

    def up(self):
        self.start()
        while self.began is None:
            if self.failure:
                raise RuntimeError(self.failure)
            time.sleep(0.05)
        return self

    def stop(self):
        return self.process.stop(grace_s=15) if self.process else None


class Stage:
    """The hosts, the torrent, and who is on the stage."""

    def __init__(self, network, folder, binaries):
        self.network, self.folder, self.binaries = network, folder, binaries
        self.torrent = Torrent(folder, 16, 1, [])
        self.store = folder / "run"
        self.programs = []

    def enter(self, name, command, seeds=False):
        host, folder = self.network.host(), self.folder / name
        (folder / "downloads").mkdir(parents=True)
        if seeds:
            (folder / "downloads" / self.torrent.name).hardlink_to(self.torrent.payload)
        program = Program(name, host, folder, command(host, folder))
        self.programs.append(program)
        return program.up()

    def libtorrent(self, name, rate_kb):
        return self.enter(name, lambda host, folder: [
            "/usr/bin/python3", "-c", SESSION, self.torrent.file, folder / "downloads", host.at(PORT), rate_kb],
            seeds=not rate_kb)

    def transmission(self, name):
        def command(host, folder):
            (folder / "settings.json").write_text(json.dumps({
                "bind-address-ipv4": host.address, "peer-port": PORT, "download-dir": str(folder / "downloads"),
                "dht-enabled": False, "pex-enabled": False, "lpd-enabled": True, "port-forwarding-enabled": False,
                "rpc-enabled": False, "watch-dir-enabled": True, "watch-dir": str(self.folder / "watched"),
            }))
            return ["transmission-daemon", "-f", "-g", folder]
        watched = self.folder / "watched"
        watched.mkdir()
        (watched / self.torrent.file.name).write_bytes(self.torrent.file.read_bytes())
        return self.enter(name, command, seeds=True)

    def bta(self):
        return self.enter("bta", lambda host, _: [
            self.binaries / "bta", self.torrent.file, "--output", self.store, "--bind", host.address, "-p", PORT,
            "--allow-local", "--keep-addresses", "--geoip", "none", "--no-dht", "--quiet", "-l", "debug"])

    def dump(self, what):
        done = subprocess.run([self.binaries / "bta-dump", what, "--format", "jsonl", self.store],
                              capture_output=True, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def sources(self, program):
        """Who named it, once it is in the book."""
        for row in self.dump("peers"):
            if (row["address"] or "").rpartition(":")[0].strip("[]") == program.host.address:
                return row["sources"]
        return None


def until(holds, limit_s):
    deadline = time.monotonic() + limit_s
    while not (value := holds()) and time.monotonic() < deadline:
        time.sleep(0.25)
    return value


def main(family, binaries, folder):
    passed = True

    def check(name, holds):
        nonlocal passed
        passed &= bool(holds)
        print(f"{'ok    ' if holds else 'FAILED'} {name}", flush=True)

    with Network(family) as network:
        stage = Stage(network, folder, binaries.resolve())
        try:
            early = stage.libtorrent("early", 0)
            time.sleep(5)
            bta = stage.bta()
            found = until(lambda: stage.sources(early), FOUND_WITHIN_S)
            check(f"a seed that was there before is met: {found} after {time.monotonic() - bta.began:.1f} s", found)

            late = [stage.libtorrent("late", 0), stage.libtorrent("leecher", RATE_KB)]
            if family == 4:
                late.append(stage.transmission("transmission"))
            for client in late:
                # It may have come before it was named.
                named = until(lambda: "lsd" in (stage.sources(client) or ()), FOUND_WITHIN_S)
                took = time.monotonic() - client.began
                check(f"{client.name} is in the book by LSD after {took:.1f} s", named and took <= FOUND_WITHIN_S)
            confirmed = until(lambda: stage.dump("completions"), DOWNLOADS_WITHIN_S)
            check("the leecher's download is confirmed", len(confirmed) == 1)
            sources = {row["source"] for row in stage.dump("sources") if row["received"]}
            check(f"the sources are lsd and whoever came by himself: {sorted(sources)}",
                  "lsd" in sources and sources <= {"lsd", "incoming"})
            check("bta ends in order", bta.stop() == 0)
        finally:
            for program in stage.programs:
                program.stop()
    return passed


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--family", type=int, choices=[4, 6], default=4)
    parser.add_argument("--binaries", type=Path, default=Path(__file__).resolve().parents[2] / "target/release")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bta-lsd-") as name:
        sys.exit(0 if main(options.family, options.binaries, Path(name)) else 1)
