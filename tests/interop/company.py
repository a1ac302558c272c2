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
    # Of one with a limit: (when, whether it was full of others than the watched).
    samples: list = field(default_factory=list)

    def observe(self, at, addresses, completed):
        if self.limit is not None:
            self.samples.append((at, len(addresses) >= self.limit and not self.watched & addresses))
        if not completed:
            self.said += 1
            self.most = max(self.most, len(addresses))
            self.full += self.limit is not None and len(addresses) >= self.limit
        for address in self.watched & addresses:
            if address not in self.present:
                self.visits[address].append([at, at])
            self.visits[address][-1][1] = at
        self.present = frozenset(addresses)

    def shut_out(self, since, until):
        """Whether it was full of others than the watched each time that it was asked in this time."""
        asked = [full for at, full in self.samples if since <= at <= until]
        return bool(asked) and all(asked)

    def shut_out_until(self, until):
        """Whether it was so ever since it first was, and none of the watched was ever in its company."""
        since = next((at for at, full in self.samples if full), None)
        met = any(visit[0] <= until for visits in self.visits.values() for visit in visits)
        return since is not None and not met and self.shut_out(since, until)

    @property
    def full_share(self):
        return self.full / self.said if self.said else 0.0
