"""What lookups cost and find in the DHT of benches/dht: dht_compare.py [--nodes N] LAB [SEED...].

LAB is that bench's program. Of each torrent the peers are stored on one to eight of the closest live nodes. bta,
libtorrent, the `mainline` crate (tests/interop/mainline, if it was built) and npm's bittorrent-dht (if it was installed)
look up one torrent after the other, all at the same time, and the lab tells of each what reached its live nodes. Per
seed a line each, and at the end the median of all seeds, with the least and the most; docs/dht.md has the table.
"""

import argparse
import json
import statistics
import subprocess
import threading
import time
from collections import defaultdict
from pathlib import Path

import libtorrent as lt

from dht import session

HERE = Path(__file__).parent
CRATE = HERE / "mainline/target/debug/mainline-search"
NPM = HERE / "node_modules/bittorrent-dht"
SETTLED_S = 12
QUIET_S = 4
LIMIT_S = 60


class Program:
    """One that takes info-hashes by the line, and says its port, and then a line for each peer."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = defaultdict(set)
        self.port = None
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            if self.port is None:
                self.port = int(line)
            else:
                info_hash, peer = line.split()
                self.lines[info_hash].add(peer)

    def look_up(self, info_hash):
        print(info_hash, file=self.process.stdin, flush=True)

    def found(self, info_hash):
        return self.lines[info_hash]

    def end(self):
        self.process.kill()
        self.reader.join()


class Libtorrent:
    def __init__(self, bootstrap):
        self.node, _ = session(4)
        self.port = self.node.listen_port()
        self.peers = defaultdict(set)
        for address in bootstrap:
            host, port = address.rsplit(":", 1)
            self.node.add_dht_node((host, int(port)))

    def look_up(self, info_hash):
        self.node.dht_get_peers(lt.sha1_hash(bytes.fromhex(info_hash)))

    def found(self, info_hash):
        for alert in self.node.pop_alerts():
            if isinstance(alert, lt.dht_get_peers_reply_alert):
                self.peers[str(alert.info_hash)].update(f"{host}:{port}" for host, port in alert.peers())
        return self.peers[info_hash]

    def end(self):
        self.node.pause()


def searchers(lab, seed, bootstrap):
    """By name, all who can be started."""
    yield "bta", Program([lab, seed, "--search", *bootstrap])
    yield f"libtorrent {lt.version}", Libtorrent(bootstrap)
    if CRATE.exists():
        yield "mainline (crate)", Program([CRATE, *bootstrap])
    if NPM.exists():
        version = json.loads((NPM / "package.json").read_text())["version"]
        yield f"bittorrent-dht {version} (npm)", Program(["node", HERE / "dht_search.mjs", *bootstrap])


def measure(seen_by, all_of_them, torrent):
    """Of each the share found, the searches, and the seconds from the first to the last, once all have been quiet."""
    ports = {name: searcher.port for name, searcher in all_of_them.items()}
    for port in ports.values():
        seen_by(port)
    for searcher in all_of_them.values():
        searcher.look_up(torrent["info_hash"])
    began = quiet_since = time.monotonic()
    seen = {name: [] for name in ports}
    while quiet_since + QUIET_S > time.monotonic() < began + LIMIT_S:
        time.sleep(0.1)
        for name, port in ports.items():
            if (news := seen_by(port))["searches"]:
                seen[name].append(news)
                quiet_since = time.monotonic()
    truth = set(torrent["peers"])
    for name, searcher in all_of_them.items():
        share = 100 * len(searcher.found(torrent["info_hash"]) & truth) / len(truth)
        times = [at for news in seen[name] for at in news["between"]]
        searches = sum(news["searches"] for news in seen[name])
        yield name, (share, searches, max(times) - min(times) if times else 0.0)


def run(program, nodes, seed):
    """Of each searcher its means over the torrents of one lab."""
    command = [program, seed, "--nodes", nodes, "--serve"]
    lab = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    all_of_them = {}
    try:
        plan = json.loads(lab.stdout.readline())

        def seen_by(port):
            print(port, file=lab.stdin, flush=True)
            return json.loads(lab.stdout.readline())

        all_of_them.update(searchers(program, seed, plan["bootstrap"]))
        time.sleep(SETTLED_S)
        rows = defaultdict(list)
        for torrent in plan["torrents"]:
            for name, row in measure(seen_by, all_of_them, torrent):
                rows[name].append(row)
        return {name: [statistics.mean(column) for column in zip(*of_it)] for name, of_it in rows.items()}
    finally:
        for searcher in all_of_them.values():
            searcher.end()
        lab.kill()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--nodes", default="1000", help="how many nodes the DHT has")
    options.add_argument("program", metavar="LAB")
    options.add_argument("seeds", nargs="*", default=["2015"])
    options = options.parse_args()
    results = defaultdict(list)
    for seed in options.seeds:
        for name, row in run(options.program, options.nodes, seed).items():
            results[name].append(row)
            share, searches, seconds = row
            print(f"seed {seed}: {name}: {share:.2f} % found, {searches:.1f} searches, {seconds:.2f} s", flush=True)
    for name, rows in results.items():
        columns = [f"{statistics.median(column):.2f} ({min(column):.2f} to {max(column):.2f})" for column in zip(*rows)]
        print(f"| {name} | {' | '.join(columns)} |")


if __name__ == "__main__":
    main()
