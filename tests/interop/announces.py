"""What the clients announce of themselves, as it passes the bridge: to the DHT (BEP 5), to the local network (BEP 14)."""

import ctypes
import socket
import struct
import time
from collections import defaultdict

from processes import Resident

ETH_P_ALL = 3
SO_ATTACH_FILTER = 26
POLL_S = 0.5
# Of the UDP datagrams those whose first byte is that of a KRPC message or of BT-SEARCH: uTP's is neither.
FILTER = [
    (0x30, 0, 0, 0), (0x54, 0, 0, 0xF0), (0x15, 0, 4, 0x40),  # A = version of IP; not 4: to the line of 6
    (0x30, 0, 0, 9), (0x15, 0, 8, 17), (0x30, 0, 0, 28),  # A = protocol; not UDP: drop; A = first byte
    (0x05, 0, 0, 3),  # to the comparison
    (0x30, 0, 0, 6), (0x15, 0, 4, 17), (0x30, 0, 0, 48),  # the same for IPv6
    (0x15, 1, 0, ord("d")), (0x15, 0, 1, ord("B")),
    (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0),
]


class Announces(Resident):
    """Lives on the bridge. `heard` holds the times by address, in seconds since the epoch."""

    def __init__(self, bridge, info_hash, stopping):
        super().__init__("announces", bridge)
        self.info_hash = bytes.fromhex(info_hash)
        self.stopping = stopping
        self.heard = defaultdict(list)

    def live(self):
        with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)) as ear:
            program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in FILTER))
            ear.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                           struct.pack("HL", len(FILTER), ctypes.addressof(program)))
            ear.settimeout(POLL_S)
            while not self.stopping.is_set():
                try:
                    packet = ear.recv(65536)
                except TimeoutError:
                    continue
                if (address := announcer(packet, self.info_hash)) is not None:
                    self.heard[address].append(time.time())


def announcer(packet, info_hash):
    """Who announces that torrent with this IP packet."""
    ipv6 = packet[0] >> 4 == 6
    said = packet[48 if ipv6 else 28:]
    to_dht = b"13:announce_peer" in said and info_hash in said
    to_neighbours = said.startswith(b"BT-SEARCH") and info_hash.hex().encode() in said.lower()
    if not to_dht and not to_neighbours:
        return None
    return socket.inet_ntop(*((socket.AF_INET6, packet[8:24]) if ipv6 else (socket.AF_INET, packet[12:16])))
