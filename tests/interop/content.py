"""The torrent that the swarm shares: random bytes and their metainfo."""

import hashlib
import random
from pathlib import Path

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

    def __init__(self, folder, size_mib, seed, announce_urls):
        self.name = "interop.bin"
        self.size = size_mib * 1024 * 1024
        self.payload = Path(folder) / self.name
        self.file = Path(folder) / "interop.torrent"
        self.pieces = self.size // PIECE_LENGTH
        self.threshold = -(-THRESHOLD * self.pieces // 100)  # rounded up, in integers

        source, hashes = random.Random(seed), []
        with open(self.payload, "wb") as payload:
            for _ in range(self.pieces):
                piece = source.randbytes(PIECE_LENGTH)
                hashes.append(hashlib.sha1(piece).digest())
                payload.write(piece)
        info = {"name": self.name, "length": self.size, "piece length": PIECE_LENGTH, "pieces": b"".join(hashes)}
        self.info_hash = hashlib.sha1(bencode(info)).hexdigest()
        metainfo = {"info": info}
        if announce_urls:
            metainfo |= {"announce": announce_urls[0], "announce-list": [[url] for url in announce_urls]}
        self.file.write_bytes(bencode(metainfo))
