"""transmission-daemon, asked over its RPC."""

import base64
import json

from clients.base import PORT, Client, ask

RPC_PORT = 9091


class Transmission(Client):
    kind = "transmission"
    lsd_families = (4,)
    programs = {"transmission-daemon": "apt-get install transmission-daemon"}
    session = ""

    def command(self):
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        (home / "settings.json").write_text(json.dumps({
            # Bound to an IPv4 address it would not announce over IPv6.
            **({} if self.host.is_ipv6 else {"bind-address-ipv4": self.host.address}),
            "peer-port": PORT,
            "download-dir": str(self.downloads),
            "dht-enabled": self.ways.dht,
            "pex-enabled": self.ways.pex,
            "lpd-enabled": self.ways.lsd,
            "port-forwarding-enabled": False,
            "rpc-bind-address": "127.0.0.1",
            "rpc-port": RPC_PORT,
            "rpc-whitelist-enabled": False,
            "encryption": 2 if self.encrypted else 1,
            **({"peer-limit-per-torrent": self.limit} if self.limit else {}),
            "speed-limit-down": self.rate_kb,
            "speed-limit-down-enabled": not self.seeding,
        }))
        (home / "dht.bootstrap").write_text("".join(
            f"{address.strip('[]')} {port}\n" for address, _, port in (it.rpartition(":") for it in self.entries)))
        return ["transmission-daemon", "-f", "-g", home]

    def load(self):
        metainfo = base64.b64encode(self.torrent.file.read_bytes()).decode()
        self.rpc("torrent-add", metainfo=metainfo)

    def held(self):
        answer = self.rpc("torrent-get", fields=["pieces"])
        return int.from_bytes(base64.b64decode(answer["torrents"][0]["pieces"])).bit_count()

    def connected(self):
        return {peer["address"] for peer in self.rpc("torrent-get", fields=["peers"])["torrents"][0]["peers"]}

    def rpc(self, method, **arguments):
        body = json.dumps({"method": method, "arguments": arguments})
        for _ in range(2):
            status, headers, answer = ask(RPC_PORT, "POST", "/transmission/rpc", body,
                                          {"X-Transmission-Session-Id": self.session})
            if status != 409:
                break
            self.session = headers["X-Transmission-Session-Id"]
        return json.loads(answer)["arguments"]
