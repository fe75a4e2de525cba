"""Two users in two real terminals, run by tmux."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hubbub_cli.other_users import history
from tests.hubbub_cli.program import COMMAND, environment, run
from tests.hubbub_cli.server import ROOT, Server

LIMIT = 15

# Shows the exit code at the end of the screen.
LAST = "echo ended with $?; exec cat"


class Terminals:
    """Terminals of 80x24, each with one program."""

    def __init__(self, socket: Path) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", os.devnull]

    def _do(self, *arguments: str) -> str:
        return subprocess.run([*self._tmux, *arguments], check=True, capture_output=True, text=True).stdout

    def open(self, name: str, *command: str) -> None:
        settings = [f"{key}={value}" for key, value in environment(TERM="tmux-256color").items()]
        script = f"{shlex.join(['cd', str(ROOT)])}; {shlex.join(['env', '-i', *settings, *command])}; {LAST}"
        self._do("new-session", "-d", "-x", "80", "-y", "24", "-s", name, "sh", "-c", script)

    def type(self, name: str, *keys: str) -> None:
        self._do("send-keys", "-t", name, *keys)

    def paste(self, name: str, text: str) -> None:
        """Paste text in brackets, if the program asked for them."""
        self._do("set-buffer", text)
        self._do("paste-buffer", "-p", "-t", name)

    def wait_for(self, name: str, *words: str) -> str:
        """Wait until all words are on the screen."""
        end = time.monotonic() + LIMIT
        screen = ""
        while time.monotonic() < end:
            screen = self._do("capture-pane", "-p", "-t", name)
            if all(word in screen for word in words):
                return screen
        raise AssertionError(f"{words} are not on the screen of {name}:\n{screen}")

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Terminals]:
    if shutil.which("tmux") is None:
        pytest.skip("needs tmux")
    opened = Terminals(tmp_path / "tmux")
    yield opened
    opened.close()


def test_two_users_chat_in_their_terminals(server: Server, room: str, terminals: Terminals) -> None:
    assert COMMAND[0] == sys.executable
    for name in ("ann", "bob"):
        terminals.open(name, *COMMAND, room, "-s", server.url, "--name", name)
    terminals.wait_for("ann", "online as ann", "2 here: ann, bob")
    terminals.wait_for("bob", "online as bob", "2 here: bob, ann")
    terminals.type("ann", "-l", "hello bob")
    terminals.wait_for("bob", "ann is typing")
    terminals.type("ann", "Enter")
    terminals.wait_for("bob", "ann hello bob")
    terminals.type("bob", "-l", "hello ann")
    terminals.type("bob", "Enter")
    terminals.wait_for("ann", "bob hello ann")
    terminals.type("ann", "F1")
    terminals.wait_for("ann", "this help", "online as ann")
    terminals.type("ann", "Escape")
    terminals.type("bob", "C-c")
    terminals.wait_for("bob", "ended with 0")
    terminals.wait_for("ann", "1 here: ann")


def test_alt_and_a_digit_switch_rooms(server: Server, room: str, terminals: Terminals) -> None:
    other = f"{room}-b"
    for name, text in ((room, "in the first"), (other, "in the second")):
        assert run("send", name, text, "-s", server.url).returncode == 0
    terminals.open("bob", *COMMAND, room, other, "-s", server.url, "--name", "bob")
    terminals.wait_for("bob", "online as bob", "in the first")
    terminals.type("bob", "M-2")
    assert "Write a message" in terminals.wait_for("bob", "in the second")
    terminals.type("bob", "M-1")
    assert "Write a message" in terminals.wait_for("bob", "in the first")


def test_pasted_lines_are_one_message_with_line_breaks(
    server: Server, room: str, terminals: Terminals
) -> None:
    terminals.open("ann", *COMMAND, room, "-s", server.url, "--name", "ann")
    terminals.wait_for("ann", "online as ann")
    # tmux pastes as terminals do: each line end becomes a carriage return.
    terminals.paste("ann", "one\ntwo\nthree\rfour\n")
    terminals.wait_for("ann", "one⏎two⏎three⏎four")
    terminals.type("ann", "Enter")
    terminals.wait_for("ann", "ann one")
    assert history(server, room) == ["one\ntwo\nthree\nfour"]
