"""Real trackers: opentracker, or bittorrent-tracker from npm where the announce interval matters."""

import http.client
import threading
import time
from pathlib import Path

from processes import Process, Resident

PORT = 6969
READY_WITHIN_S = 15
NODE_MODULES = Path(__file__).parent / "node_modules"


class Opentracker(Resident):
    """HTTP and UDP on one port; tells clients to come back in half an hour."""

    kind = "opentracker"
    counts_completions = True
    programs = {"opentracker": "apt-get install opentracker"}

    def __init__(self, host, folder, torrent, stopping, interval_s):
        super().__init__(self.kind, host)
        self.folder = folder
        self.torrent = torrent
        self.stopping = stopping
        self.interval_s = interval_s
        self.ready = threading.Event()

    def command(self):
        (self.folder / "whitelist").write_text(self.torrent.info_hash + "\n")
        (self.folder / "conf").write_text(
            f"listen.tcp_udp {self.host.at(PORT)}\naccess.whitelist whitelist\n"
            f"tracker.rootdir {self.folder}\n")
        # It refuses to be root; if it changed its user itself, it would no longer die with its parent.
        return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--pdeathsig=KILL", "--",
                "opentracker", "-f", self.folder / "conf"]

    def live(self):
        process = Process(self.command(), self.folder)
        try:
            deadline = time.monotonic() + READY_WITHIN_S
            while not self.answers():
                if time.monotonic() > deadline or not process.running():
                    raise RuntimeError(f"does not answer, see {self.folder}/log")
                time.sleep(0.1)
            self.ready.set()
            self.stopping.wait()
        finally:
            process.stop()

    def answers(self):
        connection = http.client.HTTPConnection(self.host.address, PORT, timeout=2)
        try:
            connection.request("GET", "/stats")
            return connection.getresponse().status > 0  # opentracker refuses, which is an answer
        except OSError:
            return False
        finally:
            connection.close()


class BittorrentTracker(Opentracker):
    """The one of the WebTorrent project; its interval is ours to set."""

    kind = "bittorrent-tracker"
    counts_completions = False  # what it calls `downloaded` are its seeders of the moment
    script = NODE_MODULES / ".bin" / "bittorrent-tracker"
    programs = {
        "node": "apt-get install nodejs",
        str(script): f"npm install --ignore-scripts --no-save --prefix {NODE_MODULES.parent} bittorrent-tracker@9",
    }

    def command(self):
        return ["node", self.script, "--http", "-p", PORT, "--http-hostname", self.host.address,
                *self.udp(), "--interval", self.interval_s * 1000]

    def udp(self):
        """Over IPv6 it answers UDP with IPv4 peers."""
        return [] if self.host.is_ipv6 else ["--udp", "--udp-hostname", self.host.address, "--udp6-hostname", "::1"]


TRACKERS = {tracker.kind: tracker for tracker in (Opentracker, BittorrentTracker)}


def announce_urls(host):
    """Over IPv6 HTTP alone: what is true of one tracker (see `udp`) holds for several clients as well."""
    return [f"{scheme}://{host.at(PORT)}/announce" for scheme in (("http",) if host.is_ipv6 else ("http", "udp"))]
