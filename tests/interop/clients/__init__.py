"""The real clients that take part."""

from clients.aria2 import Aria2
from clients.ctorrent import Ctorrent
from clients.libtorrent import Libtorrent
from clients.qbittorrent import Qbittorrent
from clients.rtorrent import Rtorrent
from clients.transmission import Transmission

KINDS = {client.kind: client for client in (Libtorrent, Transmission, Aria2, Rtorrent, Qbittorrent, Ctorrent)}
