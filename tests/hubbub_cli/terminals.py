"""Real terminals, run by tmux."""

import os
import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.hubbub_cli.program import environment
from tests.hubbub_cli.server import ROOT

# Seconds until a screen must have its content.
LIMIT: Final = 15

# Shows the exit code at the end of the screen.
LAST = "echo ended with $?; exec cat"


class Terminals:
    """Terminals, each with one program."""

    def __init__(self, socket: Path) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", os.devnull]

    def _do(self, *arguments: str) -> str:
        return subprocess.run([*self._tmux, *arguments], check=True, capture_output=True, text=True).stdout

    def open(self, name: str, *command: str, columns: int = 80, rows: int = 24) -> None:
        size = ("-x", str(columns), "-y", str(rows))
        settings = [f"{key}={value}" for key, value in environment(TERM="tmux-256color").items()]
        script = f"{shlex.join(['cd', str(ROOT)])}; {shlex.join(['env', '-i', *settings, *command])}; {LAST}"
        self._do("new-session", "-d", *size, "-s", name, "sh", "-c", script)

    def type(self, name: str, *keys: str) -> None:
        self._do("send-keys", "-t", name, *keys)

    def paste(self, name: str, text: str) -> None:
        """Paste text in brackets, if the program asked for them."""
        self._do("set-buffer", text)
        self._do("paste-buffer", "-p", "-t", name)

    def wait_for(self, name: str, *words: str, gone: str | None = None) -> str:
        """Wait until all words are on the screen, and one is gone."""
        end = time.monotonic() + LIMIT
        screen = ""
        while time.monotonic() < end:
            screen = self._do("capture-pane", "-p", "-t", name)
            if all(word in screen for word in words) and (gone is None or gone not in screen):
                return screen
        raise AssertionError(f"{words} are not on the screen of {name}:\n{screen}")

    def resize(self, name: str, columns: int, rows: int) -> None:
        self._do("resize-window", "-t", name, "-x", str(columns), "-y", str(rows))

    def title(self, name: str) -> str:
        return self._do("display-message", "-p", "-t", name, "#{pane_title}").strip()

    def record(self, name: str, into: Path) -> None:
        """Write everything that the program sends to its terminal to a file from now on."""
        self._do("pipe-pane", "-t", name, f"cat > {shlex.quote(str(into))}")

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)


def wait_until(seen: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not seen():
        assert time.monotonic() < end
