"""Torrents of version 2 and hybrids, shared by libtorrent on loopback: v2.py [--binaries FOLDER].

For each kind of torrent a seed, leechers and bta meet at a tracker that takes every info-hash. bta is given the file,
or no more than a magnet link, and has to count each leecher once. With `mixed` the leechers of the hybrid come one by
its v1 half, one by its v2 half, and one by both.
"""

import argparse
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import libtorrent as lt

from content import bencode
from dht import dump, free_port, until

PIECE = 16 * 1024
FILES = {"a.bin": 1_500_000, "b.bin": 700_001, "small.txt": 5, "empty": 0}
RATE = 300 * 1024
LEECHERS = 3
FLAGS = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}
CASES = [  # name, of the seed's torrent, what bta is given, how the leechers know the torrent
    ("v2 file", "v2", "file", "v2"),
    ("v2 magnet", "v2", "v2", "v2"),
    ("hybrid file", "hybrid", "file", "hybrid"),
    ("hybrid file, mixed", "hybrid", "file", "mixed"),
    ("hybrid magnet", "hybrid", "hybrid", "hybrid"),
    ("hybrid by its v1 magnet", "hybrid", "v1", "mixed"),
    ("hybrid by its v2 magnet", "hybrid", "v2", "mixed"),
]


class Tracker(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Tells everybody of everybody who announced the same info-hash."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Announce)
        self.swarms = {}
        self.url = f"http://127.0.0.1:{self.server_address[1]}/announce"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Announce(BaseHTTPRequestHandler):
    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query, encoding="latin-1")
        if not self.path.startswith("/announce"):
            return self.send_error(404)
        info_hash = query["info_hash"][0].encode("latin-1").hex()
        port = int(query["port"][0])
        peers = self.server.swarms.setdefault(info_hash, set())
        others = sorted(peers - {port})
        peers.add(port)
        body = bencode({"interval": 5, "min interval": 5,
                        "peers": b"".join(b"\x7f\0\0\1" + other.to_bytes(2, "big") for other in others)})
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def create(folder, kind, url):
    """The content, and its metainfo as libtorrent makes it."""
    content = folder / "content" / "album"
    content.mkdir(parents=True)
    for name, size in FILES.items():
        (content / name).write_bytes((name.encode() * (size // len(name) + 1))[:size])
    storage = lt.file_storage()
    lt.add_files(storage, str(content))
    made = lt.create_torrent(storage, piece_size=PIECE, flags=FLAGS[kind])
    made.add_tracker(url)
    lt.set_piece_hashes(made, str(content.parent))
    file = folder / f"{kind}.torrent"
    file.write_bytes(lt.bencode(made.generate()))
    return file


def magnet(info, names, url):
    topics = {"v1": [f"xt=urn:btih:{info.v1}"], "v2": [f"xt=urn:btmh:1220{info.v2}"]}
    topics["hybrid"] = topics["v1"] + topics["v2"]
    return "magnet:?" + "&".join(topics[names] + [f"tr={quote(url, safe='')}"])


def client(parameters, folder):
    folder.mkdir(exist_ok=True)
    session = lt.session({
        "listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
        "enable_natpmp": False, "allow_multiple_connections_per_ip": True, "min_announce_interval": 5})
    parameters.save_path = str(folder)
    return session, session.add_torrent(parameters)


def watch(name, kind, given, known, binaries, folder):
    print(name)
    folder.mkdir()
    tracker = Tracker()
    file = create(folder, kind, tracker.url)
    info = lt.torrent_info(str(file)).info_hashes()

    seeding = lt.add_torrent_params()
    seeding.ti = lt.torrent_info(str(file))
    seeding.flags |= lt.torrent_flags.seed_mode
    clients = [client(seeding, folder / "content")]
    time.sleep(2)

    store = folder / "run"
    entry = file if given == "file" else magnet(info, given, tracker.url)
    with open(folder / "bta.out", "wb") as log:
        bta = subprocess.Popen([
            binaries / "bta", entry, "--output", store, "--bind", "127.0.0.1", "-p", str(free_port(4, "127.0.0.1")), "--allow-local",
            "--geoip", "none", "--no-dht", "--quiet", "-l", "debug", "--format", "json"], stdout=log, stderr=log)
    try:
        until("bta knows the seed", lambda: dump(binaries, store, "peers"), 30)
        for number in range(LEECHERS):
            if known == "mixed":
                link = magnet(info, ("v1", "v2", "hybrid")[number % 3], tracker.url)
                leeching = lt.parse_magnet_uri(link)
            else:
                leeching = lt.add_torrent_params()
                leeching.ti = lt.torrent_info(str(file))
            leeching.download_limit = RATE
            clients.append(client(leeching, folder / f"leecher-{number}"))
        leechers = [handle for _, handle in clients[1:]]
        until("all leechers are complete", lambda: all(it.status().is_seeding for it in leechers), 90)
        until("bta counts them", lambda: len(dump(binaries, store, "completions")) >= LEECHERS, 30)
        time.sleep(2)
        counted = len(dump(binaries, store, "completions"))
        [torrent] = dump(binaries, store, "torrents")
        announced = sorted({row["tracker"][len(tracker.url):] for row in dump(binaries, store, "announces")})
    finally:
        bta.terminate()
        ended = bta.wait(15)
    hashes = (torrent["torrent"], torrent["torrent_v2"])
    print(f"  {counted} of {LEECHERS} counted; pieces {torrent['pieces']}; {hashes[0][:8]} {(hashes[1] or '-')[:8]}; "
          f"announced as {announced}; the tracker heard {sorted(it[:8] for it in tracker.swarms)}")
    first = str(info.v1) if info.has_v1() else str(info.v2)[:40]
    right = hashes == (first, str(info.v2)) and torrent["pieces"] == lt.torrent_info(str(file)).num_pieces()
    both = len(announced) == (2 if kind == "hybrid" else 1)
    passed = counted == LEECHERS and right and both and ended == 0
    print(f"{'ok    ' if passed else 'FAILED'} {name}", flush=True)
    tracker.shutdown()
    return passed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", type=Path, default=Path(__file__).resolve().parents[2] / "target/release")
    parser.add_argument("--only", default="", help="only the cases whose names begin so")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bta-v2-"))
    results = [watch(*case, options.binaries, folder / str(number))
               for number, case in enumerate(CASES) if case[0].startswith(options.only)]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed; logs in {folder}")
    return all(results)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
