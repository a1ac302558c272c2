"""What could be seen, and what share of it was: on made-up truths and verdicts; and that the mixed cast is as hard as it says."""

import random
import unittest

from company import Company
from judge import CONFIRMED, MISSED, UNSEEN, Verdict
from plan import DOWNLOADS, ENCRYPTED, HOLD_BACK, LEAVE, STAY, UTP, Plan, ci, mixed
from shares import beside_the_cut, shares
from showable import hidden, lost_in_the_cut
from truth import Truth


GUEST = {"10.9.9.9"}


def truth(started, crossed, completed, ended):
    return Truth(98, 100, started=started, most=100, crossed=crossed, completed=completed, ended=ended)


class Showable(unittest.TestCase):
    def hidden(self, kind, crossed, completed, ended, until=900, **how):
        plan = Plan(kind, LEAVE, **how)
        return bool(hidden(plan, truth(0, crossed, completed, ended), Company(plan.limit, GUEST), until))

    def hidden_when(self, *asked, ended=52):
        """`asked`: when, with how many of three, and whether the guest is one of them; the threshold is reached at 50."""
        company = Company(3, GUEST)
        for at, count, with_guest in asked:
            addresses = {f"10.0.0.{number}" for number in range(count - with_guest)} | (GUEST if with_guest else set())
            company.observe(at, addresses, at > 51)
        return hidden(Plan("libtorrent", LEAVE, limit=3), truth(0, 50, 51, ended), company, 900)

    def test_transmission_takes_its_last_batch_with_it(self):
        self.assertTrue(self.hidden("transmission", 50, 51, 51.2))
        self.assertTrue(self.hidden("transmission", 50, 51, 90, until=55))
        self.assertFalse(self.hidden("transmission", 50, 51, 63))

    def test_aria2_leaves_before_its_next_round(self):
        self.assertTrue(self.hidden("aria2", 50, 50.4, 50.5))
        self.assertFalse(self.hidden("aria2", 50, 51, 51.1))

    def test_rtorrent_hangs_up_and_is_gone(self):
        self.assertTrue(self.hidden("rtorrent", 40, 51, 52))
        self.assertFalse(self.hidden("rtorrent", 50, 51, 60))

    def test_rtorrent_behind_a_firewall_calls_once(self):
        self.assertTrue(self.hidden("rtorrent", 50, 51, 90, firewalled=True))
        self.assertFalse(self.hidden("rtorrent", 650, 651, 700, firewalled=True))

    def test_others_tell_at_once(self):
        self.assertFalse(self.hidden("libtorrent", 50, 50.3, 50.4))
        self.assertFalse(self.hidden("qbittorrent", 50, 51, 51.1, firewalled=True, limit=6))

    def test_who_is_full_takes_in_nobody(self):
        self.assertTrue(self.hidden_when((10, 2, True), (49, 3, False), (50, 3, False), (51, 3, False)))
        self.assertFalse(self.hidden_when((49, 3, False), (50, 2, False), (51, 3, False)))
        self.assertFalse(self.hidden_when((49, 3, False), (50, 3, True), (51, 3, False)))
        self.assertFalse(self.hidden_when((30, 1, True), (40, 3, False)))

    def test_who_was_full_until_the_threshold_was_never_seen_below_it(self):
        self.assertTrue(self.hidden_when((1, 1, False), (2, 3, False), (49, 3, False), (60, 1, True), ended=90))
        self.assertFalse(self.hidden_when((1, 1, True), (2, 3, False), (49, 3, False), (60, 1, True), ended=90))
        self.assertFalse(self.hidden_when((2, 3, False), (20, 2, False), (49, 3, False), (60, 1, True), ended=90))

    def test_a_cut_hides_who_came_or_left_in_it(self):
        cut = (100, 160)
        self.assertTrue(lost_in_the_cut(truth(110, 130, 131, 300), cut))
        self.assertTrue(lost_in_the_cut(truth(50, 130, 131, 150), cut))
        self.assertFalse(lost_in_the_cut(truth(50, 130, 131, 300), cut))
        self.assertFalse(lost_in_the_cut(truth(110, 170, 171, 172), cut))
        self.assertFalse(lost_in_the_cut(truth(50, 130, 131, 150), None))

    def test_where_the_cut_lay(self):
        self.assertEqual(beside_the_cut(truth(50, 90, 91, 300), (100, 160)), "past the threshold before the cut")
        self.assertEqual(beside_the_cut(truth(50, 160, 161, 300), (100, 160)), "past the threshold in the cut")
        self.assertEqual(beside_the_cut(truth(110, 170, 171, 300), (100, 160)), "past the threshold after the cut, came in it")


class Shares(unittest.TestCase):
    def shares(self, *members):
        plans = [Plan(kind, behaviour) for kind, behaviour, _, _ in members]
        return shares(plans, [Verdict("x", kind, "", True, verdict, error, evidence="in_session")
                              for kind, _, verdict, error in members])

    def test_counts_what_could_be_seen_and_all(self):
        found = self.shares(("aria2", STAY, CONFIRMED, 0.5), ("libtorrent", LEAVE, MISSED, None),
                            ("transmission", LEAVE, UNSEEN, None), ("transmission", LEAVE, CONFIRMED, 9))
        self.assertEqual((found.confirmed, found.showable, found.all), (2, 3, 4))

    def test_knows_when_those_that_hold_back_are_many(self):
        leavers = [("aria2", LEAVE, CONFIRMED, 0)] * 3
        self.assertTrue(self.shares(*leavers, ("rtorrent", LEAVE, UNSEEN, None)).slow_are_few)
        self.assertFalse(self.shares(*leavers[1:], ("rtorrent", LEAVE, UNSEEN, None)).slow_are_few)

    def test_times_only_those_that_tell_at_once(self):
        found = self.shares(("aria2", STAY, CONFIRMED, -0.5), ("libtorrent", STAY, CONFIRMED, 1),
                            ("ctorrent", STAY, CONFIRMED, 0.1), ("transmission", STAY, CONFIRMED, 9))
        self.assertEqual(found.median_error_s, 0.5)


class Cast(unittest.TestCase):
    def test_is_as_hard_as_it_says(self):
        for cast, downloads in (mixed, 36), (ci, 20):
            for seed in range(20):
                plans = [plan for plan in cast(random.Random(seed)) if plan.behaviour in DOWNLOADS]
                leavers = [plan for plan in plans if plan.leaves_at_once]
                self.assertEqual(len(plans), downloads)
                self.assertEqual(sum(plan.firewalled for plan in plans), downloads / 2)
                self.assertEqual(sum(plan.speaks == ENCRYPTED for plan in plans), downloads / 4)
                self.assertEqual(sum(plan.speaks == UTP for plan in plans), downloads / 4)
                self.assertEqual(len(leavers), downloads // 3)
                self.assertLessEqual(sum(plan.kind in HOLD_BACK for plan in leavers), len(leavers) / 4)
                self.assertGreaterEqual(sum(plan.limit is not None for plan in plans), downloads // 12)

    def test_is_the_same_for_the_same_seed(self):
        self.assertEqual(mixed(random.Random(7)), mixed(random.Random(7)))
        self.assertNotEqual(mixed(random.Random(7)), mixed(random.Random(8)))


if __name__ == "__main__":
    unittest.main()
