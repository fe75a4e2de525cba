"""The list of rows, without a server."""

import gc

import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip
from typing_extensions import override

from hubbub_cli.tui import message_log
from hubbub_cli.tui.colours import Colours
from hubbub_cli.tui.message_log import MOST_FORGOTTEN, MessageLog
from hubbub_cli.tui.row_rendering import render
from hubbub_cli.tui.rows import MessageRow, Row
from hubbub_cli.tui.transcript import MOST_LINES, Transcript
from tests.hubbub_cli.screen import until


class LogAlone(App[None]):
    """A screen with the log only."""

    def __init__(self) -> None:
        super().__init__()
        self.log_view = MessageLog()

    @override
    def compose(self) -> ComposeResult:
        yield self.log_view


async def test_a_message_in_a_room_of_5000_renders_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[Row] = []

    def counted(row: Row, width: int, colours: Colours) -> list[Strip]:
        rendered.append(row)
        return render(row, width, colours)

    monkeypatch.setattr(message_log, "render", counted)
    transcript = Transcript()
    for number in range(MOST_LINES):
        transcript.said("bob", f"number {number}.", number)
    app = LogAlone()
    async with app.run_test(size=(80, 24)) as pilot:
        app.log_view.show(("room", transcript.version), transcript.rows, ())
        await until(pilot, lambda screen: f"number {MOST_LINES - 1}." in screen)
        rendered.clear()
        transcript.said("bob", "the last one", MOST_LINES)
        app.log_view.show(("room", transcript.version), transcript.rows, ())
        await until(pilot, lambda screen: "the last one" in screen)
    assert [row for row in rendered if isinstance(row, MessageRow)] == transcript.rows[-1:]


async def test_rows_that_the_room_has_dropped_are_held_no_longer() -> None:
    transcript = Transcript()
    app = LogAlone()
    async with app.run_test(size=(80, 24)):
        for number in range(MOST_LINES + 600):
            transcript.said("bob", f"number {number}.", number)
            transcript.trim(following=True)
            if number == MOST_LINES - 1:
                app.log_view.show(("room", transcript.version), transcript.rows, ())
        app.log_view.show(("room", transcript.version), transcript.rows, ())
        first = next(row.id for row in transcript.rows if isinstance(row, MessageRow))
        held = [one for one in gc.get_objects() if isinstance(one, MessageRow)]
    assert len([row for row in held if row.id < first]) <= MOST_FORGOTTEN
