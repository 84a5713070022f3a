"""Runs keysieve and its peers over a folder and reads their reports."""

import hashlib
import hmac
import json
import os
import signal
import subprocess
from dataclasses import dataclass

import contenders
from measure import clean_environment

PEERS = ("kingfisher", "betterleaks", "gitleaks", "detect-secrets", "git-secrets")

# Default rules, no network validation, every finding at every place: kingfisher reports a value once by default.
COMMANDS = {
    "keysieve": ["scan", "--no-config", "--no-baseline", "--no-ignore", "--no-progress"]
    + ["--report=low", "--reveal", "--format=json", "."],
    "kingfisher": ["scan", ".", "--no-validate", "--no-update-check", "--no-dedup", "--no-ignore", "--format=json"],
    "betterleaks": ["filesystem", ".", "--no-banner", "--silent", "--output=-"],
    "gitleaks": ["dir", ".", "--no-banner", "--report-format=json", "--report-path=-"],
    "detect-secrets": ["scan", "--no-verify", "--all-files", "."],
    "git-secrets": ["--scan", "-r", "."],
}

# With a report, 2 means that keysieve lists a broken archive of a package's tests as not searched.
FINE = contenders.FINE | {"keysieve": (0, 1, 2)}


@dataclass(frozen=True)
class Finding:
    """What a program reports. `value` identifies the value without holding it."""

    path: str
    first: int
    last: int
    value: str
    grade: str = ""
    rule: str = ""


class TooSlow(Exception):
    """The program took longer than the limit."""


class Failed(Exception):
    """The program ended with an exit status that is not one of a complete run, or without a report."""


def find_all(keysieve, wanted):
    """The path of keysieve and of each peer that is installed, None for the others."""
    programs = {"keysieve": keysieve}
    programs |= {name: contenders.find(name) if wanted else None for name in PEERS}
    return programs


def scan(name, programs, folder, limit, scratch):
    """The findings of the program `name` in a folder."""
    text = report(name, programs, folder, limit, scratch)
    try:
        return [placed(finding, folder) for finding in READERS[name](text)]
    except (ValueError, KeyError, TypeError) as problem:
        raise Failed(f"{name}: its report cannot be read ({type(problem).__name__})") from None


def report(name, programs, folder, limit, scratch):
    """The report of the program `name` on a folder. It is never written to a file: it holds values."""
    env, argv = clean_environment(), [programs[name], *COMMANDS[name]]
    if name == "git-secrets":
        env["GIT_CONFIG_GLOBAL"] = contenders.register_aws(scratch)
        argv = ["git", "secrets", *COMMANDS[name]]
    quiet = subprocess.DEVNULL
    errors = subprocess.STDOUT if name == "git-secrets" else quiet  # It reports there.
    process = subprocess.Popen(
        argv, cwd=folder, env=env, stdin=quiet, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
    )
    try:
        text, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise TooSlow(f"{name} took more than {limit:.0f} s") from None
    if process.returncode not in FINE.get(name, (0, 1)):
        raise Failed(f"{name}: exit status {process.returncode}")
    return text.decode("utf-8", "replace")


def placed(finding, folder):
    """The finding with a path that is relative to the folder."""
    path = os.path.relpath(os.path.join(folder, finding[0]), folder)
    return Finding(path, *finding[1:])


def identity(value):
    """Identifies a value. The key is public, so a weak value can be guessed, as it can be read in the package."""
    return hmac.new(b"keysieve quality 1", value.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def read_keysieve(report):
    report = json.loads(report)
    if any("so not all of it was searched" not in skip["reason"] for skip in report["skipped"]):
        raise ValueError("files were skipped, not only parts of containers")
    for found in report["findings"]:
        first, last = found["line"], found["end_line"]
        yield found["path"], first, last, identity(found["secret"]), found["confidence"], found["rule"]


def read_kingfisher(report):
    """A second document, of statistics, may follow the findings."""
    findings, _ = json.JSONDecoder().raw_decode(report)
    for found in findings["findings"]:
        rule, found = found["rule"]["id"], found["finding"]
        last = found["line"] + found["snippet"].count("\n")
        yield found["path"], found["line"], last, identity(found["snippet"]), found["confidence"], rule


def read_betterleaks(report):
    for found in json.loads(report)["findings"]:
        place, value = found["location"], identity(found["match"]["value"])
        first = place.get("start_line", 0)  # It leaves out what is zero or empty.
        yield place["path"], first, place.get("end_line", first), value, found.get("confidence", ""), found["rule_id"]


def read_gitleaks(report):
    for found in json.loads(report) or []:
        yield found["File"], found["StartLine"], found["EndLine"], identity(found["Secret"]), "", found["RuleID"]


def read_detect_secrets(report):
    for path, findings in json.loads(report)["results"].items():
        for found in findings:
            line = found["line_number"]
            yield path, line, line, found["hashed_secret"], "", found["type"]


def read_git_secrets(report):
    """It reports lines, not values: equal lines count once."""
    for row in report.split("\n"):
        path, _, rest = row.partition(":")
        number, _, line = rest.partition(":")
        if number.isdigit():
            yield path, int(number), int(number), identity(line.strip())


READERS = {
    "keysieve": read_keysieve,
    "kingfisher": read_kingfisher,
    "betterleaks": read_betterleaks,
    "gitleaks": read_gitleaks,
    "detect-secrets": read_detect_secrets,
    "git-secrets": read_git_secrets,
}
