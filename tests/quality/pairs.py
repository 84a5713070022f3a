#!/usr/bin/env python3
"""Writes the table of letter pairs that says whether a value is made of words.

    python3 tests/quality/pairs.py > src/rule/check/pairs.rs && rustfmt src/rule/check/pairs.rs

The text is Python's own standard library: identifiers, comments and English documentation. Each
distinct word counts once, so that `self` does not weigh more than a rare word."""

import math
import pathlib
import re
import string
import sysconfig

SCALE = 16


def words():
    root = pathlib.Path(sysconfig.get_paths()["stdlib"])
    found = set()
    for path in sorted(root.rglob("*.py")):
        if {"site-packages", "dist-packages", "test", "tests"} & set(path.parts):
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        for word in re.findall("[A-Z]?[a-z]+|[A-Z]+", text):
            if 3 <= len(word) <= 20:
                found.add(word.lower())
    return found


def main():
    letters = string.ascii_lowercase
    counts = {a: {b: 1 for b in letters} for a in letters}
    for word in words():
        for a, b in zip(word, word[1:]):
            counts[a][b] += 1
    print("//! How rare each pair of letters is in words: bits, times", f"{SCALE}.")
    print("//! Written by `tests/quality/pairs.py`.\n")
    print("/// The table has this many units for a bit.")
    print(f"pub(super) const SCALE: u32 = {SCALE};\n")
    print("/// For each letter, how rare each letter is after it.")
    print("#[rustfmt::skip]")
    print("pub(super) static RARITY: [[u8; 26]; 26] = [")
    for a in letters:
        total = sum(counts[a].values())
        row = [min(255, round(-math.log2(counts[a][b] / total) * SCALE)) for b in letters]
        print(f"    [ // {a}")
        for half in (row[:13], row[13:]):
            print(f"        {', '.join(map(str, half))},")
        print("    ],")
    print("];")


main()
