"""The comparison of scrapes must find fault: on made-up rows and truths."""

import unittest
from types import SimpleNamespace

from plan import LAZY, LEAVE, SEED, STAY, VANISH, Plan
from scrapes import by_tracker, compare, expected, reported
from test_judge import EPOCH, truth


def life(behaviour, made):
    return SimpleNamespace(plan=Plan("aria2", behaviour), truth=made)


LIVES = [
    life(SEED, truth((1, 100))),
    life(STAY, truth((1, 0), (20, 100))),
    life(STAY, truth((1, 0), (58, 100))),  # so late that the tracker need not know
    life(LEAVE, truth((1, 0), (30, 100), ended=31)),
    life(VANISH, truth((1, 0), (30, 100), ended=31)),
    life(LAZY, truth((1, 0), (50, 7))),
]


def row(at, seeders, leechers, downloaded, tracker="udp://t", result="ok"):
    return {"at": f"2027-01-15T08:00:{at:02}Z", "tracker": tracker, "result": result,
            "seeders": seeders, "leechers": leechers, "downloaded": downloaded}


class Scrapes(unittest.TestCase):
    def test_counts_who_must_and_who_may_be_there(self):
        spans = {what: (span.low, span.high) for what, span in expected(LIVES, EPOCH + 60, others=1).items()}
        self.assertEqual(spans, {"seeders": (2, 5), "leechers": (1, 5), "downloaded": (1, 4)})

    def faults(self, *figures, counts_completions=True):
        compared = compare(row(59, *figures), LIVES, 1, counts_completions)
        return [what for what, figure, span in compared if figure not in span]

    def test_finds_fault(self):
        for figures in ((2, 1, 1), (4, 3, 4)):
            self.assertEqual(self.faults(*figures), [])
        self.assertEqual(self.faults(1, 1, 1), ["seeders"])
        self.assertEqual(self.faults(6, 1, 0), ["seeders", "downloaded"])
        self.assertEqual(self.faults(2, 0, 5), ["leechers", "downloaded"])
        self.assertEqual(self.faults(2, 6, None), ["leechers", "downloaded"])

    def test_knows_trackers_that_count_their_seeders(self):
        self.assertEqual(self.faults(3, 1, 3, counts_completions=False), [])
        self.assertEqual(self.faults(3, 1, 1, counts_completions=False), ["downloaded"])

    def test_adds_up_rises_and_counts_falls(self):
        rows = [row(at, 0, 0, downloaded) for at, downloaded in enumerate((5, 7, None, 3, 4, 4))]
        self.assertEqual(reported(rows), (3, 1))

    def test_sorts_what_was_answered_by_tracker(self):
        rows = [row(2, 0, 0, 1), row(1, 0, 0, 0), row(3, None, None, None, result="timeout"),
                row(1, 0, 0, 9, tracker="http://t"), row(1, 4, 5, None, tracker="dht")]
        self.assertEqual({tracker: [it["downloaded"] for it in rows] for tracker, rows in by_tracker(rows).items()},
                         {"udp://t": [0, 1], "http://t": [9]})


if __name__ == "__main__":
    unittest.main()
