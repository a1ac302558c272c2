"""From a swarm that is over to its checks: did the clients keep to their plans, and bta to its word?"""

import json
from collections import defaultdict

import book
import report
import scrapes
import shares
from clients import KINDS
from judge import GOOD, MISSED, UNSEEN, address, excused, judge, kept_to_plan
from observer import DUMPS
from plan import DOWNLOADS
from showable import hidden, lost_in_the_cut

UNFINISHED_SHARE = 0.1  # of the downloads; more, and the swarm was no test


def conclude(swarm, observers, options):
    """Print and write the outcome; true if nothing failed."""
    outcome = report.Report()
    print()
    report.truths(swarm.lives)
    for place in (*swarm.trackers, *swarm.nodes, swarm.announces):
        outcome.check(place.failure is None, place.name, place.failure)
    examine_swarm(swarm, outcome)
    report.full(swarm.lives)
    limited = [life for life in swarm.lives if life.plan.limit]
    full = [life for life in limited if life.company.most >= life.plan.limit]
    outcome.check(full or not limited, f"{len(full)} of {len(limited)} get to their limit of connections")
    verdicts = defaultdict(dict)
    for observer in observers:
        print(f"\nobserver {observer.name} ({observer.host.address}), killed {len(observer.copies)} times", flush=True)
        known = None if swarm.ways.is_open else book.first_known(observer.log())
        dumps = examine(observer, swarm, outcome, verdicts, options, known)
        if swarm.ways.is_open:
            examine_scrapes(observer, dumps, swarm, outcome, len(observers) - 1)
        elif not observer.copies:
            examine_book(observer, dumps, swarm, outcome, known)
    clients = [report.as_json(life, verdicts[life.name]) for life in swarm.lives]
    return outcome.close(swarm.folder / "result.json", options=vars(options), clients=clients)


def examine_swarm(swarm, outcome):
    """Whether the clients did what they were there for; else the run says nothing about bta."""
    unfinished = []
    for life in swarm.lives:
        reached = f"{life.truth.most} of {life.truth.total} pieces"
        if life.failure is None and life.plan.behaviour in DOWNLOADS and not life.truth.completed:
            unfinished.append(life.name)
            print(f"unfinished: {life.name}, {reached}")
        else:
            outcome.check(life.failure is None and kept_to_plan(life.plan, life.truth),
                          f"{life.name} keeps to its plan", life.failure or reached)
    # Real clients are starved by their swarm now and then.
    outcome.check(len(unfinished) <= UNFINISHED_SHARE * swarm.downloads(),
                  f"{swarm.completed()} of {swarm.downloads()} downloads finish in time", ", ".join(unfinished))


def examine(observer, swarm, outcome, verdicts, options, known):
    """`known`: when each address was, where bta does not hear of everybody at once."""
    name = observer.name
    missed = 0
    outcome.check(observer.failure is None, f"{name}: runs to its end", observer.failure)
    outcome.check(observer.exit_code == 0, f"{name}: ends with exit code 0", f"{observer.exit_code}")
    outcome.check(observer.said("stdout"), f"{name}: says a summary on standard output")
    outcome.check("panicked" not in observer.said("stderr"), f"{name}: no panic", f"see {observer.folder}/stderr")
    outcome.check(len(observer.copies) == observer.kills, f"{name}: was killed {observer.kills} times",
                  f"{len(observer.copies)}")

    dumps = {what: dump(observer, what, outcome) for what in DUMPS}
    rows = defaultdict(list)
    for row in dumps["completions"]:
        rows[address(row)].append(row)
    members = {life.host.address for life in swarm.lives}
    outcome.check(rows.keys() <= members, f"{name}: confirms only clients of the swarm", f"{rows.keys() - members}")
    outcome.check(rows or not swarm.completed(), f"{name}: confirms downloads")

    by_share = options.share is not None
    excuse = shown_to_nobody(swarm.cut) if by_share else excused
    for life in swarm.lives:
        verdict = judge(life.name, life.plan, life.truth, life.company, rows[life.host.address], swarm.observed_until,
                        excuse)
        verdicts[life.name][name] = verdict
        # One that was killed was away; of the other, misses are counted.
        tolerated = verdict.verdict == MISSED and (
            observer.copies or by_share or missed < options.tolerate or known is not None and too_late(known, life))
        missed += verdict.verdict == MISSED
        outcome.check(verdict.verdict in GOOD or tolerated, f"{name}: {life.name} {verdict.verdict}", verdict.why)
        if verdict.verdict not in GOOD:
            print(f"{'tolerated: ' if tolerated else ''}{life.name} {verdict.verdict}: {verdict.why}")
            print("        " + with_whom(life, observer))
            for row in rows[life.host.address] + dumps["peers"]:
                if address(row) == life.host.address:
                    print("       ", json.dumps(row))
    for copy in observer.copies:
        before = {(row["torrent"], row["peer"]) for row in dump(observer, "completions", outcome, copy)}
        after = {(row["torrent"], row["peer"]) for row in dumps["completions"]}
        outcome.check(before <= after, f"{name}: keeps the {len(before)} completions of {copy.name}",
                      f"{before - after} lost")
    print()
    judged = [verdicts[life.name][name] for life in swarm.lives]
    report.table(judged)
    if by_share:
        examine_shares(observer, swarm, judged, outcome, options)
    return dumps


