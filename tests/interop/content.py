"""The torrent that the swarm shares: random bytes and their metainfo."""

import copy
import hashlib
import random
from pathlib import Path
from urllib.parse import quote

PIECE_LENGTH = 256 * 1024
THRESHOLD = 98  # per cent, bta's own default


def bencode(value):
    match value:
        case int():
            return b"i%de" % value
        case str():
            return bencode(value.encode())
        case bytes():
            return b"%d:%s" % (len(value), value)
        case list():
            return b"l" + b"".join(map(bencode, value)) + b"e"
        case dict():
            pairs = sorted((key.encode(), item) for key, item in value.items())
            return b"d" + b"".join(bencode(key) + bencode(item) for key, item in pairs) + b"e"
    raise TypeError(type(value))


class Torrent:
    """`payload` holds the content, `file` the metainfo."""

    def __init__(self, folder, size_mib, seed, announce_urls, piece_length=PIECE_LENGTH):
        self.name = "interop.bin"
        self.size = size_mib * 1024 * 1024
        self.payload = Path(folder) / self.name
        self.file = Path(folder) / "interop.torrent"
        self.pieces = self.size // piece_length
        self.threshold = -(-THRESHOLD * self.pieces // 100)  # rounded up, in integers

        source, hashes = random.Random(seed), []
        with open(self.payload, "wb") as payload:
            for _ in range(self.pieces):
                piece = source.randbytes(piece_length)
                hashes.append(hashlib.sha1(piece).digest())
                payload.write(piece)
        info = {"name": self.name, "length": self.size, "piece length": piece_length, "pieces": b"".join(hashes)}
        self.info = bencode(info)
        self.info_hash = hashlib.sha1(self.info).hexdigest()
        self.announce_urls = announce_urls
        self.write()

    def write(self):
        trackers = {}
        if self.announce_urls:
            trackers = {"announce": self.announce_urls[0], "announce-list": [[url] for url in self.announce_urls]}
        self.file.write_bytes(bencode(trackers)[:-1] + b"4:info" + self.info + b"e")

    def announced_to(self, announce_urls, file):
        """The same torrent with other trackers, in a metainfo file of its own, beside this one."""
        other = copy.copy(self)
        other.announce_urls = announce_urls
        other.file = self.file.with_name(file)
        other.write()
        return other

    def magnet(self):
        """A link that names the torrent and its trackers, and nothing else."""
        trackers = "".join(f"&tr={quote(url, safe='')}" for url in self.announce_urls)
        return f"magnet:?xt=urn:btih:{self.info_hash}{trackers}"
