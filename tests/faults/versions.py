"""Another version of the service: built as a wheel from a commit or a tag, and unpacked."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from zipfile import ZipFile

from tests.faults.nodes import ROOT, Version

# Each becomes a wheel; the second one holds what both sides of the wire share.
_PROJECTS = (".", "clients/protocol")


class NoVersion(Exception):
    """There is no such version here; the message says why."""


@cache
def built(name: str) -> Version:
    """Build a commit or a tag of this repository, and return how to run it.

    Raises:
        NoVersion: it isn't in this repository, or can't be built.
    """
    folder = Path(tempfile.mkdtemp(prefix="hubbub-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    sources, wheels, packages = (folder / part for part in ("sources", "wheels", "packages"))
    sources.mkdir()
    archive = folder / "sources.tar"
    _run("git", "-C", str(ROOT), "archive", "--output", str(archive), name)
    _run("tar", "--extract", "--file", str(archive), "--directory", str(sources))
    for project in _PROJECTS:
        build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(wheels))
        _run(*build, cwd=sources / project)
    for wheel in wheels.glob("*.whl"):
        with ZipFile(wheel) as opened:
            opened.extractall(packages)
    return Version(("-m", "service"), packages)


def last_release() -> str:
    """Return the tag of the last release before this commit, or "" if there is none."""
    found = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--tags", "--abbrev=0"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return found.stdout.strip() if found.returncode == 0 else ""


def _run(*command: str, cwd: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoVersion(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
