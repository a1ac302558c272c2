"""One libtorrent node of the DHT, with no torrent: dht_node.py ADDRESS:PORT NODE,NODE. SIGTERM ends it."""

import signal
import sys

import libtorrent as lt

session = lt.session({
    "listen_interfaces": sys.argv[1], "dht_bootstrap_nodes": sys.argv[2],
    "enable_dht": True, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
})
signal.sigwait([signal.SIGTERM])
