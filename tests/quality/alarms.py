"""Counts what each program reports on real code, by distinct value, and says which alarms were judged how."""

import os
import random
import shutil
import string
import sys
from collections import Counter, defaultdict

import inputs
import table
import tools
from tokens import GRADES

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 10
SAMPLE = 200e6  # bytes; a program that takes more than the limit gets this much of the tree
VERDICTS = ("secret", "published", "test", "wrong")


def verdicts():
    """What a person judged each value to be, by `tools.identity`."""
    with open(os.path.join(HERE, "verdicts.tsv"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    bad = [row for row in rows if len(row) != 3 or row[1] not in VERDICTS]
    if bad or len({row[0] for row in rows}) != len(rows):
        sys.exit(f"verdicts.tsv: {bad[:1] or 'a value is judged twice'}")
    return {value: verdict for value, verdict, _ in rows}


def run(options, programs, tree, scratch, say):
    """The part of the report, in lines."""
    files, size = inputs.size_of(tree)
    lines = ["", "## Alarms on real code", "", f"{files:,} files, {size / 1e6:,.0f} MB. A value counts once."]
    cells, ours, sample = [], [], None
    for name in (name for name, path in programs.items() if path):
        say(f"alarms: {name}")
        try:
            found = tools.scan(name, programs, tree, options.limit, scratch)
        except tools.Failed as problem:
            cells.append([name, "", "", "", "", str(problem)])
            continue
        except tools.TooSlow:
            sample = sample or sampled(tree, scratch)
            cells.append(row_of_sample(name, programs, sample, options.limit, scratch))
            continue
        cells.append(row(name, found, size, ""))
        ours = found if name == "keysieve" else ours
    if options.tiny:
        demand(ours)
    if sample:  # It may be denser than the rest: only rows of the same files can be compared.
        cells.append(row_of_sample("keysieve", programs, sample, options.limit, scratch))
    heads = ["", "values", "per 100 MB", "medium and up per 100 MB", "low per 100 MB", ""]
    lines += ["", *table.markdown(heads, cells)]
    return lines + ["", *judged(ours, size), "", *by_rule(ours)]


def tiny(scratch):
    """A tree with one password without a verdict."""
    tree = os.path.join(scratch, "tiny")
    os.makedirs(os.path.join(tree, "npm", "package"))
    password = "".join(random.Random(SEED).choices(string.ascii_letters + string.digits, k=24))
    with open(os.path.join(tree, "npm", "package", "settings.py"), "w", encoding="ascii") as file:
        file.write(f'db_password = "{password}"\n' * 2)
    return tree


def demand(found):
    """Exits if keysieve does not report the password of the tiny tree at medium, and as one value."""
    values = best(found)
    if len(found) != 2 or [value.grade for value in values] != ["medium"] or values[0].value in verdicts():
        sys.exit(f"the tiny tree should have one password in two lines: {found}")


def row_of_sample(name, programs, sample, limit, scratch):
    try:
        found = tools.scan(name, programs, sample, limit, scratch)
    except (tools.TooSlow, tools.Failed) as problem:
        return [name, "", "", "", "", f"{problem} on the sample"]
    size = inputs.size_of(sample)[1]
    return row(name, found, size, f"on a sample of {size / 1e6:,.0f} MB")


def sampled(tree, scratch):
    """A copy of folders two levels down, packages that is, drawn at random until there is enough."""
    folder, size = os.path.join(scratch, "sample"), 0
    os.mkdir(folder)
    packages = sorted(os.path.join(kind, name) for kind in os.listdir(tree) for name in subfolders(tree, kind))
    random.Random(SEED).shuffle(packages)
    for package in packages:
        if size >= SAMPLE:
            break
        shutil.copytree(os.path.join(tree, package), os.path.join(folder, package), symlinks=True)
        size += inputs.size_of(os.path.join(folder, package))[1]
    return folder


def subfolders(tree, kind):
    parent = os.path.join(tree, kind)
    if not os.path.isdir(parent) or os.path.islink(parent):
        return []
    return [entry.name for entry in os.scandir(parent) if entry.is_dir(follow_symlinks=False)]


def best(findings):
    """The finding with the highest grade of each value."""
    chosen = {}
    for finding in sorted(findings, key=lambda finding: (finding.path, finding.first)):
        other = chosen.get(finding.value)
        if other is None or rank(finding) > rank(other):
            chosen[finding.value] = finding
    return list(chosen.values())


def rank(finding):
    return GRADES.index(finding.grade) if finding.grade in GRADES else -1


def row(name, found, size, note):
    values = best(found)
    rate = lambda count: f"{count / size * 1e8:.2f}" if size else ""
    ranks = [rank(value) for value in values]
    low = ranks.count(0)
    grades = [rate(len(ranks) - low), rate(low)] if max(ranks, default=-1) >= 0 else ["", ""]
    return [name, str(len(values)), rate(len(values)), *grades, note]


def judged(found, size):
    """The verdicts on keysieve's alarms of medium and up, and those that are not judged yet."""
    known = verdicts()
    values = [value for value in best(found) if rank(value) > 0]
    counts = Counter((known.get(value.value, "not judged"), value.grade) for value in values)
    cells = []
    for verdict in (*VERDICTS, "not judged"):
        numbers = [counts[verdict, grade] for grade in GRADES[1:]]
        rate = f"{sum(numbers) / size * 1e8:.2f}" if size else ""
        cells.append([verdict, *map(str, numbers), rate, ""])
    lines = table.markdown(["verdict on keysieve", *GRADES[1:], "per 100 MB", ""], cells)
    left = [value for value in values if value.value not in known]
    listed = [f"- `{value.path}`:{value.first} {value.rule} `{value.value}`" for value in left]
    return lines + (["", "Not judged, with the identity for `verdicts.tsv`:", "", *listed] if listed else [])


def by_rule(found):
    """How many distinct values each rule of keysieve reports, by grade."""
    counts = defaultdict(Counter)
    for value in best(found):
        counts[value.rule][value.grade] += 1
    order = sorted(counts, key=lambda rule: (-sum(counts[rule].values()), rule))
    cells = [[rule, *(str(counts[rule][grade] or "") for grade in GRADES), ""] for rule in order]
    return table.markdown(["rule", *GRADES, ""], cells)
