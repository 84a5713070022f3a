"""What is scanned: a big real tree where there is one, and a repository made up from a seed."""

import os
import random
import shutil
import subprocess
import tarfile
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


def apart(function, *args):
    """Calls the function in a process of its own: what it needs in memory would be counted for everyone measured."""
    with ProcessPoolExecutor(max_workers=1) as pool:
        return pool.submit(function, *args).result()


def real_tree(asked, data, say):
    """The folder to scan and a word for it: the asked one, the unpacked kernel, or else a made-up one."""
    if asked:
        return os.path.abspath(asked), os.path.basename(os.path.abspath(asked))
    unpacked = os.path.join(data, PACKAGE)
    if not os.path.isdir(unpacked) and os.path.exists(TARBALL):
        say(f"unpacking {TARBALL}")
        # Under another name until it is whole: a run that is interrupted must not leave half a tree.
        partial = os.path.join(data, "partial")
        shutil.rmtree(partial, ignore_errors=True)
        with tarfile.open(TARBALL) as archive:
            archive.extractall(partial, filter="tar")
        os.rename(os.path.join(partial, PACKAGE), unpacked)
    if os.path.isdir(unpacked):
        return unpacked, PACKAGE
    say(f"no big real tree: `apt-get install {PACKAGE}` brings one, or name one with --tree. Making one up.")
    return made_up_tree(os.path.join(data, "made-up-tree-1")), "a made-up tree"


def made_up_tree(folder):
    """Twenty thousand files of made-up code, about 250 MB."""
    if not os.path.isdir(folder):
        partial = folder + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        chance = random.Random(1)
        pool = [source_line(chance) for _ in range(50_000)]
        for number in range(20_000):
            path = os.path.join(partial, f"part{number % 100:02}", f"file{number:05}.c")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="ascii") as file:
                file.writelines(chance.choices(pool, k=chance.randint(50, 650)))
        os.rename(partial, folder)
    return folder


def source_line(chance):
    """Something that looks like code, with the names, numbers and hashes that make scanners look twice."""
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


def made_up_repo(folder):
    """Three thousand files, forty commits, twenty changed files staged. The same bytes and ids on every machine."""
    staged = [path_of(number * 149) for number in range(20)]
    if not os.path.isdir(folder):
        partial = folder + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        os.makedirs(partial)
        git(partial, "init", "--quiet", "--initial-branch=main")
        chance = random.Random(2)
        files = history(partial, chance)
        git(partial, "reset", "--quiet", "--hard", "main")
        for path in staged:
            with open(os.path.join(partial, path), "w", encoding="ascii") as file:
                file.writelines(edited(files[path], chance))
        git(partial, "add", "--", *staged)
        git(partial, "gc", "--quiet")
        os.rename(partial, folder)
    return folder, staged


def made_up_range(folder):
    """Three thousand files, and on top of them a range of fifty commits that change twenty files each, packed."""
    if not os.path.isdir(folder):
        partial = folder + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        os.makedirs(partial)
        git(partial, "init", "--quiet", "--initial-branch=main")
        history(partial, random.Random(3), commits=51, width=20)
        git(partial, "gc", "--quiet")
        os.rename(partial, folder)
    return folder, "main~50..main"


def path_of(number):
    return f"src/{WORDS[number % 40]}/{WORDS[number // 40 % 60]}_{number:04}.c"


def history(folder, chance, commits=40, width=60):
    """Writes the commits with `git fast-import` and returns the files as the last one has them."""
    files = {path_of(number): [source_line(chance) for _ in range(chance.randint(20, 300))] for number in range(3000)}
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
    """Files and bytes in a folder. Every file is read, so that the first contender does not pay for a cold disk."""
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
