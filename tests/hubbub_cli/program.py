"""Run the program as a shell does."""

import os
import subprocess
import sys
from typing import Final

from tests.hubbub_cli.server import ROOT

# In seconds. Enough for a busy machine; a program that hangs fails the test.
LIMIT: Final = 20
COMMAND: Final = (sys.executable, "-m", "hubbub_cli")


def environment(**more: str) -> dict[str, str]:
    """Return an environment without the settings of this machine, in which nothing is stored."""
    fixed = {
        "PATH": os.environ["PATH"],
        "USER": "ann",
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
    }
    return fixed | {"XDG_STATE_HOME": os.devnull, "XDG_CONFIG_HOME": os.devnull} | more


def run(
    *arguments: str, given: str | bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end; return both streams as text."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=given.encode() if isinstance(given, str) else given,
        capture_output=True,
        cwd=ROOT,
        env=environment() if env is None else env,
        timeout=LIMIT,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def start(
    *arguments: str, stdin: int = subprocess.DEVNULL, env: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start, with both output streams as pipes."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment() if env is None else env,
        text=True,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
