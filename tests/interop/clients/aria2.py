"""aria2c, asked over its JSON-RPC."""

import json

from clients.base import PORT, Client, ask, word

RPC_PORT = 6800


class Aria2(Client):
    kind = "aria2"
    lsd_families = (4,)
    programs = {"aria2c": "apt-get install aria2"}

    def command(self):
        return [
            "aria2c", "--no-conf", "--enable-rpc", f"--rpc-listen-port={RPC_PORT}", f"--dir={self.downloads}",
            f"--listen-port={PORT}", f"--disable-ipv6={'false' if self.host.is_ipv6 else 'true'}",
            f"--enable-peer-exchange={word(self.ways.pex)}", *self.dht(), *self.lsd(),
            "--file-allocation=none", "--summary-interval=0", "--seed-ratio=0.0",
            *(["--bt-seed-unverified=true"] if self.seeding else [f"--max-overall-download-limit={self.rate_kb}K"]),
            *(["--seed-time=0"] if self.leaves else []),
            *self.limited(),
            *(["--bt-require-crypto=true", "--bt-min-crypto-level=arc4", "--bt-force-encryption=true"]
              if self.encrypted else []),
            self.torrent.file,
        ]

    def dht(self):
        if not self.ways.dht:
            return ["--enable-dht=false", "--enable-dht6=false"]
        # Without its own address it announces nothing in a private network.
        common = [f"--dht-listen-port={PORT}", f"--bt-external-ip={self.host.address}"]
        entry = self.entries[0]
        if self.host.is_ipv6:
            return [*common, "--enable-dht=false", "--enable-dht6=true", f"--dht-listen-addr6={self.host.address}",
                    f"--dht-entry-point6={entry}"]
        return [*common, "--enable-dht=true", "--enable-dht6=false", f"--dht-entry-point={entry}"]

    def lsd(self):
        return ["--bt-enable-lpd=true", f"--bt-lpd-interface={self.host.address}"] if self.ways.lsd else []

    def limited(self):
        # Once it has four fifths of this it dials nobody else.
        return [f"--bt-max-peers={self.limit * 4 // 3}", "--bt-request-peer-speed-limit=0"] if self.limit else []

    def load(self):
        self.held()

    def held(self):
        # With --seed-time=0 a download is no longer active once it is complete.
        for method, window in (("aria2.tellActive", []), ("aria2.tellStopped", [0, 1])):
            downloads = self.rpc(method, *window, ["bitfield"])
            if downloads:
                return int(downloads[0].get("bitfield", "0"), 16).bit_count()
        return 0

    def connected(self):
        downloads = self.rpc("aria2.tellActive", ["gid"])
        # Those that it still tries to reach count towards its limit as well.
        return {peer["ip"] for peer in self.rpc("aria2.getPeers", downloads[0]["gid"])}

    def rpc(self, method, *parameters):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
        return json.loads(ask(RPC_PORT, "POST", "/jsonrpc", body)[2])["result"]
