#!/usr/bin/env python3
"""Lists the private keys in unpacked packages, for `src/rule/check/published.txt`.

    tests/quality/published.py FOLDER=NAME ... > src/rule/check/published.txt

Prints SHA-256 of each key as it decodes, and NAME, what the keys in FOLDER are. No key is kept. The list is from Debian's
packages vagrant, libpython3.11-testsuite, python3-twisted, golang-1.19-src, golang-golang-x-crypto-dev and ruby-net-ssh, from
PyPI's source packages paramiko and jwcrypto, and from npm's package ssh2.
"""

import base64
import hashlib
import os
import re
import sys

PEM = re.compile(rb"-----BEGIN (?:[A-Z0-9 ]*(?:PRIVATE|TESTING) KEY(?: BLOCK)?)-----(.{40,20000}?)-----END", re.S)
JWK = re.compile(rb"""["'][dk]["']\s*:\s*["']([A-Za-z0-9_-]{22,1400})["']""")
MAX_FILE = 4 << 20


def main():
    found = {}
    for argument in sys.argv[1:]:
        folder, name = argument.split("=", 1)
        for text in files(folder):
            for key in keys(text):
                found.setdefault(hashlib.sha256(key).hexdigest(), name)
    for digest, name in sorted(found.items(), key=lambda pair: pair[::-1]):
        print(digest, name)


def files(folder):
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) <= MAX_FILE:
                with open(path, "rb") as file:
                    yield file.read()


def keys(text):
    for match in PEM.finditer(text):
        yield from decoded(body(match[1]))
    if b"kty" in text:
        for match in JWK.finditer(text):
            yield from decoded(match[1].replace(b"-", b"+").replace(b"_", b"/"))


def body(block):
    """The base64 of a block, without headers, quotes, `+` and escaped line breaks."""
    lines = re.sub(rb"\\+[rn]", b"\n", block).split(b"\n")
    lines = (re.sub(rb"""["'`].*""", b"", line.strip(b" \t\r\"'`,;#*>|")) for line in lines)
    lines = (line for line in lines if b":" not in line and not re.fullmatch(rb"=....", line))
    return b"".join(re.sub(rb"[^A-Za-z0-9+/=]", b"", line) for line in lines if line != b"+")


def decoded(text):
    bare = text.rstrip(b"=")
    try:
        key = base64.b64decode(bare[: len(bare) - (len(bare) % 4 == 1)] + b"==")
    except ValueError:
        return
    if len(key) >= 16:
        yield key


if __name__ == "__main__":
    main()
