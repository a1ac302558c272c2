"""The judge must find fault: each verdict on made-up rows and truths."""

import unittest

from judge import CONFIRMED, DOUBLED, MISSED, NONE, UNSEEN, WRONG, judge
from plan import ABORT, LEAVE, SEED, STAY, Plan
from truth import Truth

EPOCH = 1_800_000_000  # 2027-01-15T08:00:00Z


def truth(*samples, ended=100):
    """From (second, pieces) pairs; 100 pieces, threshold 98."""
    made = Truth(98, 100)
    for at, pieces in samples:
        made.observe(EPOCH + at, pieces)
    made.ended = EPOCH + ended
    return made


def row(at, below_at=None, evidence="in_session"):
    stamp = "2027-01-15T08:00:{:06.3f}Z".format
    return {"address": "10.0.0.1:6881", "at": stamp(at), "below_at": stamp(below_at or at), "evidence": evidence}


class Judge(unittest.TestCase):
    downloaded = truth((1, 0), (19.8, 97), (20, 98), (21, 100))

    def verdict(self, behaviour, made, *rows, until=90, **plan):
        return judge("x", Plan("aria2", behaviour, **plan), made, None, rows, EPOCH + until).verdict

    def test_confirms_a_download(self):
        self.assertEqual(self.verdict(STAY, self.downloaded, row(20.1)), CONFIRMED)

    def test_misses_who_stayed(self):
        self.assertEqual(self.verdict(STAY, self.downloaded), MISSED)

    def test_tolerates_leavers_and_firewalls(self):
        left = truth((1, 0), (20, 98), (21, 100), ended=21.2)
        self.assertEqual(self.verdict(LEAVE, left), UNSEEN)
        self.assertEqual(self.verdict(STAY, self.downloaded, firewalled=True), UNSEEN)

    def test_does_not_ask_for_what_came_too_late(self):
        self.assertEqual(self.verdict(STAY, self.downloaded, until=35), UNSEEN)

    def test_finds_a_confirmed_seed_wrong(self):
        seed = truth((1, 40), (2, 100))  # as seen while it checks its files
        self.assertEqual(self.verdict(SEED, seed, row(2)), WRONG)
        self.assertEqual(self.verdict(SEED, seed), NONE)

    def test_finds_a_confirmed_abort_wrong(self):
        gave_up = truth((1, 0), (20, 97))
        self.assertEqual(self.verdict(ABORT, gave_up, row(20)), WRONG)
        self.assertEqual(self.verdict(ABORT, gave_up), NONE)

    def test_finds_a_premature_confirmation_wrong(self):
        self.assertEqual(self.verdict(STAY, self.downloaded, row(17)), WRONG)

    def test_finds_a_double(self):
        self.assertEqual(self.verdict(STAY, self.downloaded, row(20), row(30)), DOUBLED)

    def test_measures_the_error_of_time(self):
        def error(recorded):
            return judge("x", Plan("aria2", STAY), self.downloaded, None, [recorded], EPOCH + 90).error_s

        self.assertAlmostEqual(error(row(22.5)), 2.5, 3)
        self.assertEqual(error(row(22.5, 15, "across_sessions")), 0)
        self.assertAlmostEqual(error(row(30, 22, "across_sessions")), 2, 3)


if __name__ == "__main__":
    unittest.main()
