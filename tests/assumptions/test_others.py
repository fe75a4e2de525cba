"""msgspec, prometheus-client, click and textual: what of them isn't said by their names and types."""

from __future__ import annotations

import gc
from typing import cast

import pytest

from tests.assumptions.claims import assumes
from tests.assumptions.places import (
    CLI_ALT_KEYS,
    CLI_COMMANDS,
    CLI_COMPOSER,
    CLI_MAIN,
    CLI_SCREEN,
    CLI_SIDEBAR,
    CODEC,
    FRAME_PARSER,
    WIRE,
    WORKER_REPORTS,
)


@assumes(
    "msgspec",
    "Struct(gc=False)",
    where=(FRAME_PARSER, CODEC),
    breaks="the garbage collector walks over every frame and every stored message",
)
def test_a_struct_without_gc_is_not_tracked() -> None:
    """A `Struct` with `gc=False` is none of the garbage collector's objects."""
    from msgspec import Struct

    class Free(Struct, frozen=True, gc=False):
        text: str
        more: list[str]

    assert not gc.is_tracked(Free("a", ["b"]))


@assumes(
    "msgspec",
    "json.Decoder.decode",
    "DecodeError",
    where=(CODEC, WIRE),
    breaks="malformed input of a client is a fault of the server, and closes the connection with 1011",
)
def test_whatever_is_wrong_with_json_is_one_of_three_errors() -> None:
    """`Decoder.decode` takes str and bytes, and raises nothing but DecodeError (of which ValidationError is
    one), UnicodeDecodeError and RecursionError; its message names the place and no content.
    """
    import msgspec

    class Text(msgspec.Struct):
        text: str

    decoder = msgspec.json.Decoder(Text)
    assert decoder.decode('{"text":"a"}') == decoder.decode(b'{"text":"a"}') == Text("a")
    deep = b'{"other":' + b"[" * 100_000
    for wrong in (b"", b"{", b'{"text":1}', b'{"text":"\xff"}', b'{"text":"\\ud800"}', b"[]", deep):
        with pytest.raises((msgspec.DecodeError, UnicodeDecodeError, RecursionError)):
            decoder.decode(wrong)
    with pytest.raises(msgspec.DecodeError, match=r"^Expected `str`, got `int` - at `\$\.text`$"):
        decoder.decode(b'{"text":12345}')


@assumes(
    "msgspec",
    "Raw",
    where=WORKER_REPORTS,
    breaks="metrics and readiness of several workers can't be joined",
)
def test_a_raw_value_is_decoded_later_and_encoded_as_it_is() -> None:
    """A field of `Raw` keeps its JSON, which a decoder takes like bytes and an encoder writes unchanged."""
    import msgspec

    Report = msgspec.defstruct("Report", [("body", msgspec.Raw)])  # noqa: N806 - a class
    report = msgspec.json.decode(b'{"body":[1, 2]}', type=Report)
    assert msgspec.json.Decoder(list[int]).decode(report.body) == [1, 2]
    assert msgspec.json.encode(report) == b'{"body":[1, 2]}'


@assumes(
    "prometheus-client",
    "Metric.add_sample",
    "Metric.samples",
    where=WORKER_REPORTS,
    breaks="the metrics of several workers differ from those of one",
)
def test_a_metric_can_be_taken_apart_and_put_together() -> None:
    """A `Metric` of name, documentation and type, with the samples of a family, gives the same exposition."""
    from collections.abc import Iterable

    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import CounterMetricFamily, Metric
    from prometheus_client.registry import Collector

    def shown(metric: Metric) -> bytes:
        class One(Collector):
            def collect(self) -> Iterable[Metric]:
                return [metric]

        registry = CollectorRegistry()
        registry.register(One())
        return generate_latest(registry)

    family = CounterMetricFamily("things", "Things.", labels=["kind"])
    family.add_metric(["a"], 1.0)
    again = Metric(family.name, family.documentation, family.type)
    for sample in family.samples:
        again.add_sample(sample.name, dict(sample.labels), sample.value)
    assert shown(again) == shown(family)
    assert b'things_total{kind="a"} 1.0' in shown(family)


