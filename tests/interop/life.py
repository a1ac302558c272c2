"""One client's life in the swarm, and its truth."""

import time

from clients import KINDS
from company import Company
from plan import ABORT, LAZY, LEAVE, RETURN, SEED, STAY, VANISH
from processes import GRACE_S, Resident
from truth import Truth

POLL_S = 0.25
POLL_NEAR_THE_END_S = 0.1
COMPANY_S = 1
STAYS_AT_LEAST_S = 16
PAUSE_S = 6
LEAVES_WITHIN_S = 1


class Life(Resident):
    """Starts its client in its time, polls it, and ends it as the plan says."""

    def __init__(self, name, plan, host, folder, swarm, torrent):
        super().__init__(name, host)
        self.plan = plan
        self.folder = folder
        self.swarm = swarm
        self.torrent = torrent
        self.truth = Truth(swarm.torrent.threshold, swarm.torrent.pieces)
        self.company = Company(plan.limit, swarm.guests)
        self.fulfilled = plan.behaviour in (SEED, LAZY)  # nothing left that the swarm must wait for

    def live(self):
        if self.swarm.stopping.wait(max(0, self.plan.start_s - self.swarm.seconds())):
            return
        client = KINDS[self.plan.kind](
            self.host, self.torrent, self.folder, plan=self.plan, ways=self.swarm.ways, entries=self.swarm.entries)
        try:
            client.start()
            self.act(client)
        finally:
            abruptly = self.plan.behaviour == VANISH or self.plan.behaviour == ABORT and self.plan.abruptly
            client.stop(abruptly, LEAVES_WITHIN_S if self.plan.behaviour == LEAVE else GRACE_S)
            self.truth.ended = time.time()

    def act(self, client):
        """Poll until the plan, or the swarm, is over."""
        behaviour, part = self.plan.behaviour, self.plan.until * self.truth.total
        company_at = 0
        while True:
            pieces = client.pieces()
            if pieces is not None:
                self.truth.observe(time.time(), pieces)
            if time.time() >= company_at:
                company_at = time.time() + COMPANY_S
                company = client.company()
                if company is not None:
                    self.company.observe(time.time(), company, self.truth.completed is not None)
            if not client.process.running():
                raise RuntimeError(f"ended by itself with exit code {client.process.stop()}, see {client.folder}/log")
            since = time.time() - self.truth.completed if self.truth.completed else None

            if behaviour == ABORT and self.truth.most >= part:
                break
            if behaviour == RETURN and self.truth.most >= part:
                client.stop()
                if self.swarm.stopping.wait(PAUSE_S):
                    return
                client.start()
                behaviour = STAY
            if since is not None and behaviour in (LEAVE, VANISH):
                break
            if since is not None and behaviour == STAY and since >= STAYS_AT_LEAST_S:
                self.fulfilled = True
                if self.plan.stay_s and since >= self.plan.stay_s:
                    break
            near = self.truth.most >= 0.8 * self.truth.total and not self.truth.completed
            if self.swarm.stopping.wait(POLL_NEAR_THE_END_S if near else POLL_S):
                return
        self.fulfilled = True
