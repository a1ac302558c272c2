"""One libtorrent session: libtorrent_session.py TORRENT FOLDER ADDRESS:PORT RATE_KB (0: seed).

Prints the number of pieces that it holds whenever that changes; SIGTERM ends it.
"""

import signal
import sys

import libtorrent as lt


def main(torrent, folder, listen, rate_kb):
    stopping = False

    def stop(*_):
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    session = lt.session({
        "listen_interfaces": listen,
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "alert_mask": lt.alert.category_t.piece_progress_notification | lt.alert.category_t.status_notification,
    })
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(torrent)
    parameters.save_path = folder
    if rate_kb:
        parameters.download_limit = rate_kb * 1024
    else:
        parameters.flags |= lt.torrent_flags.seed_mode
    handle = session.add_torrent(parameters)

    said = None
    while not stopping:
        held = handle.status().num_pieces
        if held != said:
            print(held, flush=True)
            said = held
        session.wait_for_alert(250)
        session.pop_alerts()

    # Tell the tracker goodbye, as a client does that is closed by its user.
    session.pause()
    session.wait_for_alert(500)


main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
