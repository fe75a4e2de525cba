"""A worker process whose parent exits."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from service.runtime.listener import reserve
from service.settings import Settings
from tests.service.workers.orphan import MOMENTS

ROOT = Path(__file__).parents[3]
# Longer than any start, and shorter than the time after which `die_with_parent` ends a worker.
ENDS_WITHIN = 25.0


def start(
    module: Sequence[str], end: socket.socket, parent: int | None = None, **settings: str
) -> subprocess.Popen[str]:
    """Start a worker with `end` as its control channel, on a port that is free."""
    with reserve(Settings(port=0)) as reserved:
        port = str(reserved.getsockname()[1])
    return subprocess.Popen(
        [sys.executable, "-m", *module, port],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HUBBUB_LOG_LEVEL": "error", **settings},
        stdin=end.fileno(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=() if parent is None else (parent,),
    )


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_whose_parent_exits_while_it_starts_ends_quietly(moment: str) -> None:
    parent, end = socket.socketpair()
    with parent, end:
        orphan = ("tests.service.workers.orphan", moment, str(parent.fileno()))
        process = start(orphan, end, parent=parent.fileno())
        parent.close()
        output, error = process.communicate(timeout=ENDS_WITHIN)
    assert (process.returncode, output, error) == (0, "", "")


@pytest.mark.parametrize("moment", ["before listener", "after listener"])
def test_a_worker_that_can_not_start_and_has_no_parent_ends_quietly(moment: str) -> None:
    parent, end = socket.socketpair()
    with parent, end:
        orphan = ("tests.service.workers.orphan", moment, str(parent.fileno()))
        process = start(orphan, end, parent=parent.fileno(), BROKER="redis", REDIS_URL="redis://127.0.0.1:1")
        parent.close()
        output, error = process.communicate(timeout=ENDS_WITHIN)
    assert (process.returncode, output, error) == (0, "", "")


def test_a_worker_without_an_answer_of_its_parent_ends_with_a_sentence() -> None:
    parent, end = socket.socketpair()
    with parent, end:
        process = start(("service.workers", "1"), end, HUBBUB_BROKER_TIMEOUT="0.1")
        output, error = process.communicate(timeout=ENDS_WITHIN)
    assert (process.returncode, output) == (1, "")
    assert error.startswith("hubbub: worker 1: no answer from the parent process of the workers: ")
    assert error.count("\n") == 1
