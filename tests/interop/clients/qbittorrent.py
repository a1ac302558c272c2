"""qbittorrent-nox, asked over its web interface."""

import json

from clients.base import PORT, Client, ask

WEB_PORT = 8080
BOUNDARY = "interop"


class Qbittorrent(Client):
    kind = "qbittorrent"
    programs = {"qbittorrent-nox": "apt-get install qbittorrent-nox"}

    def command(self):
        folder = self.folder / "profile" / "qBittorrent" / "config"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "qBittorrent.conf").write_text(f"""\
[LegalNotice]
Accepted=true
[BitTorrent]
Session\\Port={PORT}
Session\\DHTEnabled=false
Session\\LSDEnabled=false
Session\\RefreshInterval=250
Session\\DefaultSavePath={self.downloads}
[Network]
PortForwardingEnabled=false
[Preferences]
WebUI\\Address=127.0.0.1
WebUI\\LocalHostAuth=false
""")
        return ["qbittorrent-nox", f"--profile={self.folder}/profile", f"--webui-port={WEB_PORT}"]

    def load(self):
        options = {"savepath": self.downloads}
        options |= {"skip_checking": "true"} if self.seeding else {"dlLimit": self.rate_kb * 1024}
        parts = [(f'name="{name}"', str(value).encode()) for name, value in options.items()]
        parts.append(('name="torrents"; filename="interop.torrent"', self.torrent.file.read_bytes()))
        body = b"".join(b"--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n"
                        % (BOUNDARY.encode(), header.encode(), value) for header, value in parts)
        ask(WEB_PORT, "POST", "/api/v2/torrents/add", body + b"--%s--\r\n" % BOUNDARY.encode(),
            {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})

    def held(self):
        answer = ask(WEB_PORT, "GET", f"/api/v2/torrents/properties?hash={self.torrent.info_hash}")[2]
        return max(json.loads(answer)["pieces_have"], 0)
