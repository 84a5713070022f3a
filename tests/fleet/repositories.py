"""Makes repositories for the simulation: of mixed sizes, and some that are corrupt, shallow, huge or hostile."""

import os
import random
import subprocess

# Larger clones are refused. The huge repositories are larger, all others are smaller.
MAX_CLONE = 24 << 20
WORDS = "let mut value = self next result error Some None fn impl match return config name path line file".split()
# Numbers 1, 11 and 16 of each 30 are audited in place, the others are cloned.
KINDS = {1: "hostile", 2: "hostile", 5: "large", 7: "corrupt", 11: "shallow", 12: "shallow", 13: "empty", 16: "corrupt",
         17: "huge", 19: "missing"}
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
ENV = {
    "PATH": os.environ["PATH"], "HOME": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1", "LC_ALL": "C",
}


def git(folder, *words, data=None):
    done = subprocess.run(["git", "-C", folder, *words], input=data, env=ENV, stdout=subprocess.PIPE, check=True)
    return done.stdout


def key(seed):
    """An AWS access key id, assembled here so that no scanner finds it in this file."""
    chance = random.Random(f"key {seed}")
    return "AK" + "IA" + "Q" + "".join(chance.choice(BASE32) for _ in range(15))


def lines(chance, count):
    return "".join(" ".join(chance.choices(WORDS, k=10)) + f" {chance.random()}\n" for _ in range(count)).encode()


POOL = lines(random.Random("pool"), 40_000)


def text(chance, size):
    """Lines like those of source code: a part of the pool, so that little time is spent on making them."""
    start = chance.randrange(max(1, len(POOL) - size))
    return lines(chance, 2) + POOL[start : start + size]


