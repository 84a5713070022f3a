"""Does to `keysieve-fleet` what hostile repositories and careless operators do, for the simulation: nothing may be
lost, shown or left running."""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import repositories

PASSWORD = "pass" + "word-in-the-query"


class Fleet:
    """A folder with one repository, and runs of the local engine in it."""

    def __init__(self, folder, keysieve):
        self.folder, self.keysieve = folder, keysieve
        folder.mkdir()
        self.repo = folder / "mirrors/a.git"
        self.repo.parent.mkdir()
        repositories.make(str(self.repo), repositories.random.Random(1), 1000, [repositories.key(1)])
        self.url = f"file://{self.repo}"

    def words(self, entries, results, *words):
        manifest = self.folder / "manifest.jsonl"
        if not isinstance(entries, pathlib.Path):
            text = entries if isinstance(entries, bytes) else "".join(json.dumps(e) + "\n" for e in entries).encode()
            manifest.write_bytes(text)
            entries = manifest
        return [sys.executable, "-m", "keysieve.fleet", entries, results, "--engine", "local",
                "--keysieve", self.keysieve, "--scratch", "scratch", *words]

    def run(self, status, entries, results, *words, env=None):
        """Expects the exit status. Returns what was written to stderr, and the results."""
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        done = subprocess.run(self.words(entries, results, *words), cwd=self.folder, env=env, check=False, **pipes)
        said = done.stderr.decode()
        assert done.returncode == status and "Traceback" not in said, f"{words}: status {done.returncode}: {said}"
        path = self.folder / results
        lines = path.read_bytes().splitlines() if path.is_file() else []
        return said, [json.loads(line) for line in lines] if status < 2 or said.endswith("seconds\n") else lines


def manifests(fleet):
    """No line of a manifest makes the run look clean, or like one with findings."""
    url = {"url": fleet.url}
    repos, urls = ("../a", "a//b", "a\n", ""), ("https:me:x@host/a", "ext::touch x", "--upload-pack=touch")
    for entries in (b"\xff\n", b"[" * 100_000, b"", b"\xef\xbb\xbf{}", [{"repo": "a", **url}] * 2,
                    *([{"repo": repo, **url}] for repo in repos), *([{"repo": "a", "url": other}] for other in urls)):
        fleet.run(2, entries, "refused")
    for words in (["--jobs", "0"], ["--max-clone", "nan"], ["--max-clone", "0"], ["--scratch-size", "-1"]):
        fleet.run(2, [{"repo": "a", **url}], "refused", *words)
    said, lines = fleet.run(2, [{"repo": "a", "url": f"https://localhost:1/a?token={PASSWORD}"}], "query")
    assert PASSWORD not in said + str(lines) and "https://***" in lines[0]["error"], lines


def refs(fleet):
    """A pattern holds for clones and for folders, and one that nothing matches is no clean repository."""
    for number, place in enumerate(({"url": fleet.url}, {"path": str(fleet.repo)})):
        _, lines = fleet.run(1, [{"repo": "a", "refs": ["refs/heads/*"], **place}], f"refs-{number}")
        assert lines[0]["status"] == "findings", lines
        _, lines = fleet.run(2, [{"repo": "a", "refs": ["refs/head/*"], **place}], f"no-refs-{number}")
        assert "none of those in the manifest" in lines[0]["error"], lines
    # Of this repository, git fetches one branch and leaves out the other one without an error.
    repositories.shallow(shutil.copytree(fleet.repo, fleet.folder / "shallow"))
    shallow = str(fleet.folder / "shallow")
    tree = repositories.git(shallow, "mktree", data=b"").decode().strip()
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    commit = repositories.git(shallow, *author, "commit-tree", tree, "-m", "x").decode().strip()
    repositories.git(shallow, "update-ref", "refs/heads/whole", commit)
    _, lines = fleet.run(2, [{"repo": "a", "url": f"file://{shallow}"}], "left-out")
    assert "refs are missing" in lines[0]["error"], lines


