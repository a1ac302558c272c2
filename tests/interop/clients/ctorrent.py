"""ctorrent: the classic client of BEP 3, with nothing that came later. It is known by its status line."""

import re
import time

from clients.base import PORT, Client

SILENT_S = 1.5  # it writes once a second, unless it is busy


class Ctorrent(Client):
    kind = "ctorrent"
    speaks_ipv6 = tells_port = says_company = False
    dht_families = lsd_families = ()
    programs = {"ctorrent": "apt-get install ctorrent"}

    def command(self):
        return ["ctorrent", "-p", PORT, "-i", self.host.address, "-I", self.host.address,
                *(["-f"] if self.seeding else ["-D", self.rate_kb]),
                "-s", self.downloads / self.torrent.name, self.torrent.file]

    def load(self):
        pass

    def held(self):
        # "/ 1/3/20 [12/256/256] 3MB,0MB | ...": seeds, peers and so on, then the pieces that it holds.
        log = self.folder / "log"
        if time.time() - log.stat().st_mtime > SILENT_S:
            raise LookupError("busy: what it said last may long be untrue")
        said = re.findall(rb"\[(\d+)/\d+/\d+\]", log.read_bytes()[-2000:])
        return int(said[-1]) if said else 0
