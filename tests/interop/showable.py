"""Whether anything that a client sends to a guest who asks for nothing could have shown its completion. Pure.

What is told here is how the clients are, by their sources and as measured (docs/measurement.md), and nothing about bta. That
a client is hard to be connected with is no excuse: one behind a firewall can call. One that is full, though, takes in
nobody who brings it nothing: libtorrent goes by the rank of the address (BEP 40), Transmission keeps with whom it trades,
aria2 takes nobody.
"""

# Transmission 3.00 sends its HAVE messages in batches (LOW_PRIORITY_INTERVAL_SECS of peer-msgs.c is 10; up to 12 on a busy
# machine): what it got after the last one it takes with it.
TRANSMISSION_BATCH_S = 12
# aria2 1.36 looks once a second for what it has to tell to a peer with whom it does not trade.
ARIA2_ROUND_S = 1
# rTorrent 0.9.8 holds its HAVE messages back, hangs up on everybody as it completes, and takes nobody back for five seconds.
RTORRENT_RETURNS_S = 5
# Nor does it call an address again with which it has shaken hands in the last ten minutes (libtorrent's peer_list.cc).
RTORRENT_CALLS_AGAIN_S = 600
ASKED_S = 2  # a client is asked for its company once a second


def hidden(plan, truth, company, observed_until):
    """Why nobody could have been shown that this client got past the threshold; empty if it could."""
    if truth.crossed is None:
        return ""
    gone = min(truth.ended or observed_until, observed_until)
    if plan.kind == "transmission" and gone - truth.crossed < TRANSMISSION_BATCH_S:
        return f"Transmission left {gone - truth.crossed:.1f} s after the threshold, with its last batch"
    if plan.kind == "aria2" and gone - truth.crossed < ARIA2_ROUND_S:
        return f"aria2 left {gone - truth.crossed:.1f} s after the threshold, before its next round"
    if plan.kind == "rtorrent" and gone - (truth.completed or truth.crossed) < RTORRENT_RETURNS_S:
        return "rTorrent hung up as it completed, and left before it takes anybody back"
    if plan.kind == "rtorrent" and plan.firewalled and gone - truth.started < RTORRENT_CALLS_AGAIN_S:
        return "rTorrent hung up as it completed, and calls nobody again so soon"
    if company.shut_out(truth.crossed - ASKED_S, gone):
        return "it was at its limit of connections from the threshold to its end"
    if company.shut_out_until(truth.crossed):
        return "it was at its limit of connections until the threshold"
    return ""


def lost_in_the_cut(truth, cut):
    """Why nobody could see it who was cut off from the network in that time: (from, to); empty if one could."""
    if cut is None or truth.crossed is None or not cut[0] <= truth.crossed <= cut[1]:
        return ""
    if truth.started >= cut[0]:
        return "it came and got past the threshold while the network was cut"
    if truth.ended is not None and truth.ended <= cut[1]:
        return "it got past the threshold and left while the network was cut"
    return ""
