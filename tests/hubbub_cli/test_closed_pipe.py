"""A command whose output pipe is closed exits silently, with the same code for all commands."""

import os
import subprocess

import pytest

from tests.hubbub_cli.other_users import say
from tests.hubbub_cli.program import COMMAND, LIMIT, environment
from tests.hubbub_cli.server import ROOT, Server

PIPE_CLOSED = 141


def unread(*arguments: str) -> tuple[int, str]:
    """Run with a closed output pipe; return the exit code and standard error."""
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    os.close(theirs)
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", ["history", "tail", "who"])
def test_data_on_a_closed_pipe(server: Server, room: str, command: str) -> None:
    say(server, room, "one")
    assert unread(command, room, "--json", "-s", server.url) == (PIPE_CLOSED, "")


def test_a_receipt_on_a_closed_pipe(server: Server, room: str) -> None:
    assert unread("send", room, "hello", "--json", "-s", server.url) == (PIPE_CLOSED, "")


def test_help_on_a_closed_pipe() -> None:
    assert unread("--help") == (PIPE_CLOSED, "")


def test_checks_on_a_pipe_that_is_closed_later(server: Server) -> None:
    doctor = subprocess.Popen(
        [*COMMAND, "doctor", "-s", server.url],
        cwd=ROOT,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert doctor.stdout is not None
    assert doctor.stderr is not None
    for _ in range(3):
        doctor.stdout.readline()
    doctor.stdout.close()
    assert doctor.stderr.read() == ""
    doctor.stderr.close()
    assert doctor.wait(LIMIT) == PIPE_CLOSED
