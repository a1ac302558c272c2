"""libtorrent: a session of our own in a process of its own, known by the lines that it prints."""

import json
from pathlib import Path

from clients.base import PORT, Client

FORCED = {"out_enc_policy": 0, "in_enc_policy": 0}  # the payload may still be plain
UTP_ONLY = {"enable_outgoing_tcp": False, "enable_incoming_tcp": False}
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
            **(FORCED if self.encrypted else {}), **(UTP_ONLY if self.utp_only else {}),
            "announce_to_all_tiers": two_trackers, "announce_to_all_trackers": two_trackers,
        }
        return ["/usr/bin/python3", "-P", SESSION, self.torrent.file, self.downloads, json.dumps(settings),
                0 if self.seeding else self.rate_kb, self.limit or -1, *([] if self.ways.pex else ["no-pex"])]

    def held(self):
        said = self.last_said()
        return int(said[0]) if said else 0

    def connected(self):
        return set(self.last_said()[1:])

    def last_said(self):
        lines = (self.folder / "log").read_text()[-10_000:].rpartition("\n")[0].splitlines()
        return lines[-1].split() if lines else []
