"""qbittorrent-nox, asked over its web interface."""

import json

from clients.base import PORT, Client, ask, word

WEB_PORT = 8080
# Where it enters the DHT cannot be set in this version: the host that it knows is given an address here.
ROUTER = "router.bittorrent.com"  # at port 6881
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
Session\\DHTEnabled={word(self.ways.dht)}
Session\\PeXEnabled={word(self.ways.pex)}
Session\\LSDEnabled={word(self.ways.lsd)}
Session\\RefreshInterval=250
Session\\Encryption={int(self.encrypted)}
Session\\BTProtocol={"UTP" if self.utp_only else "Both"}
{self.limited()}Session\\DefaultSavePath={self.downloads}
[Network]
PortForwardingEnabled=false
[Preferences]
WebUI\\Address=127.0.0.1
WebUI\\LocalHostAuth=false
""")
        return [*self.enter_dht(), "qbittorrent-nox", f"--profile={self.folder}/profile", f"--webui-port={WEB_PORT}"]

    def enter_dht(self):
        if not self.ways.dht:
            return []
        hosts = self.folder / "hosts"
        address = self.entries[0].rpartition(":")[0].strip("[]")
        hosts.write_text(f"{address} {ROUTER}\n")
        return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]

    def limited(self):
        return f"Session\\MaxConnectionsPerTorrent={self.limit}\n" if self.limit else ""

    def load(self):
        if self.ways.dht and not json.loads(ask(WEB_PORT, "GET", "/api/v2/transfer/info")[2])["dht_nodes"]:
            raise ConnectionError("not in the DHT yet")
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

    def connected(self):
        answer = ask(WEB_PORT, "GET", f"/api/v2/sync/torrentPeers?hash={self.torrent.info_hash}")[2]
        # Without a client name it has not shaken hands yet.
        return {peer["ip"] for peer in json.loads(answer)["peers"].values() if peer["client"]}