def make(folder, chance, size, secrets, extra=()):
    """A bare repository whose files have about `size` bytes in all versions, in several commits. The secrets are in the
    first commits and in the last one."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--template=", "-b", "main", folder], env=ENV, check=True)
    commits = max(2, min(200, size // 20_000))
    stream, names = [], [f"src/{number}.txt" for number in range(max(2, commits // 3))]
    for number in range(commits):
        files = {name: text(chance, size // commits // 2) for name in chance.sample(names, 2)}
        if number < len(secrets):
            files[f"config/{number}.ini"] = f"id = {secrets[number]}\n".encode()
        elif number == commits - 1:
            files.update(extra)
        stream.append(b"commit refs/heads/main\ncommitter a <a@b> %d +0000\ndata 2\nx\n" % (1_700_000_000 + number))
        for name, content in files.items():
            stream.append(b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(content), content))
    git(folder, "-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", data=b"".join(stream))
    return folder


def grown(base, folder, secrets, extra):
    """A copy of a repository, with links to its packs, and one more commit: large ones are made in little time."""
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    subprocess.run(["cp", "-al", base, folder], check=True)
    files = {f"config/{number}.ini": f"id = {secret}\n".encode() for number, secret in enumerate(secrets)}
    stream = [b"commit refs/heads/main\ncommitter a <a@b> 1750000000 +0000\ndata 2\nx\nfrom refs/heads/main^0\n"]
    for name, content in {**files, **extra}.items():
        stream.append(b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(content), content))
    git(folder, "fast-import", "--quiet", data=b"".join(stream))


def corrupt(folder):
    """Overwrites bytes in the middle of the largest pack."""
    packs = os.path.join(folder, "objects/pack")
    pack = max((os.path.join(packs, name) for name in os.listdir(packs)), key=os.path.getsize)
    os.chmod(pack, 0o600)
    with open(pack, "r+b") as file:
        file.seek(os.path.getsize(pack) // 2)
        file.write(b"\0" * 64)


def shallow(folder):
    subprocess.run(["git", "clone", "--quiet", "--bare", "--depth", "2", f"file://{folder}", f"{folder}.shallow"],
                   env=ENV, check=True)
    os.rename(folder, f"{folder}.full")
    os.rename(f"{folder}.shallow", folder)


def hostile(folder, trap):
    """Asks git in every known way to run a program, which would create the file `trap`."""
    commit = git(folder, "rev-parse", "main").decode().strip()
    for name in ["refs/heads/--upload-pack=touch", "refs/heads/x;touch", "refs/pull/1/head", "refs/heads/ü"]:
        git(folder, "update-ref", name, commit)
    script = f"touch {trap}"
    for name in ["core.fsmonitor", "core.sshCommand", "uploadpack.packObjectsHook", "filter.evil.smudge",
                 "filter.evil.process", "diff.evil.textconv", "core.pager", "core.alternateRefsCommand"]:
        git(folder, "config", name, script)
    git(folder, "config", "url.ext::sh -c touch.insteadOf", "https://")
    os.makedirs(f"{folder}/hooks", exist_ok=True)
    for name in ["post-checkout", "reference-transaction", "post-update", "pre-auto-gc", "fsmonitor-watchman"]:
        with open(f"{folder}/hooks/{name}", "w", encoding="utf-8") as hook:
            hook.write(f"#!/bin/sh\n{script}\n")
        os.chmod(f"{folder}/hooks/{name}", 0o700)


def fleet(folder, count, trap):
    """Makes the repositories. Returns the lines of a manifest, and the kind of each repository. In a fleet of hundreds,
    most are as large as those of people: packs of 8 to 20 MB."""
    entries, kinds, bases = [], {}, []
    if count >= 100:
        sizes = [24 << 20, 36 << 20, 48 << 20, 60 << 20]
        bases = [make(f"{folder}/base-{size}", random.Random(size), size, []) for size in sizes]
    for number in range(count):
        chance = random.Random(number)
        kind = KINDS.get(number % 30, "plain")
        name = f"team-{number % 7}/repo-{number}"
        path = os.path.join(folder, f"{name}.git")
        size = {"large": 12 << 20, "huge": 1 << 20}.get(kind) or int(min(8 << 20, chance.lognormvariate(13.8, 1.0)))
        # Every third repository has a secret of its own, every tenth one that others have too.
        secrets = [key(number)] * (number % 3 == 0) + [key("shared")] * (number % 10 == 2)
        extra = {}
        if kind == "huge":
            extra["big.bin"] = chance.randbytes(MAX_CLONE + (1 << 20))
        elif kind == "hostile":
            extra[".gitattributes"] = b"* filter=evil diff=evil\n"
            extra[".gitmodules"] = b'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% x\n'
            extra[".keysieve.toml"] = b'[[allow]]\npath = "*"\nreason = "mine"\n'
        if kind == "empty":
            subprocess.run(["git", "init", "--quiet", "--bare", path], env=ENV, check=True)
        elif kind != "missing":
            if bases and kind in ("plain", "large", "hostile"):
                grown(bases[number % len(bases)], path, secrets, extra)
            else:
                make(path, chance, size, secrets, extra)
            {"corrupt": corrupt, "shallow": shallow, "hostile": lambda path: hostile(path, trap)}.get(kind, len)(path)
        place = {"path": path} if number % 5 == 1 else {"url": f"file://{path}"}
        refs = {"refs": ["refs/heads/main"]} if number % 15 == 3 else {}
        entries.append({"repo": name, **place, **refs})
        kinds[name] = kind
    return entries, kinds


def change(entry):
    """Adds a commit to a repository."""
    path = entry.get("path") or entry["url"][len("file://"):]
    blob = git(path, "hash-object", "-w", "--stdin", data=f"id = {key(path)}\n".encode()).decode().strip()
    tree = git(path, "mktree", data=f"100644 blob {blob}\tnew.ini\n".encode()).decode().strip()
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    commit = git(path, *author, "commit-tree", tree, "-p", "main", "-m", "new").decode().strip()
    git(path, "update-ref", "refs/heads/main", commit)
