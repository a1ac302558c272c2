"""What a lookup of libtorrent costs and finds in the DHT of benches/dht.rs: dht_compare.py LAB [NODES].

LAB is that bench's program. Of each torrent the peers are stored on one to eight of the closest live nodes; the lab
counts the questions that reach live nodes. The table goes to docs/dht.md; the bench alone measures bta in the same lab.
"""

import json
import subprocess
import sys
import time

import libtorrent as lt

from dht import session

SETTLED_S = 10
QUIET_S = 3


def found_by(node, info_hash, count):
    """The peers that a search brings, once nothing has come for a while and the lab sees no more questions."""
    node.dht_get_peers(lt.sha1_hash(bytes.fromhex(info_hash)))
    peers, searches, seconds, quiet_since = set(), 0, 0.0, time.monotonic()
    began = time.monotonic()
    while time.monotonic() < quiet_since + QUIET_S:
        time.sleep(0.1)
        for alert in node.pop_alerts():
            if isinstance(alert, lt.dht_get_peers_reply_alert):
                peers.update(f"{host}:{port}" for host, port in alert.peers())
        if seen := count()["searches"]:
            searches += seen
            quiet_since = time.monotonic()
            seconds = quiet_since - began
    return peers, searches, seconds


def main(program, *nodes):
    lab = subprocess.Popen([program, "--serve", *nodes], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        plan = json.loads(lab.stdout.readline())
        node = session(4)
        port = node.listen_port()

        def count():
            print(port, file=lab.stdin, flush=True)
            return json.loads(lab.stdout.readline())

        for address in plan["bootstrap"]:
            host, at = address.rsplit(":", 1)
            node.add_dht_node((host, int(at)))
        time.sleep(SETTLED_S)
        print("joined:", count(), "nodes known:", node.status().dht_nodes)
        rows = []
        for torrent in plan["torrents"]:
            count()
            peers, searches, seconds = found_by(node, torrent["info_hash"], count)
            truth = set(torrent["peers"])
            rows.append((100 * len(peers & truth) / len(truth), searches, seconds))
        share, searches, seconds = (sum(column) / len(rows) for column in zip(*rows))
        print(f"a lookup of libtorrent {lt.version}: {share:.2f} % found, {searches:.1f} messages seen by live nodes, "
              f"{seconds:.2f} s from first to last")
    finally:
        lab.terminate()


if __name__ == "__main__":
    main(*sys.argv[1:])
