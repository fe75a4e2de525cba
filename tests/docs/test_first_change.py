"""`docs/first-change.md` is true: its changes apply to the sources, and its commands pass there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "first-change.md").read_text(encoding="utf-8")
# Where the page changes something, and what its commands read.
NEEDED: Final = (
    "pyproject.toml", "archive", "brokers", "service", "clients", "tests/*.py", "tests/dialogue",
    "tests/faults", "tests/hubbub_client", "tests/protocol", "tests/service",
)  # fmt: skip
PACKAGES: Final = ("", "clients/protocol", "clients/python", "clients/cli")
MODULES: Final = "clients/node_modules"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def commands() -> Iterator[str]:
    for block in blocks("sh"):
        yield from block.splitlines()


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """Copy the sources, and apply the changes of the page."""
    git = ["git", "-c", "safe.directory=*"]
    listing = [*git, "ls-files", "--cached", "--others", "--exclude-standard", "--", *NEEDED]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in filter(lambda path: (ROOT / path).is_file(), listed.splitlines()):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, tmp_path / path)
    # Outside of a repository, so that the paths are below the folder.
    here = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    subprocess.run(
        [*git, "apply", "-"], cwd=tmp_path, input="".join(blocks("diff")), text=True, check=True, env=here
    )
    return tmp_path


def run(command: str, folder: Path) -> None:
    """Run a command of the page, with the tools of this environment and the sources of the copy."""
    where = os.pathsep.join(str(folder / package) for package in PACKAGES)
    done = subprocess.run(
        ["bash", "-c", command.replace(".venv/bin/", f"{shlex.quote(str(Path(sys.executable).parent))}/")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": where},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"


@pytest.mark.timeout(120)
def test_the_changes_in_python_pass_the_commands_of_the_page(changed: Path) -> None:
    in_python = [command for command in commands() if command.startswith(".venv/bin/")]
    assert in_python
    for command in in_python:
        run(command, changed)


@pytest.mark.timeout(120)
def test_the_changes_in_typescript_pass_the_commands_of_the_page(changed: Path) -> None:
    if not (ROOT / MODULES).is_dir():
        message = "the packages of the clients are not installed: cd clients && npm ci"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    (changed / MODULES).symlink_to(ROOT / MODULES)
    in_typescript = [command for command in commands() if command.startswith("cd clients")]
    assert in_typescript
    for command in in_typescript:
        run(command, changed)
