"""A swarm on hosts of its own: a tracker, clients that live their plans, and whoever observes them."""

import threading
import time

from content import Torrent
from life import Life
from plan import DOWNLOADS
from trackers import READY_WITHIN_S, TRACKERS, announce_urls

POLL_S = 0.5
SAYS_EVERY_S = 15
ENDS_WITHIN_S = 30


class Swarm:
    def __init__(self, network, folder, plans, options):
        self.folder = folder
        self.observed = threading.Event()  # the observation is over,
        self.stopping = threading.Event()  # then the clients end,
        self.tracker_stopping = threading.Event()  # then the tracker
        host = network.host()
        self.announce_urls = announce_urls(host)
        self.torrent = Torrent(folder, options.size, options.seed, self.announce_urls, options.piece * 1024)
        self.tracker = TRACKERS[options.tracker](
            host, subfolder(folder, "tracker"), self.torrent, self.tracker_stopping, options.tracker_interval)
        self.opening = None
        self.observed_until = None
        self.lives = []
        for number, plan in enumerate(plans):
            name = f"{number:02}-{plan.kind}-{plan.behaviour}"
            self.lives.append(Life(name, plan, network.host(plan.firewalled), subfolder(folder, name), self))

    def run(self, observers, observed_from_s, settle_s, limit_s):
        """Until every client has done what its plan wants, or the time is up."""
        self.tracker.start()
        if not self.tracker.ready.wait(READY_WITHIN_S + 5):
            raise RuntimeError(self.tracker.failure or "the tracker does not answer")
        self.opening = time.monotonic()
        for life in self.lives:
            life.start()
        time.sleep(observed_from_s)
        for observer in observers:
            observer.start()
        said = 0
        while not self.fulfilled() and self.seconds() < limit_s:
            if self.seconds() >= said + SAYS_EVERY_S:
                said = self.seconds()
                print(f"{said:4.0f} s: {self.completed()} of {self.downloads()} downloads completed", flush=True)
            time.sleep(POLL_S)
        time.sleep(settle_s)

    def close(self, observers):
        """End the observers, then every client, then the tracker; remove the content."""
        self.observed_until = time.time()
        for event, threads in ((self.observed, observers), (self.stopping, self.lives),
                               (self.tracker_stopping, [self.tracker])):
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
