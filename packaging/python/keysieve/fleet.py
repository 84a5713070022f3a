"""Audits many repositories, on this machine or on a Ray cluster, and writes one result line for each.

The lines are a contract that knows no engine (docs/fleet.md); `keysieve merge` joins them. Git and keysieve do the
work, as processes; this module hands out repositories, bounds what they use, and loses none of them.
"""

import argparse
import contextlib
import fcntl
import fnmatch
import hashlib
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from multiprocessing.pool import ThreadPool

from keysieve import find_keysieve
from keysieve.manifest import HOST, TOKEN, Failure, entries_of

STATUSES = ["clean", "findings", "incomplete"]
# How git reaches a server; every other variable of git, and every file, would be foreign configuration.
KEPT = {"GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_PROXY_SSL_CAINFO"}
GIT = ["git"] + [word for setting in (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "credential.helper=", "gc.auto=0", "maintenance.auto=false",
    "fetch.unpackLimit=1", "transfer.bundleURI=false") for word in ("-c", setting)]
# Git asks this shell function for the token, and only for the one host. It reads variables: no argument has the token.
HELPER = f'!f() {{ printf "username=%s\\npassword=%s\\n" "${{KEYSIEVE_FLEET_USER:-x-access-token}}" "${TOKEN}"; }}; f'
# Limits the size of files, and lets Linux end the program when this process ends: nothing else would, or not in time.
WRAPPER = """[ "$0" = 0 ] || ulimit -f "$0" || exit
with="setpriv --pdeathsig KILL"
$with true 2>/dev/null && exec $with "$@"
exec "$@"
"""
RETRIES = 3
BEGINNING = b'{"schema":1,"repo":'


class TooLarge(Failure):
    """It goes wrong again, until the repository changes."""


def shown(text, folder):
    """The end of a program's message, without credentials, addresses, control characters and folders that have other
    names in each run."""
    text = text.decode("utf-8", "replace").replace(os.environ.get(TOKEN) or "\0", "***").replace(str(folder), "clone")
    text = "; ".join([line for line in text.splitlines() if line.strip()][-3:])
    return "".join(c if c.isprintable() else " " for c in re.sub(r"://[^'\s]*", "://***", text))[-400:]


def run(words, folder, env, timeout, limit=None):
    """Runs a program that may write files of `limit` bytes (0 for any), and that ends with this process unless `limit`
    is None, which is quicker. Returns its status, output and the end of its errors."""
    name = os.path.basename(words[0])
    if limit is not None:
        words = ["sh", "-c", WRAPPER, str(limit and max(1, limit // 512)), *words]
    pipes = dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with subprocess.Popen(words, cwd=folder, env=env, start_new_session=True, **pipes) as process:
        try:
            out, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"{name}: not finished after {timeout} seconds") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, out, shown(errors, folder) or f"status {process.returncode}"


def environment(folder):
    foreign, above = ("GIT_", "KEYSIEVE_"), os.path.dirname(os.path.realpath(folder))
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign) or name in KEPT}
    return dict(env, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull, GIT_ATTR_NOSYSTEM="1", LC_ALL="C",
                GIT_TERMINAL_PROMPT="0", GIT_ALLOW_PROTOCOL="file:https:ssh", XDG_CONFIG_HOME=f"{folder}/none",
                GIT_CEILING_DIRECTORIES=above)


def git(folder, settings, *words, limit=None):
    env, host, helper = environment(folder), os.environ.get(HOST), []
    if any(word.startswith("https://") for word in words):
        # ~/.netrc has credentials for other hosts, and SSH_ASKPASS asks a person.
        env.update(HOME=env["XDG_CONFIG_HOME"], SSH_ASKPASS="")
        if host:
            helper = ["-c", f"credential.https://{host}.helper={HELPER}"]
            env.update(item for item in os.environ.items() if item[0].startswith("KEYSIEVE_FLEET_"))
    status, out, errors = run([*GIT, *helper, *words], folder, env, settings["timeout"], limit)
    if status != 0:
        raise Failure(f"git {words[0]}: {errors}")
    return out


def keysieve(folder, settings, config, repo, *words):
    """The report of an audit. Only the configuration `config` counts, not that of the repository or of a user."""
    words = ["audit", "--no-cache", "--no-baseline", "--format", "json", "--jobs", str(settings["threads"]), *words]
    words = [settings["keysieve"] or find_keysieve(), *words, *(["--config", config] if config else ["--no-config"])]
    words.append(str(repo))
    status, out, errors = run(words, folder, environment(folder), settings["timeout"], limit=0)
    with contextlib.suppress(ValueError, KeyError, TypeError):
        report = json.loads(out)
        if STATUSES.index(report["status"]) == status:
            return report
    raise Failure(errors if errors.startswith("keysieve: ") else f"keysieve: {errors}")


