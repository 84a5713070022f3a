"""Runs the program: ``python -m keysieve``."""

import os
import subprocess
import sys

from keysieve import find_keysieve

words = [find_keysieve(), *sys.argv[1:]]
if sys.platform == "win32":
    # Windows has no exec: the process would end before the program does.
    sys.exit(subprocess.run(words).returncode)
os.execv(words[0], words)
