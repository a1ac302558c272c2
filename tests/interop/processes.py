"""Programs on hosts: a thread that lives in a host's namespace, and the processes that it starts there.

A process ends with the thread that started it, whatever ends that; nothing outlives the harness.
"""

import os
import signal
import subprocess
import threading

GRACE_S = 8


class Process:
    """A program in the namespace of the calling thread, its output in a log file."""

    def __init__(self, command, folder, log="log", stdout=None, **environment):
        # A plain environment: no proxy settings, no dotfiles of whoever runs this.
        environment |= {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
        with open(folder / log, "ab") as output:
            self.child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)],
                cwd=folder, env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=stdout or output, stderr=output)

    def running(self):
        return self.child.poll() is None

    def stop(self, how=signal.SIGTERM, grace_s=GRACE_S):
        """Send it the signal and wait for its exit code; past its grace it is killed."""
        if self.running():
            self.child.send_signal(how)
        try:
            return self.child.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return self.child.wait()


class Resident(threading.Thread):
    """A thread in a host's namespace. Subclasses say in `live` what it does there."""

    def __init__(self, name, host):
        super().__init__(name=name, daemon=True)
        self.host = host
        self.failure = None

    def run(self):
        try:
            self.host.enter()
            self.live()
        except Exception as error:  # reported by whoever judges the run
            self.failure = f"{self.name}: {type(error).__name__}: {error}"

    def live(self):
        raise NotImplementedError