@assumes(
    "click",
    "Group.parse_args",
    "Group.resolve_command",
    "Group.get_command",
    where=CLI_COMMANDS,
    breaks="`hubbub-chat lobby` is an unknown command",
)
def test_a_group_asks_resolve_command_for_the_first_word() -> None:
    """`parse_args` is given all words, and `resolve_command` those that no option took; both may change them
    ahead of the base class.
    """
    import click

    class Group(click.Group):
        def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
            return super().parse_args(ctx, args or ["other"])

        def resolve_command(
            self, ctx: click.Context, args: list[str]
        ) -> tuple[str | None, click.Command | None, list[str]]:
            return super().resolve_command(ctx, ["known", *args])

    ran: list[str] = []

    @click.command()
    @click.argument("word")
    def known(word: str) -> None:
        ran.append(word)

    group = Group("group", commands={"known": known})
    for words in ([], ["lobby"]):
        with group.make_context("group", words) as ctx:
            group.invoke(ctx)
    assert ran == ["other", "lobby"]


@assumes(
    "click",
    "Command.make_context",
    "exceptions.Exit",
    where=CLI_MAIN,
    breaks="a closed pipe or a refused connection ends with the wrong exit code",
)
def test_a_command_that_is_invoked_raises_where_main_would_exit() -> None:
    """`make_context` and `invoke` raise `Exit` or ClickException, and never end the process."""
    import click

    @click.command()
    @click.pass_context
    def command(ctx: click.Context) -> None:
        ctx.exit(3)

    with pytest.raises(click.exceptions.Exit) as end, command.make_context("a", []) as ctx:
        command.invoke(ctx)
    assert end.value.exit_code == 3
    with pytest.raises(click.ClickException):
        command.make_context("a", ["--unknown"])


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
    from textual.app import App, ComposeResult
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

    class Screen(App[None]):
        def compose(self) -> ComposeResult:
            yield Composer()

    app = Screen()
    async with app.run_test() as pilot:
        app.query_one(Composer).focus()
        await pilot.press("x", "y", "up", "down")
        app.query_one(Composer).post_message(events.Paste("pasted"))
        await pilot.pause()
        assert app.query_one(Composer).text == "y"
    assert taken == ["x", "up", "down", "pasted"]


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
    told = [*XTermParser().feed("\x1ba\x1ba")]
    assert [event.key for event in told if isinstance(event, events.Key)] == ["alt+a", "alt+a"]


@assumes(
    "textual",
    "App.check_action",
    "Widget.render",
    where=(CLI_SCREEN, CLI_SIDEBAR),
    breaks="the keys of the help and of the lists act on the room below, or the rooms are not drawn",
)
async def test_an_action_that_is_not_allowed_leaves_its_key_to_the_open_screen() -> None:
    """A binding whose action `check_action` refuses is skipped; a widget shows what its `render` returns."""
    from textual.app import App, ComposeResult
    from textual.binding import Binding
    from textual.content import Content
    from textual.screen import ModalScreen
    from textual.widget import Widget

    done: list[str] = []

    class Sign(Widget):
        def render(self) -> Content:
            done.append("drawn")
            return Content("sign")

    class Question(ModalScreen[None]):
        BINDINGS = [Binding("f1", "answer", priority=True)]  # noqa: RUF012

        def action_answer(self) -> None:
            done.append("screen")

    class Screen(App[None]):
        BINDINGS = [Binding("f1", "help", priority=True)]  # noqa: RUF012

        def compose(self) -> ComposeResult:
            yield Sign()

        def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
            return action != "help" or len(self.screen_stack) == 1

        def action_help(self) -> None:
            done.append("app")

    app = Screen()
    async with app.run_test() as pilot:
        await pilot.press("f1")
        await app.push_screen(Question())
        await pilot.press("f1")
    assert done[0] == "drawn"
    assert [one for one in done if one != "drawn"] == ["app", "screen"]
