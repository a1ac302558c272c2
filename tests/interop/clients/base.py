"""What every client has in common: a folder, a process, and its own word on the pieces that it holds."""

import http.client
import os
import signal
import time

from plan import ENCRYPTED, LEAVE, SEED, UTP
from processes import GRACE_S, Process

PORT = 6881
ANSWERS_WITHIN_S = 20


class Client:
    """Made and used in the thread of its host. Subclasses say how it is started and asked."""

    kind = ""
    speaks_ipv6 = True
    tells_port = True  # to the peers that it calls
    says_company = True  # names the peers that it is connected with
    dht_families = (4, 6)
    lsd_families = (4, 6)
    programs = {}  # what must be installed: name, and how to install it

    def __init__(self, host, torrent, folder, *, plan, ways, entries):
        self.host = host
        self.torrent = torrent
        self.folder = folder
        self.seeding = plan.behaviour == SEED  # holds the content from the start
        self.rate_kb = plan.rate_kb  # download limit in KiB/s
        self.leaves = plan.behaviour == LEAVE  # goes at once when it is complete
        self.encrypted = plan.speaks == ENCRYPTED  # and nothing else
        self.utp_only = plan.speaks == UTP
        self.limit = plan.limit  # of its connections, or None for its own default
        self.ways = ways  # by which it may find others
        self.entries = entries  # of the DHT, as ADDRESS:PORT
        self.downloads = folder / "downloads"
        self.process = None
        self.downloads.mkdir(parents=True)
        if self.seeding:
            os.link(torrent.payload, self.downloads / torrent.name)

    def command(self):
        """Write the configuration and return the command line."""
        raise NotImplementedError

    def load(self):
        """Hand the torrent over, for those that do not take it on the command line."""

    def held(self):
        """The number of pieces that the client says it holds."""
        raise NotImplementedError

    def connected(self):
        """The addresses of the peers that the client says it is connected with."""
        raise NotImplementedError

    def start(self):
        self.process = Process(self.command(), self.folder)
        deadline = time.monotonic() + ANSWERS_WITHIN_S
        while True:
            try:
                return self.load()
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > deadline or not self.process.running():
                    raise RuntimeError(f"does not answer ({error}), see {self.folder}/log") from error
                time.sleep(0.1)

    def pieces(self):
        """As `held`, or None while the client does not answer."""
        return self.asked(self.held)

    def company(self):
        """As `connected`, or None while the client does not answer, or never says."""
        return self.asked(self.connected) if self.says_company else None

    def asked(self, question):
        try:
            return question()
        except (OSError, http.client.HTTPException, LookupError, ValueError):
            return None

    def stop(self, abruptly=False, grace_s=GRACE_S):
        if self.process:
            self.process.stop(signal.SIGKILL if abruptly else signal.SIGTERM, grace_s)


def ask(port, method, path, body=None, headers=None):
    """One HTTP request to the client's own interface: (status, headers, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def word(is_on):
    return "true" if is_on else "false"
