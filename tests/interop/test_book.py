"""The book's judgement must find fault: on a made-up log and made-up times."""

import time
import unittest

from announces import announcer
from book import IN_TIME, LATE, UNSEEN, first_known, judge_entry

LOG = """\
Nov 23 09:21:41.495 DEBG announced, peers: 5, tracker: udp://10.98.1.1:6969/announce, torrent: 1
Nov 23 09:21:42.500 DEBG contact, address: 10.98.2.1:6881, session: 1, torrent: 1
Nov 23 09:21:43.000 DEBG accepted, address: [fd98:76:0:3::1]:40404, session: 2, torrent: 1
Nov 23 09:21:44.000 DEBG accepted, address: 10.98.2.1:51234, session: 3, torrent: 1
"""
HASH = bytes(range(20))


def datagram(payload, version=4):
    head = (b"\x45" + bytes(8) + b"\x11" + bytes(2) + bytes([10, 98, 2, 1]) + bytes(12) if version == 4 else
            b"\x60" + bytes(5) + b"\x11\x01" + bytes.fromhex("fd980076000000030000000000000001") + bytes(24))
    return head + payload


class Book(unittest.TestCase):
    def test_reads_when_each_address_was_known_first(self):
        known = first_known(LOG)
        self.assertEqual({at: how for at, (_, how) in known.items()},
                         {"10.98.2.1": "was named", "fd98:76:0:3::1": "called"})
        self.assertAlmostEqual(known["fd98:76:0:3::1"][0] - known["10.98.2.1"][0], 0.5, 3)
        self.assertEqual(time.localtime(known["10.98.2.1"][0]).tm_min, 21)

    def verdict(self, since, known, ended=200, reachable=True):
        return judge_entry("x", reachable, since, ended, known, "was named", 60).verdict

    def test_finds_fault_with_who_is_known_late_or_never(self):
        self.assertEqual(self.verdict(100, 160), IN_TIME)
        self.assertEqual(self.verdict(100, 90), IN_TIME)
        self.assertEqual(self.verdict(100, 160.5), LATE)
        self.assertEqual(self.verdict(100, None), LATE)

    def test_asks_for_nobody_who_cannot_be_known(self):
        self.assertEqual(self.verdict(100, None, ended=150), UNSEEN)
        self.assertEqual(self.verdict(None, None), UNSEEN)
        self.assertEqual(self.verdict(100, None, reachable=False), UNSEEN)

    def test_hears_announces_of_this_torrent_alone(self):
        query = b"d1:ad2:id20:" + bytes(20) + b"9:info_hash20:%b4:porti6881ee1:q13:announce_peer1:y1:qe"
        search = b"BT-SEARCH * HTTP/1.1\r\nInfohash: %b\r\n\r\n"
        self.assertEqual(announcer(datagram(query % HASH), HASH), "10.98.2.1")
        self.assertEqual(announcer(datagram(query % HASH, 6), HASH), "fd98:76:0:3::1")
        self.assertEqual(announcer(datagram(search % HASH.hex().upper().encode()), HASH), "10.98.2.1")
        self.assertIsNone(announcer(datagram(query % bytes(20)), HASH))
        self.assertIsNone(announcer(datagram(query.replace(b"13:announce_peer", b"9:get_peers") % HASH), HASH))


if __name__ == "__main__":
    unittest.main()
