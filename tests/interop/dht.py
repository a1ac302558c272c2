"""The DHT alone brings bta and libtorrent together: dht.py [--family 6] [--binaries FOLDER].

Some libtorrent nodes make a DHT on loopback. A seed announces a torrent without trackers; bta, which knows only one
of the nodes, has to find it, and a leecher that starts later and knows only another node, and count the leecher's
download. A stranger that looks the torrent up has to find bta.

Each has an address of its own: libtorrent tells no port when it calls over IPv6, so that two at one address are one peer
to bta. For IPv6 that needs root and a network namespace, in which the script runs itself.
"""

import argparse
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import libtorrent as lt

from content import Torrent

LIMIT_S = 120
NODES = 12
HOSTS = {4: "127.33.0.{}", 6: "fd33::{:x}"}
numbers = itertools.count(1)


def host(family):
    """The next address that nobody has."""
    return HOSTS[family].format(next(numbers))


def at(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def session(family, **settings):
    address = host(family)
    node = lt.session({
        "listen_interfaces": at(address, 0), "outgoing_interfaces": address,
        "enable_dht": True, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "dht_bootstrap_nodes": "", "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False,
        "dht_ignore_dark_internet": False, "dht_enforce_node_id": False, "dht_prefer_verified_node_ids": False,
        "allow_multiple_connections_per_ip": True, "dht_block_ratelimit": 10_000,
        "alert_mask": lt.alert.category_t.all_categories,
        **settings,
    })
    return node, address


def acquaint(one, other):
    (one, _), (other, address) = one, other
    one.add_dht_node((address, other.listen_port()))


def add(owner, torrent, folder, **parameters):
    wanted = lt.add_torrent_params()
    wanted.ti = lt.torrent_info(str(torrent.file))
    wanted.save_path = str(folder)
    for name, value in parameters.items():
        setattr(wanted, name, value)
    return owner.add_torrent(wanted)


def until(what, holds, limit_s=LIMIT_S):
    deadline = time.monotonic() + limit_s
    while not (value := holds()):
        if time.monotonic() > deadline:
            print(f"  {what}: not within {limit_s} s")
            return None
        time.sleep(0.25)
    print(f"  {what}: {limit_s - (deadline - time.monotonic()):.1f} s")
    return value


def free_port(family, address):
    with socket.create_server((address, 0), family={4: socket.AF_INET, 6: socket.AF_INET6}[family]) as server:
        return server.getsockname()[1]


def peers_told(node, torrent):
    """The ports of the peers that a search in the DHT brings."""
    node.dht_get_peers(lt.sha1_hash(bytes.fromhex(torrent.info_hash)))
    time.sleep(2)
    answers = (it for it in node.pop_alerts() if isinstance(it, lt.dht_get_peers_reply_alert))
    return {peer[1] for answer in answers for peer in answer.peers()}


def dump(binaries, store, what):
    done = subprocess.run([binaries / "bta-dump", what, "--format", "jsonl", store], capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main(family, binaries, folder):
    passed = True

    def check(name, holds):
        nonlocal passed
        passed &= bool(holds)
        print(f"{'ok    ' if holds else 'FAILED'} {name}")

    nodes = [session(family) for _ in range(NODES)]
    for index, node in enumerate(nodes):
        # Each knows three of the others; the rest they learn.
        for step in (1, 3, 5):
            acquaint(node, nodes[(index + step) % NODES])
    time.sleep(3)

    torrent = Torrent(folder, 16, 1, [])
    seed = session(family)
    acquaint(seed, nodes[1])
    time.sleep(3)
    handle = add(seed[0], torrent, folder, flags=lt.torrent_flags.seed_mode | lt.torrent_flags.default_flags)
    time.sleep(1)
    handle.force_dht_announce()
    time.sleep(3)

    address = host(family)
    store, port = folder / "run", free_port(family, address)
    log = open(folder / "bta.out", "wb")
    bta = subprocess.Popen([
        binaries / "bta", torrent.file, "--output", store, "--bind", address, "-p", str(port), "--allow-local",
        "--keep-addresses", "--geoip", "none", "--dht-state", "none", "--quiet", "-l", "debug",
        "--dht-bootstrap", at(nodes[2][1], nodes[2][0].listen_port()), "--format", "json"], stdout=log, stderr=log)
    try:
        found = until("bta counts the seed", lambda: dump(binaries, store, "peers"))
        check("bta finds what libtorrent announced", found)

        leecher = session(family)
        acquaint(leecher, nodes[3])
        time.sleep(3)
        began = time.time()
        (folder / "leecher").mkdir()
        handle = add(leecher[0], torrent, folder / "leecher", download_limit=250 * 1024)
        # libtorrent's own next search would come in a quarter of an hour.
        handle.force_dht_announce()
        until("the leecher is complete", lambda: handle.status().is_seeding)
        rows = until("bta counts the leecher", lambda: dump(binaries, store, "completions"), 60)
        check("a download is confirmed, found by DHT alone", rows and len(rows) == 1)

        stranger = session(family)
        acquaint(stranger, nodes[4])
        told = until("another node looks the torrent up",
                     lambda: port in (peers := peers_told(stranger[0], torrent)) and peers, 30)
        check(f"libtorrent finds what bta announced: {sorted(told or ())}", told)

        lookups = [row for row in dump(binaries, store, "announces") if row["result"] == "ok"]
        check("lookups are recorded", lookups and all(row["nodes_asked"] >= row["nodes_answered"] for row in lookups))
        for row in lookups[:3]:
            print("  lookup:", {key: row[key] for key in ("tracker", "peers", "nodes_asked", "nodes_answered", "duration_ms")})
        sources = {row["source"] for row in dump(binaries, store, "sources") if row["received"]}
        check(f"the sources are dht and whoever came by himself: {sorted(sources)}", "dht" in sources and sources <= {"dht", "pex", "incoming"})
        print(f"  {time.time() - began:.0f} s since the leecher began")
    finally:
        bta.terminate()
        check("bta ends in order", bta.wait(15) == 0)
    return passed


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--family", type=int, choices=[4, 6], default=4)
    parser.add_argument("--binaries", type=Path, default=Path(__file__).resolve().parents[2] / "target/release")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.family == 6 and not options.inside:
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv, "--inside"])
    if options.inside:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for number in range(1, NODES + 5):
            subprocess.run(["ip", "address", "add", HOSTS[6].format(number), "dev", "lo"], check=True)
    with tempfile.TemporaryDirectory(prefix="bta-dht-") as name:
        sys.exit(0 if main(options.family, options.binaries, Path(name)) else 1)
