"""One libtorrent session: libtorrent_session.py TORRENT FOLDER SETTINGS RATE_KB CONNECTIONS [no-pex].

SETTINGS are JSON; a RATE_KB of 0 is a seed; -1 CONNECTIONS are as many as it likes. Prints the number of pieces that it
holds and the addresses that it is connected with, whenever one or the other changes; SIGTERM ends it.
"""

import json
import signal
import sys
import time

import libtorrent as lt

JOINS_WITHIN_S = 10
NOT_THERE_YET = lt.peer_info.connecting | lt.peer_info.handshake


def join(session):
    """Wait for the DHT, as one does that was running before its user gave it the torrent."""
    deadline = time.monotonic() + JOINS_WITHIN_S
    while time.monotonic() < deadline:
        session.wait_for_alert(250)
        if any(isinstance(alert, lt.dht_bootstrap_alert) for alert in session.pop_alerts()):
            return


def main(torrent, folder, settings, rate_kb, connections, *words):
    stopping = False

    def stop(*_):
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    session = lt.session({
        **json.loads(settings), "enable_upnp": False, "enable_natpmp": False,
        "alert_mask": lt.alert.category_t.piece_progress_notification | lt.alert.category_t.status_notification |
        lt.alert.category_t.dht_notification,
    })
    if json.loads(settings)["enable_dht"]:
        join(session)
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(torrent)
    parameters.save_path = folder
    if rate_kb:
        parameters.download_limit = rate_kb * 1024
    else:
        parameters.flags |= lt.torrent_flags.seed_mode
    parameters.max_connections = connections
    if "no-pex" in words:
        parameters.flags |= lt.torrent_flags.disable_pex
    handle = session.add_torrent(parameters)

    said = None
    while not stopping:
        saying = [handle.status().num_pieces, *(
            peer.ip[0] for peer in handle.get_peer_info() if not peer.flags & NOT_THERE_YET)]
        if saying != said:
            print(*saying, flush=True)
            said = saying
        session.wait_for_alert(250)
        session.pop_alerts()

    # Tell the tracker goodbye, as a client does that is closed by its user.
    session.pause()
    session.wait_for_alert(500)


main(*sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5]), *sys.argv[6:])