def shown_to_nobody(cut):
    return lambda plan, truth, company, until: hidden(plan, truth, company, until) or lost_in_the_cut(truth, cut)


def with_whom(life, observer):
    """What the client says of its connections with the observer, in seconds from the threshold."""
    crossed = life.truth.crossed or life.truth.started or 0
    visits = life.company.visits.get(observer.host.address, [])
    said = ", ".join(f"{since - crossed:+.1f} to {until - crossed:+.1f} s" for since, until in visits)
    return f"by its own word it was connected with {observer.name}: {said or 'never'}; seconds from the threshold"


def examine_shares(observer, swarm, verdicts, outcome, options):
    """Whether enough was confirmed of what could be seen, and soon enough."""
    plans = [life.plan for life in swarm.lives]
    found = shares.shares(plans, verdicts)
    shares.table(swarm.lives, verdicts, swarm.cut)
    print()
    for verdict in verdicts:
        if verdict.verdict == UNSEEN:
            print(f"not to be seen: {verdict.name}: {verdict.why}")
    print(found.said)
    if observer.copies:  # it was away
        return
    outcome.check(found.of_showable >= options.share / 100, f"{observer.name}: {options.share} % of what could be seen",
                  found.said)
    if found.slow_are_few:
        outcome.check(found.of_all >= options.share_of_all / 100, f"{observer.name}: {options.share_of_all} % of all",
                      found.said)
    outcome.check(found.median_error_s < shares.MEDIAN_ERROR_S,
                  f"{observer.name}: median error of time under {shares.MEDIAN_ERROR_S} s", found.said)
    print(f"median error of time {found.median_error_s:.2f} s")


def too_late(known, life):
    """It could not be seen before it was complete; whether it should have been known sooner the book says."""
    return known.get(life.host.address, (life.truth.crossed, ""))[0] >= life.truth.crossed


def examine_book(observer, dumps, swarm, outcome, known):
    """Whether each reachable client was in bta's book soon after it announced itself."""
    sources = {address(row): tuple(row["sources"]) for row in dumps["peers"] if row["sources"]}
    entries = []
    for life in swarm.lives:
        since = announced(life, swarm, observer.began)
        at, how = known.get(life.host.address, (None, ""))
        ended = min(life.truth.ended or swarm.observed_until, swarm.observed_until)
        entry = book.judge_entry(
            life.name, reachable(life, swarm.ways), since, ended, at, how, swarm.ways.known_within_s)
        entry.sources = sources.get(life.host.address, ())
        entries.append(entry)
    good, said = book.table(entries)
    outcome.check(good, f"{observer.name}: {said} ({swarm.ways.known_within_s} s)")
    if good:
        print(said)


def reachable(life, ways):
    """Of one that tells no peer its port only those know it whom it did not call: they may be nobody bta meets."""
    gossip_alone = ways.pex and not KINDS[life.plan.kind].tells_port
    return not life.plan.firewalled and not gossip_alone


def announced(life, swarm, observer_began):
    """When it was to be found and bta there to find it; None: it never said so."""
    heard = swarm.announces.heard[life.host.address]
    if swarm.ways.tracker:
        heard = [life.truth.started] if life.truth.started else []
    if swarm.ways.lsd:  # nobody keeps what was said to the network before
        heard = [at for at in heard if at >= observer_began]
    return max(min(heard), observer_began) if heard else None


def examine_scrapes(observer, dumps, swarm, outcome, others):
    """Whether the tracker's figures, as bta scraped them, are those of its clients."""
    trackers = scrapes.by_tracker(dumps["scrapes"])
    failed = [row for row in dumps["scrapes"] if row["result"] != "ok"]
    outcome.check(trackers.keys() == set(swarm.torrent.announce_urls), f"{observer.name}: scrapes each tracker",
                  f"{json.dumps(failed[:1])}")
    totals = []
    for tracker, rows in trackers.items():
        total, resets = scrapes.reported(rows)
        totals.append(total)
        compared = scrapes.compare(rows[-1], swarm.lives, others, swarm.trackers[0].counts_completions)
        said = ", ".join(f"{what} {figure} ({span} by the clients' word)" for what, figure, span in compared)
        print(f"{tracker}: {len(rows)} scrapes; the last: {said}; reported downloads {total}, resets {resets}")
        good = all(figure in span for _, figure, span in compared)
        outcome.check(good, f"{observer.name}: figures of {tracker}", said)
    torrent = dumps["torrents"][0] if dumps["torrents"] else {}
    said = [torrent.get(f"reported_{what}") for what in ("greatest", "sum")]
    outcome.check(said == [max(totals, default=None), sum(totals)], f"{observer.name}: reported downloads add up",
                  f"{said} of {totals}")


def dump(observer, what, outcome, store=None):
    """The rows of a dump, kept beside the store; none, and a failed check, if it cannot be had."""
    label = f"{observer.name}: bta-dump {what}{f' of {store.name}' if store else ''}"
    try:
        rows = observer.dump(what, store)
    except (OSError, RuntimeError, ValueError) as error:
        outcome.check(False, label, str(error))
        return []
    outcome.check(True, label)
    return rows
