"""With whom a client was connected, by its own word."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Company:
    """`limit` of its connections, if it has one; `watched` are the addresses whose visits are kept."""

    limit: int | None
    watched: frozenset
    said: int = 0  # so often it was asked and answered while it downloaded
    full: int = 0  # so often it was at its limit
    most: int = 0
    visits: dict = field(default_factory=lambda: defaultdict(list))  # by address: (from, to), in seconds since the epoch
    present: frozenset = frozenset()

    def observe(self, at, addresses, completed):
        if not completed:
            self.said += 1
            self.most = max(self.most, len(addresses))
            self.full += self.limit is not None and len(addresses) >= self.limit
        for address in self.watched & addresses:
            if address not in self.present:
                self.visits[address].append([at, at])
            self.visits[address][-1][1] = at
        self.present = frozenset(addresses)

    @property
    def full_share(self):
        return self.full / self.said if self.said else 0.0
