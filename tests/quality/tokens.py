"""Makes up a secret for each rule of keysieve, from the examples in `patterns/`."""

import glob
import json
import os
import random
import re
import string
from dataclasses import dataclass

import tools

GRADES = ("low", "medium", "high", "certain")
# What ends the name of a secret.
ROLES = ("key", "token", "secret", "pass", "pwd", "credential", "salt")
PLAIN = re.compile(r"[A-Za-z0-9_\-+/=.~]+")


@dataclass
class Rule:
    """A rule as it is written in `patterns/`."""

    id: str
    family: str  # the name of the file, without extension
    names: list
    keywords: list
    example: str  # the first


@dataclass
class Token:
    """A secret that a rule finds, and the words of the name that it is written under."""

    rule: str
    family: str
    value: str
    words: list


def rules(patterns):
    """The rules of a folder. Python reads TOML since 3.11; of these files we need arrays of strings only."""
    for path in sorted(glob.glob(os.path.join(patterns, "*.toml"))):
        family = os.path.basename(path)[: -len(".toml")]
        with open(path, encoding="utf-8") as file:
            for text in re.split(r"^\[\[rule\]\]$", file.read(), flags=re.M)[1:]:
                text = re.split(r"^\[\[", text, flags=re.M)[0]
                id = re.search(r'^id = "(.+)"$', text, re.M)[1]
                examples = array(text, "examples")
                example = examples[0] if isinstance(examples[0], str) else "".join(examples[0])
                yield Rule(id, family, array(text, "names"), array(text, "keywords"), example)


def array(text, key):
    """The array of strings, or of arrays of strings, that is assigned to `key`; empty if there is none."""
    start = re.search(rf"^{key} = (?=\[)", text, re.M)
    if not start:
        return []
    pieces = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\'\n]*\'|[\[\],]|#.*')
    out = []
    depth = 0
    for piece in pieces.findall(text, start.end()):
        if piece[0] == "#":
            continue
        if piece[0] == "'":
            piece = json.dumps(piece[1:-1])
        out.append(piece)
        depth += (piece == "[") - (piece == "]")
        if depth == 0:
            break
    # TOML allows a comma after the last item, JSON does not; its other escapes are JSON's.
    return json.loads(re.sub(r",(?=\])", "", "".join(out)))


def make(programs, patterns, scratch, chance):
    """A token for each rule that is found by itself or by its name; how many are redrawn; how many rules there are.

    A token keeps its rule's example unless keysieve grades the redrawn one as high: checksums would be wrong.
    """
    all_rules = list(rules(patterns))
    ask = Asker(programs, scratch)
    first = ask([rule.example for rule in all_rules], all_rules)
    known = [(rule, *found) for rule, found in zip(all_rules, first) if found and PLAIN.fullmatch(found[0])]
    named = [rule.names != [] for rule, _, _ in known]
    bare = ask([f"see {value} here" for _, value, _ in known], [rule for rule, _, _ in known])
    known = [item for item, name, found in zip(known, named, bare) if name or found]
    fresh = {}
    for kept in (0, 1 / 4, 1 / 2):
        left = [(rule, value, grade) for rule, value, grade in known if rule.id not in fresh]
        values = [redrawn(value, rule.keywords, kept, chance) for rule, value, _ in left]
        texts = [rule.example.replace(value, new) for (rule, value, _), new in zip(left, values)]
        for (rule, _, grade), new, found in zip(left, values, ask(texts, [rule for rule, _, _ in left])):
            if found and found[0] == new and GRADES.index(found[1]) >= GRADES.index(grade):
                fresh[rule.id] = new
    made = [Token(rule.id, rule.family, fresh.get(rule.id, value), words(rule)) for rule, value, _ in known]
    return made, len(fresh), len(all_rules)


class Asker:
    """Asks keysieve what it finds by a rule in each of many texts, in one run."""

    def __init__(self, programs, scratch):
        self.programs = programs
        self.scratch = scratch
        self.runs = 0

    def __call__(self, texts, asked):
        """The value and the grade that each rule finds in its text, None if nothing."""
        self.runs += 1
        folder = os.path.join(self.scratch, f"asked{self.runs}")
        os.mkdir(folder)
        for number, text in enumerate(texts):
            with open(os.path.join(folder, str(number)), "w", encoding="utf-8", newline="") as file:
                file.write(text)
        found = [None] * len(texts)
        report = tools.report("keysieve", self.programs, folder, None, self.scratch)
        for finding in json.loads(report)["findings"]:
            number = int(os.path.basename(finding["path"]))
            if finding["rule"] == asked[number].id:
                found[number] = found[number] or (finding["secret"], finding["confidence"])
        return found


def redrawn(value, keywords, kept, chance):
    """The value with other letters for letters and digits for digits, behind a keyword or a share that is kept."""
    start = max([int(len(value) * kept)] + [value.find(word) + len(word) for word in keywords if word in value])
    rest = value[start:]
    kinds = [string.digits, string.ascii_lowercase, string.ascii_uppercase]
    if re.fullmatch("[0-9a-f-]+|[0-9A-F-]+", rest):
        kinds = [string.digits, "abcdef", "ABCDEF"]
    draw = lambda c: next((chance.choice(kind) for kind in kinds if c in kind), c)
    return value[:start] + "".join(map(draw, rest))


def words(rule):
    """A name for the rule's secret: what the rule asks for, or one that says nothing about the provider."""
    if not rule.names:
        return ["service", "token"] if rule.keywords else rule.id.split("-")
    found = rule.names[0].split(" ")
    if rule.family == "generic":
        found.insert(0, "service")
    if not any(role in rule.names[0] for role in ROLES):
        found.append("token")
    return found


def fill(text, token):
    """The text of a carrier with the token and its name in the style that the carrier asks for."""
    pascal = "".join(word.capitalize() for word in token.words)
    values = {
        "NAME_UP": "_".join(token.words).upper(),
        "name_low": "_".join(token.words),
        "name-kebab": "-".join(token.words),
        "nameCamel": pascal[0].lower() + pascal[1:],
        "NamePascal": pascal,
        "VALUE": token.value,
    }
    return re.sub("|".join(values), lambda found: values[found[0]], text)
