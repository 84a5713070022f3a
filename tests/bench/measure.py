"""Runs commands in interleaved rounds and measures whole processes: wall time, processor time, peak memory."""

import os
import signal
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Callable


@dataclass
class Contender:
    """A command that does the job, and the measurements of its runs.

    `discarded`: its output goes to /dev/null. `watched`: its anonymous memory is sampled while it runs. `prepare` is
    called before each run, and not measured.
    """

    name: str
    argv: list
    folder: str
    env: dict = field(default_factory=dict)
    fine: tuple = (0, 1)
    discarded: bool = False
    watched: bool = False
    prepare: Callable[[], None] = lambda: None
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
        """Why the numbers cannot be trusted, if they cannot: a scanner that fails is fast."""
        if any(run.stopped for run in self.runs):
            return "stopped: over the limit"
        odd = sorted({run.status for run in self.runs if run.status not in self.fine})
        return f"exit status {', '.join(map(str, odd))}" if odd else ""


@dataclass
class Measured:
    """One run. `cpu` is user and system time, `rss` the peak in bytes, `own` its anonymous part (no mapped files)."""

    wall: float
    cpu: float
    rss: int
    own: int
    status: int
    stopped: bool


def run_once(contender, scratch, limit):
    """Runs the command once. Its output goes to a file by default: some programs stop early on /dev/null."""
    contender.prepare()
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
    # posix_spawn and not subprocess: its cost is small compared with a command of five milliseconds.
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
    """Kills a run that takes too long, with its child processes."""
    stopped.set()
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Watch:
    """Samples the anonymous memory of a process: a mapped pack belongs to the page cache.

    Works on Linux only. Child processes are not sampled.
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
    """The environment without the user's git configuration, which changes what git and its scanners do."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "KEYSIEVE_"))}
    env.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1", LC_ALL="C.UTF-8", NO_COLOR="1")
    return env


def race(contenders, rounds, cap, limit, scratch, say):
    """Interleaved rounds (A B C A B C ...), so that a machine that slows down slows all of them.

    The first round warms the caches and is not counted, except for contenders over the cap: they run once.
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


def check(contenders):
    """Exits if a contender failed. Times are not judged. keysieve must exit 0: the generated inputs hold no secret."""
    ours = [contender for contender in contenders if contender.name.startswith("keysieve")]
    problems = [f"{contender.name}: {contender.retired}" for contender in contenders if not contender.measured]
    problems += [f"{contender.name}: {contender.trouble()}" for contender in contenders if contender.trouble()]
    problems += [f"{contender.name}: not clean" for contender in ours if any(run.status for run in contender.runs)]
    if problems or not ours:
        sys.exit("\n".join(problems or ["keysieve was not measured"]))


def last_words(scratch):
    """The last line of the last output: shows a failure that exits with the status for "findings"."""
    with open(os.path.join(scratch, "output"), "rb") as file:
        file.seek(max(0, os.path.getsize(file.name) - 400))
        lines = file.read().decode("utf-8", "replace").split("\n")
    words = next((line for line in reversed(lines) if line.strip()), "no output")
    return "".join(c for c in words if c.isprintable())[-100:]


def floor_of_memory(scratch):
    """The peak of `true`: the kernel counts a new process as a copy of this one, so no peak is lower."""
    return run_once(Contender("true", ["true"], scratch), scratch, 10).rss
