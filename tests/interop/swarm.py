"""A swarm on hosts of its own: trackers or a DHT, clients that live their plans, and whoever observes them."""

import math
import threading
import time

import dht_nodes
from announces import Announces
from content import Torrent
from life import Life
from plan import DOWNLOADS
from namespaces import Host
from trackers import READY_WITHIN_S, TRACKERS, announce_urls
from ways import ways

POLL_S = 0.5
SAYS_EVERY_S = 15
ENDS_WITHIN_S = 30
KNOWN_TO_THE_TRACKER_S = 2  # once they are started
DHT_FILLS_S = 5  # until its nodes know each other


class Swarm:
    def __init__(self, network, folder, plans, options):
        self.folder = folder
        self.observed = threading.Event()  # the observation is over,
        self.stopping = threading.Event()  # then the clients end,
        self.meeting_places_stopping = threading.Event()  # then the trackers and the DHT
        self.ways = ways(options.only)
        self.torrent = Torrent(folder, options.size, options.seed, [], options.piece * 1024)
        self.trackers = []
        self.observed_torrent = hub = self.torrent
        if self.ways.tracker:
            self.torrent = self.observed_torrent = hub = self.at_tracker(network, "tracker", options)
        if self.ways.tracker and not self.ways.is_open:
            self.observed_torrent = self.at_tracker(network, "hub", options)
            hub = self.torrent.announced_to(
                self.torrent.announce_urls + self.observed_torrent.announce_urls, "both.torrent")
        self.nodes = dht_nodes.dht(network, folder / "dht", self.meeting_places_stopping) if self.ways.dht else []
        self.entries = dht_nodes.entries(self.nodes)
        self.announces = Announces(
            Host(network.bridge, ""), self.torrent.info_hash, self.meeting_places_stopping)
        self.opening = None
        self.observed_until = None
        self.cut = None  # (from, to), in seconds since the epoch
        self.guests = set()  # the addresses of the observers
        self.lives = []
        for number, plan in enumerate(plans):
            name = f"{number:02}-{plan.kind}-{plan.behaviour}"
            torrent = self.torrent if self.lives else hub
            self.lives.append(Life(name, plan, network.host(plan.firewalled), subfolder(folder, name), self, torrent))

    def at_tracker(self, network, name, options):
        """The torrent as a new tracker has it."""
        host = network.host()
        torrent = self.torrent.announced_to(announce_urls(host), f"{name}.torrent")
        self.trackers.append(TRACKERS[options.tracker](
            host, subfolder(self.folder, name), torrent, self.meeting_places_stopping, options.tracker_interval))
        return torrent

    def run(self, observers, options, settle_s):
        """Until every client has done what its plan wants, or the time is up."""
        self.open()
        self.guests |= {observer.host.address for observer in observers}
        if not options.observed_from_s:
            self.observe(observers)
        self.opening = time.monotonic()
        for life in self.lives:
            life.start()
        if options.observed_from_s:
            time.sleep(options.observed_from_s)
            self.observe(observers)
        if options.cut:
            threading.Thread(target=self.cut_off, args=(observers, options.arrivals_s / 2, options.cut), daemon=True).start()
        said = 0
        while not self.fulfilled() and self.seconds() < options.limit_s:
            if self.seconds() >= said + SAYS_EVERY_S:
                said = self.seconds()
                print(f"{said:4.0f} s: {self.completed()} of {self.downloads()} downloads completed", flush=True)
            time.sleep(POLL_S)
        time.sleep(settle_s)

    def cut_off(self, observers, from_s, for_s):
        """Take the observers' links down, and up again."""
        self.stopping.wait(from_s)
        self.cut = (time.time(), math.inf)
        for observer in observers:
            observer.host.unplug()
        self.observed.wait(for_s)
        for observer in observers:
            observer.host.plug_in()
        self.cut = (self.cut[0], time.time())

    def observe(self, observers):
        for observer in observers:
            observer.start()
        time.sleep(KNOWN_TO_THE_TRACKER_S if observers else 0)

    def open(self):
        """Start the trackers and the nodes of the DHT, and wait until they are there."""
        self.announces.start()
        for tracker in self.trackers:
            tracker.start()
        for tracker in self.trackers:
            if not tracker.ready.wait(READY_WITHIN_S + 5):
                raise RuntimeError(tracker.failure or "the tracker does not answer")
        for node in self.nodes:
            node.start()
            node.started.wait(READY_WITHIN_S)
        if self.nodes:
            time.sleep(DHT_FILLS_S)

    def close(self, observers):
        """End the observers, then every client, then where they met; remove the content."""
        self.observed_until = time.time()
        for event, threads in ((self.observed, observers), (self.stopping, self.lives),
                               (self.meeting_places_stopping, [*self.trackers, *self.nodes, self.announces])):
            event.set()
            deadline = time.monotonic() + ENDS_WITHIN_S
            for thread in threads:
                if thread.is_alive():
                    thread.join(max(0, deadline - time.monotonic()))
        for copy in (self.torrent.payload, *self.folder.glob(f"*/downloads/{self.torrent.name}")):
            copy.unlink(missing_ok=True)

    def seconds(self):
        return time.monotonic() - self.opening

    def fulfilled(self):
        return all(life.fulfilled or not life.is_alive() for life in self.lives)

    def downloads(self):
        return sum(life.plan.behaviour in DOWNLOADS for life in self.lives)

    def completed(self):
        return sum(life.plan.behaviour in DOWNLOADS and life.truth.completed is not None for life in self.lives)


def subfolder(folder, name):
    path = folder / name
    path.mkdir()
    return path
