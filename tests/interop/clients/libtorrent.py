"""libtorrent: a session of our own in a process of its own, known by the lines that it prints."""

import json
from pathlib import Path

from clients.base import PORT, Client

SESSION = Path(__file__).with_name("libtorrent_session.py")


class Libtorrent(Client):
    kind = "libtorrent"
    programs = {"/var/lib/dpkg/info/python3-libtorrent.list": "apt-get install python3-libtorrent"}

    def command(self):
        # -P: else this folder's own libtorrent.py would be what it imports.
        two_trackers = self.ways.tracker and not self.ways.is_open
        settings = {
            "listen_interfaces": self.host.at(PORT),
            "enable_dht": self.ways.dht, "dht_bootstrap_nodes": ",".join(self.entries), "enable_lsd": self.ways.lsd,
            # One of the swarm may have two trackers that do not know of each other.
            "announce_to_all_tiers": two_trackers, "announce_to_all_trackers": two_trackers,
        }
        return ["/usr/bin/python3", "-P", SESSION, self.torrent.file, self.downloads, json.dumps(settings),
                0 if self.seeding else self.rate_kb, *([] if self.ways.pex else ["no-pex"])]

    def held(self):
        lines = (self.folder / "log").read_bytes()[-200:].splitlines()
        return int(lines[-1]) if lines else 0
