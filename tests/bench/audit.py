"""The mode `audit`: measures whole histories against the floor, git and the peers, with a table each and a plot."""

import glob
import os
import shutil
import subprocess

import contenders
import histories
import inputs
import measure
import plot
import table

PACKAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "floor")


def run(options, programs, config, scratch, say):
    """Measures the histories, smallest first, and returns the lines of the tables."""
    data = options.data
    programs = programs | {
        "floor": None if options.tiny else floor(data, say),
        "keysieve-audit": audit_of(programs["keysieve"], say),
    }
    jobs = [str(options.jobs)] if options.jobs else []
    found = [] if options.tiny else histories.real(options.history, data)
    if not found and not options.tiny:
        say("no real history: put a bare mirror below the data folder's `histories`, or name one with --history")
    if options.made_up:
        found += inputs.apart(histories.generated, data, options.sizes, say)
    found = sorted([inputs.apart(histories.weigh, history) for history in found], key=lambda history: history.pack)
    lines, results, given_up = [], [], {}
    for history in found:
        say(f"Auditing {history}")
        cache = os.path.join(scratch, "audit-cache")
        racers = contenders.on_history(programs, history.path, jobs, config, cache)
        for racer in racers:
            racer.retired = given_up.get(racer.name, "")
            if racer.name == contenders.AGAIN and not racer.retired:
                fill_cache(racer, cache)
        memory = measure.floor_of_memory(scratch)
        measure.race(racers, options.audit_rounds, options.cap, options.limit, scratch, say)
        if options.tiny:
            measure.check(racers)
        for racer in racers:
            if any(run.stopped for run in racer.runs):
                given_up[racer.name] = f"not run: stopped on {history.name}"
        lines += ["", f"### {history}", "", *table.of_race(racers, memory, watched=True)]
        results.append((history, racers))
    if not results:
        return []
    path = options.plot or os.path.join(data, "audit.svg")
    plot.write(path, results)
    say(f"plot: {path}")
    rounds = f"Medians of {options.audit_rounds} interleaved rounds, start-up included."
    return ["", "## Auditing whole histories", "", rounds, "", *summary(results), *lines]


def fill_cache(racer, cache):
    """Audits once, so that all runs of the contender find a cache, or gives it up."""
    shutil.rmtree(cache, ignore_errors=True)
    subprocess.run(racer.argv, env=measure.clean_environment(), capture_output=True, check=False)
    if not glob.glob(os.path.join(cache, "audit-*")):
        racer.retired = "not run: nothing was cached"


def floor(data, say):
    """Builds the program that inflates every entry, in the data folder."""
    if shutil.which("cargo") is None:
        say("no cargo: the floor is not measured")
        return None
    target = os.path.join(data, "floor")
    manifest = os.path.join(PACKAGE, "Cargo.toml")
    command = ["cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", manifest, "--target-dir", target]
    subprocess.run(command, check=True)
    return os.path.join(target, "release", "floor")


def audit_of(keysieve, say):
    """The program, if it has the command `audit`."""
    env = measure.clean_environment()
    done = subprocess.run([keysieve, "audit", "--help"], capture_output=True, env=env, check=False)
    if done.returncode == 0:
        return keysieve
    say(f"{keysieve} has no audit: only the others are measured")
    return None


def summary(results):
    """One row for each history: the distance to the floor and to the fastest peer, and anonymous memory."""
    heads = ["history", "commits", "objects", "packs", "floor", "keysieve", "× floor", "anonymous memory", "× faster", "than"]
    rows = []
    for history, racers in results:
        # A contender that failed or was stopped did not do the job.
        named = {racer.name: racer for racer in racers if racer.measured and not racer.trouble()}
        ours = named.get(contenders.AUDIT)
        bottom = named.get(contenders.FLOOR)
        peers = [named[name] for name in contenders.PEERS_OF_AUDIT if name in named]
        best = min(peers, key=lambda peer: peer.median("wall"), default=None)
        rows.append([
            history.name,
            f"{history.commits:,}",
            f"{history.objects:,}",
            f"{history.pack / 1e6:,.1f} MB",
            table.seconds(bottom.median("wall")) if bottom else "",
            table.seconds(ours.median("wall")) if ours else "no result",
            table.ratio(ours, bottom),
            table.megabytes(ours.median("own")) if ours else "",
            table.ratio(best, ours),
            f"{best.name} ({table.seconds(best.median('wall'))})" if best else "no peer",
        ])
    return table.markdown(heads, rows)
