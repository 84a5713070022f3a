"""Provides the inputs: a big real tree if there is one, and trees and repositories generated from a seed."""

import os
import random
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from concurrent.futures import ProcessPoolExecutor

from measure import clean_environment

PACKAGE = "linux-source-6.1"
TARBALL = f"/usr/src/{PACKAGE}.tar.xz"
WORDS = (
    "address align alloc async batch block branch buffer cache channel client clock config context counter cursor "
    "decode default device digest driver encode entry error event factor field filter flush format frame handle "
    "header index inode insert kernel layout length limit list lock margin match merge message metric module mutex "
    "node object offset option output packet page parent parse path pattern policy port prefix probe process queue "
    "random range reader record region report request result return route scan schema section seed select sequence "
    "server session signal slice socket source stack state static status stream string symbol table target task "
    "thread timer token trace tree unit update user value vector version window worker writer"
).split()


@dataclass(frozen=True)
class Sizes:
    """How much is generated."""

    tree: int  # files of the tree
    files: int  # files of the repositories for `staged`, `gate` and `push`
    commits: int  # commits of the repository for `staged`
    width: int  # files that each of them changes
    range: int  # commits of the range for `gate`
    changed: int  # files that each of them changes, and files that are staged
    pushes: tuple  # commits of each push for `push`, and files that each of them changes
    history: int  # commits of the shortest history for `audit`
    lengths: tuple  # how many times as long its histories are


FULL = Sizes(20_000, 3_000, 40, 60, 50, 20, ((10, 3), (10, 20)), 2_000, (1, 4, 16, 64))
TINY = Sizes(100, 60, 5, 10, 5, 20, ((3, 2),), 50, (1, 2))


def apart(function, *args):
    """Calls the function in its own process: the memory it uses would count for every contender."""
    with ProcessPoolExecutor(max_workers=1) as pool:
        return pool.submit(function, *args).result()


def real_tree(asked, data, say):
    """The folder to scan and its name: the given one, the unpacked kernel, or else a generated one."""
    if asked:
        return os.path.abspath(asked), os.path.basename(os.path.abspath(asked))
    unpacked = os.path.join(data, PACKAGE)
    if not os.path.isdir(unpacked) and os.path.exists(TARBALL):
        say(f"unpacking {TARBALL}")
        # Renamed when it is complete: an interrupted run must not leave half a tree.
        partial = os.path.join(data, "partial")
        shutil.rmtree(partial, ignore_errors=True)
        with tarfile.open(TARBALL) as archive:
            archive.extractall(partial, filter="tar")
        os.rename(os.path.join(partial, PACKAGE), unpacked)
    if os.path.isdir(unpacked):
        return unpacked, PACKAGE
    say(f"no big real tree: `apt-get install {PACKAGE}` installs one, or name one with --tree. Generating one.")
    return generated_tree(data, FULL), "a generated tree"


def generated_tree(data, sizes):
    """A folder of generated code: in full size 20,000 files, about 250 MB."""
    folder = os.path.join(data, "made-up-tree-1")
    if not os.path.isdir(folder):
        partial = folder + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        chance = random.Random(1)
        pool = [source_line(chance) for _ in range(50_000)]
        for number in range(sizes.tree):
            path = os.path.join(partial, f"part{number % 100:02}", f"file{number:05}.c")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="ascii") as file:
                file.writelines(chance.choices(pool, k=chance.randint(50, 650)))
        os.rename(partial, folder)
    return folder


def source_line(chance):
    """A line that looks like code, with names, numbers and hashes that prefilters of scanners stop at."""
    word = lambda: chance.choice(WORDS)
    indent = "    " * chance.randint(0, 3)
    shape = chance.randrange(8)
    if shape == 0:
        return f"{indent}/* {' '.join(word() for _ in range(8))} */\n"
    if shape == 1:
        return f"{indent}#define {word().upper()}_{word().upper()} 0x{chance.getrandbits(32):08x}\n"
    if shape == 2 and chance.random() < 0.05:
        return f'{indent}static const char *{word()}_hash = "{chance.getrandbits(160):040x}";\n'
    if shape == 3:
        return f'{indent}log_{word()}("{word()} {word()}: %d", {word()}->{word()}_{word()});\n'
    return f"{indent}{word()}_{word()} = {word()}({word()}, {chance.randrange(4096)}) + {word()}.{word()};\n"


def generated_repo(data, sizes):
    """A repository with changed files staged. The same bytes and ids on every machine."""
    folder = os.path.join(data, "made-up-repo-1")
    step = sizes.files // sizes.changed - 1
    staged = [path_of(number * step) for number in range(sizes.changed)]
    if not os.path.isdir(folder):
        partial = folder + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        os.makedirs(partial)
        git(partial, "init", "--quiet", "--initial-branch=main")
        chance = random.Random(2)
        files = history(partial, chance, sizes.files, sizes.commits, sizes.width)
        git(partial, "reset", "--quiet", "--hard", "main")
        for path in staged:
            with open(os.path.join(partial, path), "w", encoding="ascii") as file:
                file.writelines(edited(files[path], chance))
        git(partial, "add", "--", *staged)
        git(partial, "gc", "--quiet")
        os.rename(partial, folder)
    return folder, staged


def generated_range(data, files, commits, changed):
    """A packed repository whose last commits, which change so many files each, are the range."""
    folder = os.path.join(data, f"made-up-range-1-{files}-{commits}-{changed}")
    if not os.path.isdir(folder):
        partial = folder + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        os.makedirs(partial)
        git(partial, "init", "--quiet", "--initial-branch=main")
        history(partial, random.Random(3), files, commits + 1, changed)
        git(partial, "gc", "--quiet")
        os.rename(partial, folder)
    return folder, f"main~{commits}..main"


def path_of(number):
    return f"src/{WORDS[number % 40]}/{WORDS[number // 40 % 60]}_{number:04}.c"


def history(folder, chance, count, commits, width):
    """Writes the commits with `git fast-import` and returns the files of the last one."""
    files = {path_of(number): [source_line(chance) for _ in range(chance.randint(20, 300))] for number in range(count)}
    stream = []
    changed = list(files)
    for number in range(commits):
        stream.append(f"commit refs/heads/main\ncommitter Ada <ada@example.org> {1_700_000_000 + number * 3600} +0000\n")
        stream.append(f"data 10\ncommit {number:03}")
        for path in changed:
            text = "".join(files[path])
            stream.append(f"\nM 100644 inline {path}\ndata {len(text)}\n{text}")
        stream.append("\n")
        if number < commits - 1:
            changed = chance.sample(sorted(files), width)
            for path in changed:
                files[path] = edited(files[path], chance)
    git(folder, "fast-import", "--quiet", text="".join(stream))
    return files


def edited(lines, chance):
    """A few lines changed, a few added."""
    lines = list(lines)
    for _ in range(5):
        lines[chance.randrange(len(lines))] = source_line(chance)
        lines.insert(chance.randrange(len(lines)), source_line(chance))
    return lines


def git(folder, *args, text=None):
    subprocess.run(["git", *args], cwd=folder, env=clean_environment(), input=text, text=True, check=True)


def size_of(folder):
    """Counts files and bytes of a folder, and reads every file, so that the first contender finds a warm disk cache."""
    count = size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            count += 1
            path = os.path.join(parent, name)
            size += os.lstat(path).st_size
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    while file.read(1 << 20):
                        pass
    return count, size