@contextlib.contextmanager
def scratch(settings):
    """An empty folder. There are as many at a time as have room for the largest clone. The system unlocks the place of
    a worker that died, and the next one removes what it left."""
    top, largest, deadline = pathlib.Path(settings["scratch"]), settings["max_clone"], time.time() + settings["timeout"]
    top.mkdir(mode=0o700, parents=True, exist_ok=True)
    if top.is_symlink() or top.stat().st_uid != os.getuid() or top.stat().st_mode & 0o002:
        raise Failure("the scratch folder is a link, or others can write to it: name a new one with --scratch")
    while time.time() < deadline:
        for number in range(settings["scratch_size"] // largest):
            with open(top / f"{number}.lock", "w", encoding="utf-8") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                for old in top.glob(f"{number}-*"):
                    shutil.rmtree(old, ignore_errors=True)
                if shutil.disk_usage(top).free > largest:
                    with tempfile.TemporaryDirectory(dir=top, prefix=f"{number}-") as folder:
                        yield pathlib.Path(folder)
                        return
        time.sleep(0.1)
    raise Failure(f"no room in the scratch space: {largest} bytes for a clone were not free in time")


def fetch(clone, settings, entry, listed):
    """Fetches all objects of the refs into a bare repository, and nothing of other repositories. Returns the size."""
    git(clone, settings, "init", "--quiet", "--bare", "--template=", ".")
    words = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--", entry["url"]]
    refs, limit = [f"+{ref}:{ref}" for ref in entry.get("refs", ["refs/*"])], settings["max_clone"]
    try:
        git(clone, settings, "fetch", *words, *refs, limit=limit)
    except Failure:
        if any(file.stat().st_size >= limit // 512 * 512 for file in clone.glob("objects/pack/*")):
            raise TooLarge(f"too large: its clone has more than {limit} bytes") from None
        raise
    head = re.search(rb"^ref: (refs/heads/\S+)\tHEAD$", listed, re.MULTILINE)
    if head:
        git(clone, settings, "symbolic-ref", "HEAD", head[1].decode("utf-8", "surrogateescape"))
    return sum(file.stat().st_size for file in clone.rglob("*") if file.is_file())


def wanted_of(listed, refs):
    """The refs to audit, and their object ids, of those that git lists."""
    pairs = (line.split("\t") for line in os.fsdecode(listed).split("\n") if "\trefs/" in line)
    pairs = ((name, oid) for oid, name in pairs if not name.endswith("^{}"))
    return {name: oid for name, oid in pairs if not refs or any(fnmatch.fnmatchcase(name, ref) for ref in refs)}


def audit(entry, settings):
    """The result of a repository; only its name if nothing has changed since the last one. Runs on a worker."""
    began, result = time.monotonic(), {"schema": 1, "repo": entry["repo"], "status": "incomplete"}
    try:
        with tempfile.TemporaryDirectory() as folder:
            source, refs = entry.get("url") or entry["path"], entry.get("refs", [])
            listed = git(folder, settings, "ls-remote", "--symref", "--", source, *refs)
            wanted = wanted_of(listed, refs)
            if refs and not wanted and git(folder, settings, "ls-remote", "--", source):
                raise Failure("it has refs, but none of those in the manifest")
            digest = hashlib.sha256(b"\n".join(sorted(listed.splitlines()))).hexdigest()
            if entry["last"] == [digest, entry["settings_digest"]]:
                return {"repo": entry["repo"]}
            result.update(refs_digest=digest, settings_digest=entry["settings_digest"])
            if "url" in entry:
                with scratch(settings) as clone:
                    size = fetch(clone, settings, entry, listed)
                    fetched = git(clone, settings, "for-each-ref", "--format=%(objectname)%09%(refname)")
                    if wanted.items() - wanted_of(fetched, refs).items():
                        # Git also leaves out a ref if the history is cut off, without an error.
                        raise Failure("git fetch: refs are missing, or have changed since they were listed")
                    report = keysieve(clone, settings, entry["config"], clone)
            else:
                # A ref that is missing is an error, unless it is a pattern.
                names = {*wanted, *(ref for ref in refs if "*" not in ref)} if refs else ()
                words = [f"--ref={name}" for name in sorted(names)]
                size, report = 0, keysieve(folder, settings, entry["config"], entry["path"], *words)
        if report["tool"] != entry["tool"]:
            raise Failure("the worker has another keysieve, other rules or another policy than the driver")
        result.update(status=report["status"], report=report, clone_bytes=size)
    except Exception as error:  # Whatever happens is the result of this repository: none is lost.
        result["error"] = str(error) if isinstance(error, Failure) else shown(repr(error).encode(), "\0")
        if not isinstance(error, TooLarge):
            result.pop("refs_digest", None)  # So the next run tries again.
    return dict(result, seconds=round(time.monotonic() - began, 3))


class Results:
    """The file of results. A run adds lines, and the last line of a repository counts; the end of a run leaves one for
    each. So an interrupted run can be continued."""

    def __init__(self, path):
        self.path, self.lines, offset = path, {}, 0
        if path.is_symlink() or path.exists() and not path.is_file():
            raise Failure(f"{path}: a link, or not a file")
        self.file = open(path, "a+b")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_locked = os.path.samestat(os.fstat(self.file.fileno()), path.stat())
        except (BlockingIOError, FileNotFoundError):
            is_locked = False
        if not is_locked:
            raise Failure(f"{path}: another run writes to it")
        self.file.seek(0)
        for number, line in enumerate(self.file, 1):
            try:
                if not line.endswith(b"\n") and line[:len(BEGINNING)] == BEGINNING[:len(line)]:
                    break  # The run was interrupted while it wrote.
                self.note(json.loads(line), offset, len(line))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                raise Failure(f"{path}:{number}: not a result: repair or remove the file") from None
            offset += len(line)
        self.file.truncate(offset)

    def note(self, result, *place):
        last = [result.get("refs_digest"), result.get("settings_digest")]
        self.lines[result["repo"]] = (place, STATUSES[STATUSES.index(result["status"])], last)

    def add(self, result):
        line = json.dumps(result, separators=(",", ":")).encode() + b"\n"
        self.file.write(line)
        self.file.flush()
        self.note(result, self.file.tell() - len(line), len(line))

    def finish(self, entries):
        """Keeps one line for each repository, in the order of the manifest. Returns how many have each status."""
        counts, new = dict.fromkeys(STATUSES, 0), self.path.with_name(self.path.name + ".new")
        new.unlink(missing_ok=True)
        with open(new, "xb") as out:
            shutil.copymode(self.path, new)
            for entry in entries:
                (offset, size), status, _ = self.lines[entry["repo"]]
                self.file.seek(offset)
                out.write(self.file.read(size))
                counts[status] += 1
            os.fsync(out.fileno())
        os.replace(new, self.path)
        return counts


def with_settings(entries, settings, policy, results):
    """The entries with what a worker needs: the policy, and the digests of the last result."""
    probes = {}
    with tempfile.TemporaryDirectory() as folder:
        git(folder, settings, "init", "--quiet", "--bare", "--template=", "empty")
        for entry in entries:
            config = entry.get("policy", policy)
            if config not in probes:
                report = keysieve(folder, settings, config, f"{folder}/empty", "--unused")
                # An entry that expires changes results, but not the version of the policy.
                probes[config] = report["tool"], [entry.get("expired") for entry in report["unused"]]
            parts = json.dumps([probes[config], entry.get("refs"), "path" in entry, settings["max_clone"]])
            last = results.lines.get(entry["repo"], [None])[-1]
            digest = hashlib.sha256(parts.encode()).hexdigest()
            yield dict(entry, config=config, tool=probes[config][0], settings_digest=digest, last=last)


def on_threads(entries, settings, options):
    with ThreadPool(options.jobs) as pool:
        yield from pool.imap_unordered(lambda entry: audit(entry, settings), entries)


def on_ray(entries, settings, options):
    """Ray starts an audit again if its worker is lost, elsewhere if need be. Few wait at a time, to bound memory."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise Failure("Ray is missing: pip install 'keysieve[fleet]', or use --engine local") from None
    address = options.address or os.environ.get("RAY_ADDRESS")
    # Without an address, Ray would join a cluster that has left files on this machine, even if it has ended.
    words = {"address": address} if address else {"address": "local", "include_dashboard": False}
    ray.init(log_to_driver=False, **words)
    memory = options.memory and int(options.memory * 2**30)
    task, running = ray.remote(num_cpus=options.threads, memory=memory, max_retries=RETRIES)(audit), {}
    entries = iter(entries)
    while True:
        room = 4 + int(2 * ray.cluster_resources().get("CPU", 0) / options.threads) - len(running)
        for entry in itertools.islice(entries, max(0, room)):
            running[task.remote(entry, settings)] = entry
        if not running:
            return
        for reference in ray.wait(list(running))[0]:
            entry = running.pop(reference)
            try:
                yield ray.get(reference)
            except ray.exceptions.RayError as error:
                text = f"its worker was lost {RETRIES + 1} times: {type(error).__name__}"
                yield {"schema": 1, "repo": entry["repo"], "status": "incomplete", "error": text}


def part(text):
    number, parts = map(int, text.split("/"))
    if not 0 <= number < parts:
        raise ValueError
    return slice(number, None, parts)


def arguments():
    parser = argparse.ArgumentParser(prog="keysieve-fleet", description="Audit many repositories. Run it again to "
                                     "continue, or to audit what has changed; 'keysieve merge' reports the results.")
    add = parser.add_argument
    add("manifest", type=pathlib.Path, help="JSON lines that name repositories, or a folder of repositories")
    add("results", type=pathlib.Path, help="file of results: a JSON line for each repository")
    add("--engine", choices=["ray", "local"], default="ray", help="Ray, or threads of this process [default: ray]")
    add("--address", help="Ray cluster [default: RAY_ADDRESS, or a new one on this machine]")
    add("--policy", type=pathlib.Path, help="configuration file of all audits; the same path on each machine")
    add("--jobs", type=int, default=os.cpu_count(), help="audits at a time with --engine local [default: processors]")
    add("--threads", type=int, default=1, help="processors for an audit [default: 1]")
    add("--memory", type=float, metavar="GIB", help="memory that Ray sets aside for an audit")
    add("--timeout", type=int, default=3600, help="seconds for each step of an audit [default: 3600]")
    add("--scratch", default=f"{tempfile.gettempdir()}/keysieve-fleet-{os.getuid()}", help="folder for clones")
    add("--scratch-size", type=float, metavar="GIB", default=64, help="room for clones on a machine [default: 64]")
    add("--max-clone", type=float, metavar="GIB", default=8, help="a larger clone is incomplete [default: 8]")
    add("--part", type=part, default="0/1", metavar="N/M", help="lines N, N+M, … of the manifest only, from 0")
    add("--keysieve", help="program that audits [default: that of this package]")
    return parser.parse_args()


def audit_all(options):
    settings = {name: getattr(options, name) for name in ("threads", "timeout")}
    settings.update((name, int(getattr(options, name) * 2**30)) for name in ("scratch_size", "max_clone"))
    if min(options.jobs, *settings.values()) < 1:
        raise Failure("--jobs, --threads, --timeout, --scratch-size and --max-clone have to be larger than 0")
    # Workers run in other folders.
    is_path = options.keysieve and os.sep in options.keysieve
    settings["keysieve"] = os.path.abspath(options.keysieve) if is_path else options.keysieve
    settings["scratch"] = os.path.abspath(options.scratch)
    settings["max_clone"] = min(settings["max_clone"], settings["scratch_size"])
    entries, results = entries_of(options.manifest)[options.part], Results(options.results)
    policy, began, unchanged = options.policy and str(options.policy.resolve()), time.monotonic(), 0
    spoken, engine = began, {"ray": on_ray, "local": on_threads}[options.engine]
    for done, result in enumerate(engine(with_settings(entries, settings, policy, results), settings, options), 1):
        if "status" in result:
            results.add(result)
        else:
            unchanged += 1
        if time.monotonic() > spoken + 10:
            spoken = time.monotonic()
            print(f"{done} of {len(entries)} repositories, {unchanged} unchanged", file=sys.stderr)
    counts, seconds = results.finish(entries), time.monotonic() - began
    words = ", ".join(f"{count} {word}" for word, count in counts.items())
    print(f"{len(entries)} repositories: {words}; {unchanged} unchanged; {seconds:.1f} seconds", file=sys.stderr)
    return 2 if counts["incomplete"] else 1 if counts["findings"] else 0


def main():
    try:
        sys.exit(audit_all(arguments()))
    except KeyboardInterrupt:
        message = "stopped; run it again to continue"
    except Exception as error:  # Python would end with status 1, which means findings.
        message = error if isinstance(error, (Failure, OSError)) else f"{type(error).__name__}: {error}"
    with contextlib.suppress(OSError):
        print(f"keysieve-fleet: {message}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
