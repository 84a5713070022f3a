"""Reads the list of repositories that `keysieve-fleet` audits (docs/fleet.md)."""

import json
import os
import re
import urllib.parse

TOKEN, HOST = "KEYSIEVE_FLEET_TOKEN", "KEYSIEVE_FLEET_HOST"
FIELDS = {"repo", "path", "url", "refs", "policy"}


class Failure(Exception):
    """What went wrong, for people. It may go well next time."""


def listing(folder):
    """The lines of a manifest for the repositories in a folder, and for what cannot be read in it."""
    seen, unread = set(), []
    for top, names, files in os.walk(folder, onerror=lambda error: unread.append(error.filename), followlinks=True):
        names.sort()
        has, real = {*names, *files}, os.path.realpath(top)
        # git also wants the other folder, but a backup may have left it out because it was empty.
        is_repository = ".git" in has or top.endswith(".git") or "HEAD" in has and has & {"objects", "refs"}
        if is_repository and real not in seen:
            yield line_for(folder, top)
        if is_repository or real in seen:
            names.clear()
        seen.add(real)
    yield from (line_for(folder, top) for top in unread)


def line_for(folder, top):
    path = os.path.relpath(top, folder)
    name = os.path.basename(os.path.realpath(top)) if path == "." else path
    return json.dumps({"repo": name[:-4] if name.endswith(".git") and name != ".git" else name, "path": path})


def entries_of(manifest):
    """The repositories of a manifest. An error quotes nothing of its line, which may have a password."""
    base, entries = manifest if manifest.is_dir() else manifest.parent, {}
    lines = listing(manifest) if manifest.is_dir() else manifest.read_text("utf-8", "surrogateescape").splitlines()
    for number, line in enumerate(lines, 1):
        place = f"{manifest}:{number}: "
        try:
            entry = json.loads(line)
            texts = [entry["repo"], entry["path" if "path" in entry else "url"], entry.get("policy", "-")]
            refs, url = entry.get("refs", ["refs/"]), urllib.parse.urlsplit(entry.get("url", "file:///"))
            is_valid = all(text.isprintable() and text for text in texts + refs) and set(entry) <= FIELDS
            is_valid = is_valid and refs and all(ref.startswith("refs/") for ref in refs)
            # Git reads what has no // in other ways.
            is_valid = is_valid and re.match("(https|ssh|file)://", entry.get("url", "file://"))
            is_valid = is_valid and not {"", ".", ".."} & set(entry["repo"].split("/"))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            is_valid = False
        if not is_valid or {"path", "url"} <= set(entry):
            raise Failure(place + "a line has repo, and path or url (https, ssh or file); refs and policy if wanted")
        if "@" in url.netloc and (url.scheme != "ssh" or url.password):
            raise Failure(place + f"credentials in the url: set {TOKEN} and {HOST}")
        if entry["repo"] in entries:
            raise Failure(place + "an earlier line has the same repo")
        entry.update((key, str((base / entry[key]).resolve())) for key in {"path", "policy"} & set(entry))
        entries[entry["repo"]] = entry
    if not entries:
        raise Failure(f"{manifest}: no repositories")
    return list(entries.values())
