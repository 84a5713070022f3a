#!/usr/bin/env python3
"""Measures keysieve and its peers on the labelled lines of `labels.tsv`. See labels.md."""

import sys

sys.dont_write_bytecode = True  # Leave nothing behind in the repository.

import argparse
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "bench"))

import packages
import tools

LIMIT = 600  # seconds for one program: on two cores gitleaks took 157, betterleaks 85, kingfisher 38
SECRET, TEST, NO = "secret", "test", "no"


@dataclass(frozen=True)
class Row:
    """A labelled line. `digest` is the beginning of the SHA-256 of the line, without its newline."""

    registry: str
    package: str
    path: str
    line: int
    digest: str
    draw: str
    kind: str
    label: str

    @property
    def folder(self):
        return os.path.join(self.registry, self.package.replace("/", "+"))

    @property
    def place(self):
        return os.path.join(self.folder, self.path)

    @property
    def half(self):
        """Which half the package belongs to, whatever its version. Rules are made with `dev` only."""
        name = self.package.partition("==")[0]
        return "dev" if hashlib.sha256(name.encode()).digest()[0] % 2 else "held-out"


def read():
    with open(os.path.join(HERE, "labels.tsv"), encoding="utf-8") as file:
        cells = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return [Row(*cell[:3], int(cell[3]), *cell[4:]) for cell in cells]


def fetch(data, say):
    """Downloads the packages of the rows, and no other, below `data`."""
    packages.FETCHERS["debian"] = from_debian
    wanted = {(row.registry, *row.package.split("==")) for row in read()}
    packages.fetch(data, say, sorted(wanted))


def from_debian(name, version, folder):
    """The upstream archives of a source package. They need a `deb-src` line in apt's sources."""
    command = ["apt-get", "--quiet", "source", "--download-only", "--tar-only", f"{name}={version}"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    archives = [entry.path for entry in os.scandir(folder)]
    for archive in archives:
        if ".tar." in archive and not archive.endswith(".asc"):
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter=regular)
        os.remove(archive)


def regular(member, folder):
    """Leaves links and devices out."""
    return tarfile.data_filter(member, folder) if member.isfile() else None


def stage(rows, root, folder):
    """Copies the files of the rows into `folder` and returns the rows whose line is unchanged."""
    kept, places = [], {}
    for row in rows:
        places.setdefault(row.place, []).append(row)
    for place, drawn in places.items():
        try:
            with open(os.path.join(root, place), "rb") as file:
                lines = file.read().split(b"\n")
        except OSError:
            continue
        same = [row for row in drawn if row.digest == digest(lines, row.line)]
        if same:
            os.makedirs(os.path.dirname(os.path.join(folder, place)), exist_ok=True)
            shutil.copyfile(os.path.join(root, place), os.path.join(folder, place))
            kept += same
    return kept


def digest(lines, number):
    return hashlib.sha256(lines[number - 1]).hexdigest()[:16] if number <= len(lines) else ""


def report(programs, data):
    """The tables, as Markdown. `programs` holds the path of each program, None if it is missing."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "lines")
        every = read()
        rows = stage(every, os.path.join(data, "packages"), folder)
        if not rows:
            return "The packages are not in the data folder: `labels.py --fetch` downloads them.\n"
        hits, lines = flagged(programs, rows, folder, scratch)
    count = {label: sum(row.label == label for row in rows) for label in (SECRET, TEST, NO)}
    lines += [
        f"{len(rows):,} lines of {len({row.package for row in rows})} packages: {count[SECRET]} `secret`, "
        f"{count[TEST]} `test`, {count[NO]:,} `no`. {len(every) - len(rows)} lines are missing or have changed.",
    ]
    for half in ("", "dev", "held-out"):
        lines += scores([row for row in rows if half in ("", row.half)], hits, half or "all")
    return "\n".join(lines + by_kind(rows, hits)) + "\n"


def flagged(programs, rows, folder, scratch):
    """For each contender the rows that one of its findings covers, and notes on those that failed."""
    hits, notes = {}, []
    for name, path in programs.items():
        if path is None or name not in tools.COMMANDS:
            continue
        try:
            found = tools.scan(name, programs, folder, LIMIT, scratch)
        except (tools.TooSlow, tools.Failed) as problem:
            notes += [f"Not measured: {problem}", ""]
            continue
        if name == "keysieve":
            hits["keysieve, `low` and up"] = covered(rows, found)
            found = [finding for finding in found if finding.grade != "low"]
            name = "keysieve, `medium` and up"
        hits[name] = covered(rows, found)
    return hits, notes


def covered(rows, findings):
    places = {}
    for finding in findings:
        places.setdefault(finding.path, []).append(finding)
    inside = lambda row, finding: finding.first <= row.line <= finding.last
    return {row for row in rows if any(inside(row, finding) for finding in places.get(row.place, ()))}


def scores(rows, hits, title):
    """A table: precision and recall if `test` is left out, and if `test` counts as a secret."""
    lines = [
        "",
        f"### {title}: {len(rows):,} lines",
        "",
        "| | found | wrong | precision | recall | F1 | with `test`: found | precision | recall | F1 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, hit in hits.items():
        wrong = sum(row.label == NO for row in rows if row in hit)
        cells = [name]
        for labels in ((SECRET,), (SECRET, TEST)):
            wanted = [row for row in rows if row.label in labels]
            found = sum(row in hit for row in wanted)
            cells += [f"{found}/{len(wanted)}"] + ([str(wrong)] if TEST not in labels else [])
            cells += rates(found, wrong, len(wanted))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def rates(found, wrong, wanted):
    """Precision, recall and F1."""
    precision = found / (found + wrong) if found + wrong else 0
    recall = found / wanted if wanted else 0
    both = 2 * precision * recall / (precision + recall) if found else 0
    return [f"{rate:.2f}" for rate in (precision, recall, both)]


def by_kind(rows, hits):
    """A table of the kinds: secrets found of all, lines of tests found of all, and wrong alarms."""
    kinds = sorted({row.kind for row in rows})
    lines = ["", "### by kind: `secret` found / `test` found / wrong", ""]
    lines += [f"| | {' | '.join(kinds)} |", "|---" * (len(kinds) + 1) + "|"]
    groups = {(kind, label): set() for kind in kinds for label in (SECRET, TEST, NO)}
    for row in rows:
        groups[row.kind, row.label].add(row)
    sizes = (" / ".join(str(len(groups[kind, label])) for label in (SECRET, TEST, NO)) for kind in kinds)
    lines.append(f"| lines | {' | '.join(sizes)} |")
    for name, hit in hits.items():
        cells = (" / ".join(str(len(groups[k, label] & hit)) for label in (SECRET, TEST, NO)) for k in kinds)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def main():
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=f"{cache}/keysieve-quality", help="where packages are kept (default: %(default)s)")
    parser.add_argument("--fetch", action="store_true", help="download the packages of labels.tsv and end")
    options = parser.parse_args()
    data = os.path.abspath(os.path.expanduser(options.data))
    if options.fetch:
        fetch(data, lambda text: print(text, file=sys.stderr, flush=True))
        return
    keysieve = os.environ.get("KEYSIEVE") or sys.exit("KEYSIEVE names the program to measure")
    print(report(tools.find_all(keysieve, True), data), end="")


if __name__ == "__main__":
    main()
