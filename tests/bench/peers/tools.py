"""Build the peers' programs. Each is built once, in build/bench/, and again when its sources change."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.bench.engine.library import BUILT, Missing, compile_c

HERE: Final = Path(__file__).parent


def floor() -> str:
    """Compile the floor."""
    return str(compile_c([HERE / "floor" / "floor.c"], BUILT / "floor"))


def go(name: str) -> str:
    """Build a Go server from its pinned modules."""
    tool = _tool("go", "Go, https://go.dev")
    into = BUILT / name
    # Go's own cache knows what is up to date.
    _run([tool, "build", "-mod=readonly", "-o", str(into), "."], HERE / name)
    return str(into)


def node(name: str) -> str:
    """Install a Node server's packages from its lock file; return the program that runs it."""
    tool, npm = _tool("node", "Node.js"), _tool("npm", "npm, which comes with Node.js")
    folder = HERE / name
    if not _is_newer(folder / "node_modules" / ".package-lock.json", folder / "package-lock.json"):
        _run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], folder)
    return tool


def python(name: str) -> str:
    """Install a Python server's requirements in its own environment; return its Python."""
    program = BUILT / f"{name}-venv" / "bin" / "python"
    wanted, stamp = HERE / name / "requirements.txt", program.parents[1] / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        _run([sys.executable, "-m", "venv", "--clear", str(program.parents[1])], HERE)
        pip = [str(program), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--require-hashes", "--requirement", str(wanted)], HERE)
        stamp.write_text(wanted.read_text())
    return str(program)


def _tool(name: str, says: str) -> str:
    if found := shutil.which(name):
        return found
    raise Missing(f"{says} is needed, and there is no {name} on the PATH")


def _is_newer(made: Path, source: Path) -> bool:
    return made.exists() and made.stat().st_mtime >= source.stat().st_mtime


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"{' '.join(command[:3])} failed: {(done.stderr or done.stdout).strip()[-300:]}")
