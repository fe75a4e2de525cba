"""A long command counts on a terminal."""

import io

from typing_extensions import override

from hubbub_cli.progress import Progress


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


class Clock:
    """Advances by half a second at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.5
        return self.now


def count(stream: io.StringIO, number: int, *, shown: bool = True) -> str:
    progress = Progress("sent", stream=stream, shown=shown, clock=Clock())
    for _ in range(number):
        progress.add()
    progress.erase()
    return stream.getvalue()


def test_a_long_command_counts_and_erases_its_line() -> None:
    assert count(Terminal(), 3) == "\r\x1b[Ksent 2 (2/s)\r\x1b[Ksent 3 (2/s)\r\x1b[K"


def test_a_short_command_shows_nothing() -> None:
    assert count(Terminal(), 1) == ""


def test_nothing_is_shown_without_a_terminal_or_when_quiet() -> None:
    assert count(io.StringIO(), 9) == ""
    assert count(Terminal(), 9, shown=False) == ""