def folders(fleet):
    """Links, folders that cannot be read and damaged repositories are not left out of a folder."""
    top = fleet.folder / "linked"
    (top / "group").mkdir(parents=True)
    os.symlink(fleet.repo, top / "group/link.git")
    os.symlink(top, top / "group/loop")
    shutil.copytree(fleet.repo, top / "damaged")
    shutil.rmtree(top / "damaged/refs")
    _, lines = fleet.run(2, top, "folders")
    own = [(line["repo"], line["status"]) for line in lines]
    assert own == [("damaged", "incomplete"), ("group/link", "findings")], own


def files_of_results(fleet):
    """Only results are changed, by one run at a time, and a folder is audited again if it was a clone before."""
    entries, kept = [{"repo": "a", "url": fleet.url}], fleet.folder / "kept"
    for text in (b'{"precious": 1}', b'{"schema":1,"repo":"a","status":"strange"}\n', b"[]\n", b"\n"):
        kept.write_bytes(text)
        fleet.run(2, entries, "kept")
        assert kept.read_bytes() == text, kept.read_bytes()
    os.symlink("kept", fleet.folder / "link")
    for name in ("link", "mirrors", "/dev/null"):
        fleet.run(2, entries, name)
    fleet.run(1, entries, "results")
    with open(fleet.folder / "results", "ab") as file:
        os.chmod(file.fileno(), 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        said, _ = fleet.run(2, entries, "results")
        assert "another run" in said, said
    said, _ = fleet.run(1, [{"repo": "a", "path": str(fleet.repo)}], "results")
    assert "; 0 unchanged" in said, said
    assert (fleet.folder / "results").stat().st_mode & 0o777 == 0o600, "all can read the results"


def surroundings(fleet):
    """A repository around the temporary folder has no say, and no other program than git gets the token."""
    around = fleet.folder / "around"
    (around / "tmp").mkdir(parents=True)
    repositories.git(str(around), "init", "--quiet")
    repositories.git(str(around), "config", "url.file:///nowhere.insteadOf", "file://")
    spy = fleet.folder / "spy"
    spy.write_text('#!/bin/sh\nenv | grep KEYSIEVE_ >>"$0.seen"\nexec ' + f'{fleet.keysieve} "$@"\n', "utf-8")
    spy.chmod(0o700)
    env = dict(os.environ, TMPDIR=str(around / "tmp"), GIT_SSH_COMMAND=str(spy))
    entries = [{"repo": "a", "url": fleet.url}]
    fleet.run(1, entries, "around-results", "--keysieve", "./spy", env=env)
    fleet.run(2, [{"repo": "a", "url": "ssh://localhost/a"}], "ssh", env=env)
    assert (fleet.folder / "spy.seen").read_text("utf-8") == "", "a program got the token"


def killed(fleet):
    """What a driver started ends with it."""
    slow = fleet.folder / "slow"
    slow.write_text(f'#!/bin/sh\ncase "$*" in *--unused*) exec {fleet.keysieve} "$@";; esac\n'
                    'echo $$ >"$0.pid"\nexec sleep 60\n', "utf-8")
    slow.chmod(0o700)
    words = fleet.words([{"repo": "a", "url": fleet.url}], "slow-results", "--keysieve", "./slow")
    with subprocess.Popen(words, cwd=fleet.folder, stderr=subprocess.DEVNULL) as driver:
        pid, deadline = fleet.folder / "slow.pid", time.monotonic() + 20
        while not (pid.exists() and pid.read_text("utf-8")):
            assert time.monotonic() < deadline, "the audit did not begin"
            time.sleep(0.01)
        driver.kill()
    time.sleep(0.5)
    state = pathlib.Path(f"/proc/{int(pid.read_text('utf-8'))}/stat")
    assert not state.exists() or " Z " in state.read_text("utf-8"), "an audit goes on without its driver"


def attack(folder, keysieve):
    fleet = Fleet(folder, keysieve)
    for check in (manifests, refs, folders, files_of_results, surroundings):
        check(fleet)
    if shutil.which("setpriv"):
        killed(fleet)
