"""A command whose output pipe is closed exits silently, with the same code for all commands."""

import os
import socket
import subprocess

import pytest

from tests.hubbub_cli.other_users import say
from tests.hubbub_cli.program import COMMAND, LIMIT, environment, start
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


def test_checks_on_a_pipe_that_is_closed_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        doctor = start("doctor", "-s", f"ws://127.0.0.1:{port}", "--connect-timeout", "1s")
        assert doctor.stdout is not None
        assert doctor.stderr is not None
        while "tcp" not in doctor.stdout.readline():
            pass
        # The next check fails, a second later.
        doctor.stdout.close()
        assert doctor.stderr.read() == ""
        doctor.stderr.close()
        assert doctor.wait(LIMIT) == PIPE_CLOSED
