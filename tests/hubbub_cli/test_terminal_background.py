"""The terminal is asked for its background, one that does not answer is dark, and changes are followed."""

import os
import threading
from pathlib import Path

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key

from hubbub_cli.settings import load
from hubbub_cli.terminal_background import is_dark
from hubbub_cli.tui.app import ChatApp
from hubbub_cli.tui.background import Background
from hubbub_cli.tui.conversation import Conversation
from hubbub_cli.tui.terminal_window import TerminalWindow
from tests.hubbub_cli.server import Server

# What every terminal answers to the second request.
ATTRIBUTES = b"\x1b[?62;4c"


def terminal(reply: bytes) -> tuple[int, threading.Thread]:
    """Open a terminal that replies to the request; return the side of the program."""
    theirs, ours = os.openpty()

    def answer() -> None:
        asked = b""
        while not asked.endswith(b"\x1b[c"):
            asked += os.read(theirs, 64)
        os.write(theirs, reply)

    thread = threading.Thread(target=answer)
    thread.start()
    return ours, thread


@pytest.mark.parametrize(
    ("reply", "dark"),
    [
        (b"\x1b]11;rgb:0000/0000/0000\x1b\\" + ATTRIBUTES, True),
        (b"\x1b]11;rgb:ffff/ffff/ffff\x07" + ATTRIBUTES, False),
        (b"\x1b]11;rgb:fd/f6/e3\x1b\\" + ATTRIBUTES, False),
        (ATTRIBUTES, True),
        (b"\x1b]11;rgb:no\x1b\\" + ATTRIBUTES, True),
    ],
)
def test_the_background_is_read(reply: bytes, dark: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    ours, thread = terminal(reply)
    with os.fdopen(ours, "r+b", buffering=0) as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert is_dark() is dark
    thread.join()


def test_no_terminal_is_dark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").touch()
    with (tmp_path / "empty").open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert is_dark()


async def test_a_change_of_the_background_changes_the_colours(
    server: Server, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Textual's parser makes a key of a report; it works in front of any screen, and types nothing."""
    written: list[str] = []
    monkeypatch.setattr(TerminalWindow, "_write", lambda _, sequence: written.append(sequence))
    conversation = Conversation(load({"server": server.url, "name": "ann"}, {}))
    app = ChatApp(conversation, [room], background=Background(dark=True, follow=True))
    async with app.run_test() as pilot:
        assert "\x1b[?2031h" in written
        for report, theme in (("\x1b[?997;2n", "hubbub-light"), ("\x1b[?997;1n", "hubbub-dark")):
            [key] = [event.key for event in XTermParser().feed(report) if isinstance(event, Key)]
            await pilot.press("f1" if theme == "hubbub-dark" else "a", key)
            assert app.theme == theme
            assert app.log_view.colours.theme == theme
        assert app.composer.text == "a"
    assert written.count("\x1b[?2031l") == 1
