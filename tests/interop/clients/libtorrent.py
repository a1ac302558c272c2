"""libtorrent: a session of our own in a process of its own, known by the lines that it prints."""

from pathlib import Path

from clients.base import PORT, Client

SESSION = Path(__file__).with_name("libtorrent_session.py")


class Libtorrent(Client):
    kind = "libtorrent"
    programs = {"/var/lib/dpkg/info/python3-libtorrent.list": "apt-get install python3-libtorrent"}

    def command(self):
        # -P: else this folder's own libtorrent.py would be what it imports.
        return ["/usr/bin/python3", "-P", SESSION, self.torrent.file, self.downloads, self.host.at(PORT),
                0 if self.seeding else self.rate_kb]

    def held(self):
        lines = (self.folder / "log").read_bytes()[-200:].splitlines()
        return int(lines[-1]) if lines else 0
