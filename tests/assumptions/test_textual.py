"""textual: what of it isn't said by its names and types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

import pytest

from tests.assumptions.claims import assumes
from tests.assumptions.places import (
    CLI_ALT_KEYS,
    CLI_COMPOSER,
    CLI_IDLENESS,
    CLI_SCREEN,
    CLI_SIDEBAR,
    CLI_WINDOW,
)

if TYPE_CHECKING:
    from textual.app import App
    from textual.widget import Widget


def app_of(widget: Callable[[], Widget]) -> App[None]:
    """Return an app that shows one widget."""
    from textual.app import App

    class Screen(App[None]):
        def compose(self) -> Iterator[Widget]:
            yield widget()

    return Screen()


@assumes(
    "textual",
    "TextArea.action_cursor_up",
    "TextArea.action_cursor_down",
    where=CLI_COMPOSER,
    breaks="Up and Down recall no earlier lines, or a paste and Enter reach the text area first",
)
async def test_a_text_area_moves_its_cursor_by_actions_and_takes_keys_after_its_subclass() -> None:
    """`TextArea` moves by `action_cursor_up` and `_down`; `on_key`, `on_paste` of a subclass come first."""
    from textual import events
    from textual.widgets import TextArea

    taken: list[str] = []

    class Composer(TextArea):
        def on_paste(self, event: events.Paste) -> None:
            event.prevent_default()
            event.stop()
            taken.append(event.text)

        def on_key(self, event: events.Key) -> None:
            if event.key == "x":
                event.prevent_default()
                taken.append("x")

        def action_cursor_up(self, select: bool = False) -> None:
            taken.append("up")

        def action_cursor_down(self, select: bool = False) -> None:
            taken.append("down")

    app = app_of(Composer)
    async with app.run_test() as pilot:
        app.query_one(Composer).focus()
        await pilot.press("x", "y", "up", "down")
        app.query_one(Composer).post_message(events.Paste("pasted"))
        await pilot.pause()
        assert app.query_one(Composer).text == "y"
    assert taken == ["x", "up", "down", "pasted"]


@assumes(
    "textual",
    "App.on_event",
    where=CLI_IDLENESS,
    breaks="a user who types is shown as away, or no key does anything",
)
async def test_an_app_takes_keys_in_on_event_before_its_widgets() -> None:
    """`App.on_event` is called with each key before the focused widget takes it, and passes it on."""
    from textual import events
    from textual.app import App
    from textual.widgets import Input

    seen: list[tuple[str, str]] = []

    class Watched(App[None]):
        def compose(self) -> Iterator[Widget]:
            yield Input()

        async def on_event(self, event: events.Event) -> None:
            if isinstance(event, events.Key):
                seen.append((event.key, self.query_one(Input).value))
            await super().on_event(event)

    app = Watched()
    async with app.run_test() as pilot:
        await pilot.press("a", "b")
        assert app.query_one(Input).value == "ab"
    assert seen == [("a", ""), ("b", "a")]


@assumes(
    "textual",
    "App.get_line_filters",
    "filter.NoColor",
    where=CLI_SCREEN,
    breaks="`--color never` and NO_COLOR show colours",
)
async def test_line_filters_are_asked_for_and_may_take_the_colours() -> None:
    """`App.get_line_filters` is asked by the compositor, and `NoColor` is one that may be added."""
    from collections.abc import Sequence

    from textual.app import App, ComposeResult
    from textual.filter import LineFilter, NoColor
    from textual.widgets import Static

    asked: list[bool] = []

    class Screen(App[None]):
        def get_line_filters(self) -> Sequence[LineFilter]:
            asked.append(True)
            return [*super().get_line_filters(), NoColor()]

        def compose(self) -> ComposeResult:
            yield Static("[red]a[/red]")

    async with Screen().run_test() as pilot:
        await pilot.pause()
    assert asked


@assumes(
    "textual",
    "App._fatal_error",
    "App.panic",
    where=CLI_SCREEN,
    breaks="a fault of the screen prints a traceback, or leaves the screen open",
)
def test_an_error_of_a_handler_goes_to_fatal_error(capsys: pytest.CaptureFixture[str]) -> None:
    """`App._fatal_error` is called while the error is handled, and `panic` without arguments ends the app."""
    import sys

    from textual.app import App

    seen: list[BaseException | None] = []

    class Screen(App[None]):
        def _fatal_error(self) -> None:
            seen.append(sys.exc_info()[1])
            self.panic()

        def on_mount(self) -> None:
            raise ZeroDivisionError

    Screen().run(headless=True)
    assert [type(error) for error in seen] == [ZeroDivisionError]
    assert capsys.readouterr().err == ""


@assumes(
    "textual",
    "_ansi_sequences.ANSI_SEQUENCES_KEYS",
    "_xterm_parser.XTermParser",
    where=CLI_ALT_KEYS,
    breaks="Alt and a digit or a letter are typed, instead of doing what they should",
)
def test_a_sequence_in_the_table_is_the_value_of_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """`ANSI_SEQUENCES_KEYS` is a dict that the parser reads; keys are the `value` of items of a tuple."""
    from types import SimpleNamespace

    from textual import events
    from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
    from textual._xterm_parser import XTermParser

    table = cast("dict[str, object]", ANSI_SEQUENCES_KEYS)
    monkeypatch.setitem(table, "\x1ba", (SimpleNamespace(value="alt+a"),))
    parsed = [*XTermParser().feed("\x1ba\x1ba")]
    assert [event.key for event in parsed if isinstance(event, events.Key)] == ["alt+a", "alt+a"]


@assumes("textual", "Widget.render", where=CLI_SIDEBAR, breaks="the rooms are not drawn")
async def test_a_widget_shows_what_its_render_returns() -> None:
    """A widget shows what its `render` returns."""
    from textual.content import Content
    from textual.widget import Widget

    class Sign(Widget):
        def render(self) -> Content:
            return Content("sign")

    app = app_of(Sign)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "sign" in app.query_one(Sign).render_line(0).text


@assumes(
    "textual",
    "App._driver",
    "driver.Driver.write",
    where=CLI_WINDOW,
    breaks="the window has no title, and a mention shows no notification",
)
async def test_the_driver_of_an_app_writes_to_the_terminal() -> None:
    """`App._driver` is the `Driver` of the running app; its `write` and `flush` are those of the frames."""
    from textual.app import App
    from textual.driver import Driver

    app = App[None]()
    assert app._driver is None
    async with app.run_test():
        assert isinstance(app._driver, Driver)
        app._driver.write("")
        app._driver.flush()
