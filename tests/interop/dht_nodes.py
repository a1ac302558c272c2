"""A DHT that nobody here wrote: libtorrent nodes, each on a host of its own."""

import threading
from pathlib import Path

from clients.base import PORT
from processes import Process, Resident

NODES = 12
ENTRIES = 2  # of them the clients, and bta, know at first
SCRIPT = Path(__file__).with_name("dht_node.py")


class DhtNode(Resident):
    def __init__(self, number, host, folder, stopping):
        super().__init__(f"node-{number}", host)
        self.folder = folder
        self.stopping = stopping
        self.known = []  # the addresses of other nodes
        self.started = threading.Event()

    def live(self):
        process = Process(["/usr/bin/python3", SCRIPT, self.host.at(PORT), ",".join(self.known)], self.folder)
        self.started.set()
        try:
            self.stopping.wait()
        finally:
            process.stop()


def dht(network, folder, stopping):
    """The nodes, not yet started; each but the first knows the entries."""
    folder.mkdir()
    nodes = []
    for number in range(NODES):
        home = folder / str(number)
        home.mkdir()
        nodes.append(DhtNode(number, network.host(), home, stopping))
    for node in nodes:
        node.known = [entry for entry in entries(nodes) if entry != node.host.at(PORT)]
    return nodes


def entries(nodes):
    return [node.host.at(PORT) for node in nodes[:ENTRIES]]
