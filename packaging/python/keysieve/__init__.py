"""Finds the keysieve program that this wheel installed, for programs that run it."""

import os
import sys
import sysconfig

__all__ = ["find_keysieve"]


def find_keysieve():
    """Returns the path of the program; raises FileNotFoundError if the wheel does not hold it."""
    name = "keysieve" + (sysconfig.get_config_var("EXE") or "")
    user = sysconfig.get_preferred_scheme("user") if sys.version_info >= (3, 10) else os.name + "_user"
    folders = [
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", scheme=user),
        # pip install --target puts it next to the module.
        os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bin"),
    ]
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError("{} is in none of {}".format(name, ", ".join(folders)))
