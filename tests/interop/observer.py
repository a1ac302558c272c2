"""bta in the swarm: run, killed and started again, stopped, and asked for what it recorded."""

import json
import random
import shutil
import signal
import subprocess
import time

from processes import Process, Resident

PORT = 6881
POLL_S = 0.1
STOPS_WITHIN_S = 15
LONGER_THAN_THE_SWARM_S = 120  # it is ended by a signal; its own time limit is only a bound
DUMPS = ("completions", "peers", "outcomes", "events", "scrapes", "torrents")


class Observer(Resident):
    """One bta on a host of its own. With kills it is ended by SIGKILL in mid-swarm and started again."""

    def __init__(self, name, host, folder, swarm, options, kills=0):
        super().__init__(name, host)
        self.folder = folder
        self.swarm = swarm
        self.binaries = options.binaries.resolve()
        self.kills = kills
        self.random = random.Random(options.seed)
        self.store = folder / "store"
        entries = folder / "list.txt"
        torrent = swarm.observed_torrent
        entry = torrent.magnet() if options.magnet else torrent.file
        entries.write_text(f"# the swarm of this run\n{entry}\n")
        self.command = [
            self.binaries / "bta", entries, "--output", self.store, "--bind", host.address, "-p", PORT,
            "--duration", options.limit_s + LONGER_THAN_THE_SWARM_S, "--allow-local", "--keep-addresses",
            "-l", options.loglevel, *([] if swarm.ways.is_open else swarm.ways.observed_by(swarm.entries)),
            *(["-i", options.interval] if options.interval else [])]
        self.copies = []  # of the store, as each SIGKILL left it
        self.exit_code = None
        self.began = None

    def live(self):
        self.began = time.time()
        process = self.begin()
        downloads = self.swarm.downloads()
        for kill in range(1, self.kills + 1):
            self.wait(process, lambda: self.swarm.completed() > downloads * kill // (self.kills + 1))
            # Somewhere in the seconds in which that completion is seen and recorded.
            if self.swarm.observed.wait(self.random.uniform(0, 2)):
                break
            process.stop(signal.SIGKILL)
            self.copies.append(self.folder / f"killed-{kill}")
            shutil.copytree(self.store, self.copies[-1], ignore=shutil.ignore_patterns("bta.sock"))
            process = self.begin()
        self.wait(process)
        self.exit_code = process.stop(signal.SIGINT, STOPS_WITHIN_S)

    def begin(self):
        with open(self.folder / "stdout", "ab") as stdout:
            return Process(self.command, self.folder, "stderr", stdout, RUST_BACKTRACE="1")

    def wait(self, process, until=lambda: False):
        """Until the condition holds, or the observation is over."""
        while not until() and not self.swarm.observed.wait(POLL_S):
            if not process.running():
                raise RuntimeError(f"ended by itself with exit code {process.stop()}, see {self.folder}/stderr")

    def said(self, where):
        return (self.folder / where).read_text(errors="replace").strip()

    def log(self):
        return (self.store / "bta.log").read_text(errors="replace")

    def dump(self, what, store=None):
        """The rows of `bta-dump WHAT`; kept beside the store as well."""
        store = store or self.store
        done = subprocess.run([self.binaries / "bta-dump", what, "--format", "jsonl", store],
                              capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(f"exit code {done.returncode}: {done.stderr.strip()[-400:]}")
        (self.folder / f"{store.name}.{what}.jsonl").write_text(done.stdout)
        return [json.loads(line) for line in done.stdout.splitlines()]
