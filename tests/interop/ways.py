"""By which ways the clients of a swarm may find each other, and bta them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ways:
    """What is on; all else is off."""

    tracker: bool = False
    dht: bool = False
    pex: bool = False
    lsd: bool = False
    # From a client's own announce to its place in bta's book. By PEX two of the minutes of a peer that lists it.
    known_within_s: int = 60

    @property
    def is_open(self):
        """As clients are, and nothing is judged but what bta confirms."""
        return self == OPEN

    def suits(self, client, family, firewalled):
        """Whether a client of this kind can be found, and finds others, by these ways."""
        if self.lsd and firewalled:  # it hears no multicast
            return False
        speaks_ipv6 = family == 4 or client.speaks_ipv6
        return speaks_ipv6 and (not self.dht or family in client.dht_families) and (
            not self.lsd or family in client.lsd_families)

    def observed_by(self, entries):
        """The options of bta that leave it no other way."""
        dht = [word for entry in entries for word in ("--dht-bootstrap", entry)] if self.dht else ["--no-dht"]
        return [*dht, *([] if self.lsd else ["--no-lsd"])]


OPEN = Ways(tracker=True, pex=True)
ONLY = {
    "dht": Ways(dht=True),
    # The clients have a tracker of their own; bta has another one, which knows the first of them.
    "pex": Ways(tracker=True, pex=True, known_within_s=120),
    "lsd": Ways(lsd=True),
}


def ways(only):
    return ONLY[only] if only else OPEN
