"""What a client truly did, by its own word."""

from dataclasses import dataclass


@dataclass
class Truth:
    """Times are seconds since the epoch; pieces are those that the client said it held."""

    threshold: int
    total: int
    started: float | None = None
    most: int = 0
    below: float | None = None  # last seen below the threshold
    crossed: float | None = None  # first seen at or above it
    completed: float | None = None
    ended: float | None = None

    def observe(self, at, pieces):
        if self.started is None:
            self.started = at
        self.most = max(self.most, pieces)
        if self.crossed is None:
            if pieces < self.threshold:
                self.below = at
            else:
                self.crossed = at
        if self.completed is None and pieces == self.total:
            self.completed = at

    def error(self, earliest, latest):
        """Seconds from the crossing to [earliest, latest]; 0 if they overlap, negative if that is too early."""
        if latest < (self.below or self.crossed):
            return latest - (self.below or self.crossed)
        return max(earliest - self.crossed, 0.0)
