"""msgspec, prometheus-client and click: what of them isn't said by their names and types."""

from __future__ import annotations

import gc

import pytest

from tests.assumptions.claims import assumes
from tests.assumptions.places import (
    CLI_COMMANDS,
    CLI_MAIN,
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
