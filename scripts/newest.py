"""What `make latest` installs, and how it differs from the lock: `newest.py wanted` or `… differing`."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
LOCK: Final = ROOT / "requirements" / "dev.txt"
_NAMED: Final = re.compile(r"^([A-Za-z0-9._-]+(?:\[[^\]]*\])?)[^;]*(;.*)?$")
_PINNED: Final = re.compile(r"^([a-z0-9-]+)==([^ ;\\]+)", re.MULTILINE)


def projects() -> list[Path]:
    """List our distributions."""
    return [ROOT / "pyproject.toml", *sorted(ROOT.glob("clients/*/pyproject.toml"))]


def wanted() -> Iterator[str]:
    """Give all requirements without their bounds; our own distributions are installed from the checkout."""
    read = [tomllib.loads(path.read_text(encoding="utf-8")) for path in projects()]
    ours = {each["project"]["name"] for each in read}
    found: set[str] = set()
    for each in read:
        found.update(each["project"].get("dependencies", []))
        for group in each.get("dependency-groups", {}).values():
            found.update(entry for entry in group if isinstance(entry, str))
    for requirement in sorted(found):
        named = _NAMED.match(requirement)
        if named is None:
            raise ValueError(f"a requirement of another form: {requirement}")
        if named[1] not in ours:
            yield named[1] + (named[2] or "")


def differing() -> Iterator[str]:
    """Compare what is installed with what is pinned."""
    for name, pinned in _PINNED.findall(LOCK.read_text(encoding="utf-8")):
        try:
            installed = version(name)
        except PackageNotFoundError:
            continue  # for another platform, or needed no more
        if installed != pinned:
            yield f"{name}: {pinned} in the lock, {installed} here"


if __name__ == "__main__":
    lines = {"wanted": wanted, "differing": differing}[sys.argv[1]]()
    sys.stdout.writelines(f"{line}\n" for line in lines)
