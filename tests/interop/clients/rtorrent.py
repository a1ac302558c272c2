"""rTorrent without its screen, asked by XML-RPC over SCGI."""

import socket
import xmlrpc.client

from clients.base import PORT, Client


class Rtorrent(Client):
    kind = "rtorrent"
    dht_families = (4,)
    lsd_families = ()
    programs = {"rtorrent": "apt-get install rtorrent"}

    def command(self):
        self.socket = self.folder / "scgi"
        self.socket.unlink(missing_ok=True)
        session = self.folder / "session"
        session.mkdir(exist_ok=True)
        # It refuses to be bound to an IPv6 address.
        bind = "" if self.host.is_ipv6 else f"network.bind_address.set = {self.host.address}"
        limit = "" if self.seeding else f"throttle.global_down.max_rate.set_kb = {self.rate_kb}\n"
        (self.folder / "rc").write_text(f"""\
system.daemon.set = true
session.path.set = {session}
directory.default.set = {self.downloads}
network.port_range.set = {PORT}-{PORT}
{bind}
network.scgi.open_local = {self.socket}
protocol.pex.set = {"yes" if self.ways.pex else "no"}
protocol.encryption.set = {self.encryption()}
{self.dht()}
trackers.use_udp.set = yes
{limit}{self.limited()}load.start = {self.torrent.file}
""")
        return ["rtorrent", "-n", "-o", f"import={self.folder}/rc"]

    def encryption(self):
        return "allow_incoming,try_outgoing," + ("require,require_RC4" if self.encrypted else "enable_retry")

    def limited(self):
        return f"throttle.min_peers.normal.set = 1\nthrottle.max_peers.normal.set = {self.limit}\n" if self.limit else ""

    def dht(self):
        if not self.ways.dht:
            return "dht.mode.set = disable"
        entries = "".join(f"\nschedule2 = enter_{number}, 1, 0, ((dht.add_node, {entry}))"
                          for number, entry in enumerate(self.entries))
        return f"dht.mode.set = on\ndht.port.set = {PORT}{entries}"

    def load(self):
        self.held()

    def held(self):
        downloads = self.call("d.multicall2", "", "main", "d.completed_chunks=")
        return downloads[0][0] if downloads else 0

    def connected(self):
        return {address for address, in self.call("p.multicall", self.torrent.info_hash.upper(), "", "p.address=")}

    def call(self, method, *arguments):
        body = xmlrpc.client.dumps(arguments, method).encode()
        headers = b"CONTENT_LENGTH\0%d\0SCGI\0001\0" % len(body)
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(3)
            link.connect(str(self.socket))
            link.sendall(b"%d:%s,%s" % (len(headers), headers, body))
            answer = b"".join(iter(lambda: link.recv(65536), b""))
        return xmlrpc.client.loads(answer.split(b"\r\n\r\n", 1)[1])[0][0]
