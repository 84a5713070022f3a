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
    """A command that does the job, and what its runs took."""

    name: str
    argv: list
    folder: str
    env: dict = field(default_factory=dict)
    fine: tuple = (0, 1)
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
    """One run. `cpu` is user and system time, `rss` the peak in bytes."""

    wall: float
    cpu: float
    rss: int
    status: int
    stopped: bool


def run_once(contender, scratch, limit):
    """Runs the command once, its output in a file: some programs stop early when they see /dev/null."""
    os.chdir(contender.folder)
    output = os.path.join(scratch, "output")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, output, flags, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    env = clean_environment() | contender.env
    start = time.perf_counter()
    # posix_spawn and not subprocess: its own cost is small beside a command of five milliseconds.
    pid = os.posix_spawnp(contender.argv[0], contender.argv, env, file_actions=actions, setpgroup=0)
    stopped = threading.Event()
    timer = threading.Timer(limit, stop, (pid, stopped))
    timer.daemon = True
    timer.start()
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    timer.cancel()
    unit = 1 if sys.platform == "darwin" else 1024
    code = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(wall, cpu, usage.ru_maxrss * unit, abs(code), stopped.is_set())


def stop(pid, stopped):
    """Ends a run that takes too long, with everything that it started."""
    stopped.set()
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


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
