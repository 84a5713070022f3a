"""Runs commands in turns and measures whole processes: wall time, processor time, peak memory."""

import os
import signal
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field


@dataclass
class Contender:
    """A command that does the job, and what its runs took.

    `discarded`: its output is of no interest and goes to /dev/null. `watched`: its own memory is looked at on the way.
    """

    name: str
    argv: list
    folder: str
    env: dict = field(default_factory=dict)
    fine: tuple = (0, 1)
    discarded: bool = False
    watched: bool = False
    runs: list = field(default_factory=list)
    retired: str = ""

    @property
    def measured(self):
        return bool(self.runs)

    def median(self, what):
        return statistics.median(getattr(run, what) for run in self.runs)

    def spread(self):
        """Fastest and slowest run, in seconds."""
        walls = [run.wall for run in self.runs]
        return min(walls), max(walls)

    def trouble(self):
        """What a reader must know before believing the numbers: a scanner that fails is fast."""
        if any(run.stopped for run in self.runs):
            return "stopped: over the limit"
        odd = sorted({run.status for run in self.runs if run.status not in self.fine})
        return f"exit status {', '.join(map(str, odd))}" if odd else ""


@dataclass
class Measured:
    """One run. `cpu` is user and system time, `rss` the peak in bytes, `own` the part of it that is no mapped file."""

    wall: float
    cpu: float
    rss: int
    own: int
    status: int
    stopped: bool


def run_once(contender, scratch, limit):
    """Runs the command once, its output in a file if in doubt: some programs stop early when they see /dev/null."""
    os.chdir(contender.folder)
    output = os.path.join(scratch, "output")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, output, flags, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    if contender.discarded:
        actions.append((os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0))
    env = clean_environment() | contender.env
    start = time.perf_counter()
    # posix_spawn and not subprocess: its own cost is small beside a command of five milliseconds.
    pid = os.posix_spawnp(contender.argv[0], contender.argv, env, file_actions=actions, setpgroup=0)
    stopped = threading.Event()
    timer = threading.Timer(limit, stop, (pid, stopped))
    timer.daemon = True
    timer.start()
    watch = Watch(pid) if contender.watched else None
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    timer.cancel()
    own = watch.peak() if watch else 0
    unit = 1 if sys.platform == "darwin" else 1024
    code = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(wall, cpu, usage.ru_maxrss * unit, own, abs(code), stopped.is_set())


def stop(pid, stopped):
    """Ends a run that takes too long, with everything that it started."""
    stopped.set()
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Watch:
    """Looks again and again at how much memory of its own a process holds: a mapped pack is the page cache's.

    Linux alone tells. What a process starts is not looked at.
    """

    PAUSE = 0.005

    def __init__(self, pid):
        self.path = f"/proc/{pid}/status"
        self.seen = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        while not self.over.wait(self.PAUSE):
            try:
                with open(self.path, encoding="ascii", errors="replace") as file:
                    held = next((line.split()[1] for line in file if line.startswith("RssAnon:")), "0")
            except OSError:
                return
            self.seen = max(self.seen, int(held) * 1024)

    def peak(self):
        self.over.set()
        self.thread.join()
        return self.seen


def clean_environment():
    """Without the user's git configuration, which changes what git and its scanners do."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "KEYSIEVE_"))}
    env.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1", LC_ALL="C.UTF-8", NO_COLOR="1")
    return env


def race(contenders, rounds, cap, limit, scratch, say):
    """Interleaved rounds (A B C A B C ...), so that a machine that slows down slows all of them.

    The first round warms the caches and is not counted, except for those that are over the cap: they run once.
    """
    for number in range(rounds + 1):
        for contender in contenders:
            if contender.retired:
                continue
            try:
                run = run_once(contender, scratch, limit)
            except OSError as error:
                contender.retired = f"cannot be run: {error}"
                continue
            slow = run.wall > cap
            if slow:
                contender.retired = "one run"
            if number > 0 or slow:
                contender.runs.append(run)
            if number == 0 or slow:
                say(f"  {contender.name}: {run.wall:.3f} s, status {run.status}; {last_words(scratch)}")


def last_words(scratch):
    """The end of what the last run said: shows who fails with the status that means "findings"."""
    with open(os.path.join(scratch, "output"), "rb") as file:
        file.seek(max(0, os.path.getsize(file.name) - 400))
        lines = file.read().decode("utf-8", "replace").split("\n")
    words = next((line for line in reversed(lines) if line.strip()), "says nothing")
    return "".join(c for c in words if c.isprintable())[-100:]


def floor_of_memory(scratch):
    """The peak that even `true` shows: a new process starts as a copy of this one, and the kernel counts that."""
    return run_once(Contender("true", ["true"], scratch), scratch, 10).rss
