"""The terminal is asked for its background, and a terminal that does not answer is dark."""

import os
import threading
from pathlib import Path

import pytest

from hubbub_cli.terminal_background import is_dark

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
