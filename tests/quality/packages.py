"""Downloads and unpacks the packages of `packages.txt` with npm, pip and cargo. Nothing of them is run."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
# The wheels of one platform, so that every machine reads the same files.
PLATFORMS = ["manylinux_2_34", "manylinux_2_28", "manylinux_2_27", "manylinux_2_24", "manylinux_2_17", "manylinux2014"]


def listed():
    """The registry, name and version of each package."""
    with open(os.path.join(HERE, "packages.txt"), encoding="utf-8") as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
    return [(registry, *spec.split("==")) for registry, spec in rows]


def fetch(data, say, wanted=None):
    """Downloads what is missing below `data` and returns the folder of all packages."""
    root = os.path.join(data, "packages")
    missing = [row for row in wanted or listed() if not os.path.isdir(folder_of(root, *row))]
    crates = [row for row in missing if row[0] == "crates"]
    partial = os.path.join(data, "partial")
    for registry, name, version in missing:
        if registry == "crates":
            continue
        say(f"fetching {name} {version}")
        shutil.rmtree(partial, ignore_errors=True)
        os.makedirs(partial)
        try:
            FETCHERS[registry](name, version, partial)
        except (OSError, subprocess.CalledProcessError, StopIteration) as problem:
            say(f"  not fetched: {problem}")
            continue
        keep(partial, folder_of(root, registry, name, version))
    if crates:
        say(f"fetching {len(crates)} crates")
        fetch_crates(crates, partial, root)
    shutil.rmtree(partial, ignore_errors=True)
    return root


def folder_of(root, registry, name, version):
    return os.path.join(root, registry, f"{name}=={version}".replace("/", "+"))


def keep(partial, folder):
    """Renamed when it is complete: an interrupted run must not leave half a package."""
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    os.rename(partial, folder)


def from_npm(name, version, folder):
    subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    archive = only_file(folder)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    os.remove(archive)


def from_pypi(name, version, folder):
    platforms = [f"--platform={platform}_x86_64" for platform in PLATFORMS]
    target = ["--python-version=3.11", "--implementation=cp", "--abi=cp311", "--abi=abi3", "--abi=none", *platforms]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--only-binary=:all:", *target, f"{name}=={version}"], cwd=folder, check=True)
    archive = only_file(folder)
    with zipfile.ZipFile(archive) as wheel:
        wheel.extractall(folder)
    os.remove(archive)


def only_file(folder):
    return next(entry.path for entry in os.scandir(folder) if entry.is_file())


FETCHERS = {"npm": from_npm, "pypi": from_pypi}


def fetch_crates(crates, partial, root):
    """cargo gets the crates and all that they depend on; only those that are listed are kept."""
    shutil.rmtree(partial, ignore_errors=True)
    os.makedirs(os.path.join(partial, "src"))
    open(os.path.join(partial, "src", "lib.rs"), "w", encoding="ascii").close()
    manifest = ["[package]", 'name = "packages"', 'version = "0.0.0"', 'edition = "2021"', "[dependencies]"]
    for number, (_, name, version) in enumerate(crates):
        manifest.append(f'c{number} = {{ package = "{name}", version = "={version}", default-features = false }}')
    with open(os.path.join(partial, "Cargo.toml"), "w", encoding="ascii") as file:
        file.write("\n".join(manifest) + "\n")
    command = ["cargo", "vendor", "--quiet", "--versioned-dirs", "vendor"]
    subprocess.run(command, cwd=partial, check=True, stdout=subprocess.DEVNULL)
    for row in crates:
        keep(os.path.join(partial, "vendor", f"{row[1]}-{row[2]}"), folder_of(root, *row))
