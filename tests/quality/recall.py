"""Measures how many generated secrets each program finds, by carrier and by provider."""

import json
import os
import random
import shutil
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass

import table
import tokens
import tools

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 10
WORST = 10


@dataclass
class Carrier:
    """A way to write a secret: what it is, the extension of its file, and its text.

    `plain`: keysieve must find the secret there.
    """

    name: str
    extension: str
    text: str
    plain: bool


def carriers():
    with open(os.path.join(HERE, "carriers.txt"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split(" | ", 2) for line in file if line.strip() and not line.startswith("#")]
    return [Carrier(name.lstrip("~ "), extension, json.loads(text), name[0] != "~") for name, extension, text in rows]


def run(options, programs, scratch, say):
    """The part of the report, in lines."""
    chance = random.Random(SEED)
    made, fresh, count = tokens.make(programs, os.path.join(HERE, "..", "..", "patterns"), scratch, chance)
    used = carriers()
    if options.tiny:
        made = chance.sample(made, 20)
    whole, part = os.path.join(scratch, "whole"), os.path.join(scratch, "part")
    expected = write(whole, [(token, carrier) for carrier in used for token in made])
    each = min(options.each, len(used))
    write(part, [(token, carrier) for token in made for carrier in chance.sample(used, each)])
    found, notes = {}, []
    for name in (name for name, path in programs.items() if path):
        folder = whole if name == "keysieve" else part
        tried = {path: place for path, place in expected.items() if os.path.exists(os.path.join(folder, path))}
        say(f"recall: {name} on {len(tried):,} files")
        try:
            findings = tools.scan(name, programs, folder, options.limit, scratch)
        except (tools.TooSlow, tools.Failed) as problem:
            notes += ["", f"Not measured: {problem}."]
            continue
        hits = [hit for hit in findings if covers(hit, tried.get(hit.path))]
        found[name] = dict.fromkeys(tried, False) | {hit.path: True for hit in hits}
        if name == "keysieve":
            blocking = {hit.path for hit in hits if hit.grade != "low" and tried[hit.path].carrier.plain}
    shutil.rmtree(whole)
    shutil.rmtree(part)
    if options.tiny:
        demand(found["keysieve"], expected)
    about = (
        f"{count} rules; {len(made)} secrets, of which {fresh} are redrawn and the others the example of their rule; "
        f"{len(used)} carriers. keysieve reads {len(expected):,} files, each peer {each} carriers of each secret."
    )
    plain = sum(1 for place in expected.values() if place.carrier.plain)
    notes += ["", f"keysieve grades {len(blocking) / plain:.1%} of those in plain carriers medium or higher."]
    return ["", "## Recall", "", about, *notes, "", *tables(found, expected)]


def tables(found, expected):
    plain = lambda place: "all plain carriers" if place.carrier.plain else "all others"
    lines = rows("carrier", found, expected, lambda place: place.carrier.name)
    lines += ["", *rows("carriers", found, expected, plain)]
    lines += ["", f"The {WORST} providers of which keysieve finds least in plain carriers, then the peers:", ""]
    plain = {path: place for path, place in expected.items() if place.carrier.plain}
    return lines + rows("provider", found, plain, lambda place: place.token.family, WORST)


def demand(found, expected):
    """Exits if keysieve misses a secret in a plain carrier."""
    missed = [path for path, place in expected.items() if place.carrier.plain and not found[path]]
    if missed:
        place = expected[missed[0]]
        sys.exit(f"{len(missed)} secrets are missed, one of {place.token.rule} in '{place.carrier.name}'")


@dataclass
class Place:
    """Where a secret was written."""

    token: tokens.Token
    carrier: Carrier
    line: int


def write(folder, pairs):
    """Writes a file for each secret and carrier, and returns by the file's path what is in it.

    Each has its own file: lines around it and limits of findings in a file cannot help or hurt.
    """
    expected = {}
    for token, carrier in pairs:
        kind = carrier.name.lower().replace(" ", "-").replace(",", "").replace("#", "sharp")
        path = os.path.join(kind, f"{token.rule}.{carrier.extension}")
        os.makedirs(os.path.join(folder, kind), exist_ok=True)
        text = tokens.fill(carrier.text, token)
        with open(os.path.join(folder, path), "w", encoding="utf-8", newline="") as file:
            file.write(text)
        expected[path] = Place(token, carrier, text[: text.index(token.value)].count("\n") + 1)
    return expected


def covers(finding, place):
    """Whether a finding, of any rule, covers the secret's line."""
    return place is not None and finding.first <= place.line <= finding.last


def rows(head, found, expected, group, worst=None):
    """A table of the share that each program finds of each group of the files that it read."""
    tried, hits = defaultdict(Counter), defaultdict(Counter)
    for name, results in found.items():
        for path, hit in results.items():
            if path in expected:
                key = group(expected[path])
                tried[key][name] += 1
                hits[key][name] += hit
    share = lambda key, name: hits[key][name] / tried[key][name] if tried[key][name] else 1.0
    cell = lambda key, name: f"{share(key, name):.1%}" if tried[key][name] else ""
    keys = list(tried)
    if worst:
        keys = sorted(keys, key=lambda key: [share(key, name) for name in found])[:worst]
    return table.markdown([head, *found, ""], [[key, *(cell(key, name) for name in found), ""] for key in keys])
