"""Provides the histories for the mode `audit`: real ones, and generated ones of several lengths."""

import os
import random
import shutil
import subprocess
from dataclasses import dataclass

from inputs import WORDS, size_of, source_line
from measure import clean_environment

FILES = 400
START = 1_700_000_000


@dataclass
class History:
    """A repository and how much it holds."""

    name: str
    path: str
    generated: bool
    pack: int = 0
    objects: int = 0
    commits: int = 0
    missing: int = 0

    def __str__(self):
        size = f"{self.pack / 1e6:,.0f} MB" if self.pack >= 1e7 else f"{self.pack / 1e6:.1f} MB"
        lacking = f"; {self.missing:,} OBJECTS MISSING: a program that needs them fails early" if self.missing else ""
        return f"{self.name}: {self.commits:,} commits, {self.objects:,} objects, {size} of packs{lacking}"


def real(asked, data):
    """The histories given as NAME=PATH, or else those in the data folder."""
    if asked:
        pairs = [spec.partition("=")[::2] for spec in asked]
    else:
        folder = os.path.join(data, "histories")
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        pairs = [(name.removesuffix(".git"), os.path.join(folder, name)) for name in names]
    return [History(name, os.path.abspath(os.path.expanduser(path)), False) for name, path in pairs]


def weigh(history):
    """Counts commits, objects and bytes, and reads the packs, so that the first contender finds a warm disk cache."""
    counted = dict(line.split(": ", 1) for line in ask(history.path, "count-objects", "-v").splitlines())
    history.objects = int(counted["in-pack"]) + int(counted["count"])
    history.commits = int(ask(history.path, "rev-list", "--all", "--count"))
    reached = ask(history.path, "rev-list", "--all", "--objects", "--missing=print")
    history.missing = sum(line.startswith("?") for line in reached.splitlines())
    packs = ask(history.path, "rev-parse", "--path-format=absolute", "--git-path", "objects/pack").strip()
    history.pack = sum(os.path.getsize(entry.path) for entry in os.scandir(packs) if entry.name.endswith(".pack"))
    size_of(packs)
    return history


def generated(data, sizes, say):
    """The generated histories, each longer one beginning with the commits of the shorter."""
    return [
        History(f"generated, {times}×", build(data, times, sizes.history * times, say), True)
        for times in sizes.lengths
    ]


def build(data, times, commits, say):
    """Path of a generated history, made on first use."""
    folder = os.path.join(data, f"made-up-history-1-{times}x.git")
    if not os.path.isdir(folder):
        say(f"generating a history of {commits:,} commits")
        # Renamed when it is complete: an interrupted run must not leave half a history.
        partial = folder + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        os.makedirs(partial)
        run(partial, "init", "--quiet", "--bare", "--initial-branch=main")
        command = ["git", "fast-import", "--quiet"]
        with subprocess.Popen(command, cwd=partial, env=clean_environment(), stdin=subprocess.PIPE) as importer:
            Writer(importer.stdin, random.Random(3)).write(commits)
        if importer.returncode:
            raise subprocess.CalledProcessError(importer.returncode, command)
        run(partial, "-c", "pack.threads=1", "repack", "-adf", "--depth=50", "--quiet")
        os.rename(partial, folder)
    return folder


class Writer:
    """Writes a history for `git fast-import`: small edits, merged topics, renames, tags, topics left open.

    The tree keeps its size, so that 16 times the commits have 16 times the objects.
    """

    def __init__(self, out, chance):
        self.out = out
        self.chance = chance
        self.pool = [source_line(chance) for _ in range(20_000)]
        paths = (f"src/{WORDS[number % 25]}/{WORDS[number // 25]}_{number:03}.c" for number in range(FILES))
        self.files = {path: chance.choices(self.pool, k=chance.randint(20, 400)) for path in paths}
        self.count = 0

    def write(self, commits):
        self.commit("main", dict(self.files))
        while self.count < commits:
            if self.count % 20 == 19:
                self.topic(self.count // 20)
            elif self.count % 75 == 50:
                self.rename()
            else:
                self.commit("main", self.edit(sorted(self.files)))
            if self.count % 100 == 0:
                message = f"Version {self.count // 100}\n"
                self.put(f"tag v{self.count // 100}\nfrom refs/heads/main\ntagger {self.who()}\n{text(message)}")

    def topic(self, number):
        """Two commits on a branch. Four of five branches are merged; the fifth stays open, and main lacks its edits."""
        before = dict(self.files)
        branch = f"topic-{number}"
        self.put(f"reset refs/heads/{branch}\nfrom refs/heads/main\n\n")
        changed = self.edit(sorted(self.files))
        self.commit(branch, changed)
        again = self.edit(sorted(self.files))
        self.commit(branch, again)
        if number % 5 == 4:
            self.files = before
            return
        changed |= again
        # Main changes other files meanwhile, so that the merge has two sides.
        self.commit("main", self.edit(sorted(self.files.keys() - changed.keys())))
        self.commit("main", changed, merge=branch)
        self.put(f"reset refs/heads/{branch}\nfrom 0000000000000000000000000000000000000000\n\n")

    def rename(self):
        """Moves a file and edits it in the same commit."""
        old = self.chance.choice(sorted(self.files))
        new = f"{os.path.dirname(old)}/{self.chance.choice(WORDS)}_{self.count:05}.c"
        self.files[new] = self.edited(self.files.pop(old))
        self.commit("main", {new: self.files[new]}, gone=old)

    def edit(self, paths):
        """Changes a few files; returns their paths and new lines."""
        changed = {path: self.edited(self.files[path]) for path in self.chance.sample(paths, self.chance.randint(1, 5))}
        self.files |= changed
        return changed

    def edited(self, lines):
        """Replaces a few lines at one place, at times by more or fewer lines."""
        lines = list(lines)
        at = self.chance.randrange(len(lines))
        lines[at : at + self.chance.randint(1, 6)] = self.chance.choices(self.pool, k=self.chance.randint(1, 6))
        return lines

    def commit(self, branch, files, merge=None, gone=None):
        words = " ".join(self.chance.choices(WORDS, k=6))
        self.put(f"commit refs/heads/{branch}\ncommitter {self.who()}\n{text(words.capitalize())}")
        if merge:
            self.put(f"merge refs/heads/{merge}\n")
        if gone:
            self.put(f"D {gone}\n")
        for path, lines in files.items():
            self.put(f"M 100644 inline {path}\n{text(''.join(lines))}")
        self.put("\n")
        self.count += 1

    def who(self):
        return f"Ada <ada@example.org> {START + self.count * 3600} +0000"

    def put(self, command):
        self.out.write(command.encode("ascii"))


def text(content):
    return f"data {len(content)}\n{content}\n"


def run(folder, *args):
    subprocess.run(["git", *args], cwd=folder, env=clean_environment(), check=True)


def ask(folder, *args):
    done = subprocess.run(["git", *args], cwd=folder, env=clean_environment(), stdout=subprocess.PIPE, check=True)
    return done.stdout.decode("utf-8", "replace")
