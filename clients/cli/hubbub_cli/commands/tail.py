"""`hubbub-chat tail`: follow rooms, one line per message."""

import asyncio
from pathlib import Path
from typing import Final, TypedDict, Unpack

import click
from msgspec.structs import replace
from typing_extensions import override

from hubbub_cli import history_options, options
from hubbub_cli.closed_pipe import pipe_closed
from hubbub_cli.connection import connected, watch
from hubbub_cli.options import Duration, WholeNumber
from hubbub_cli.output import TerminalOutput
from hubbub_cli.race import race
from hubbub_cli.recent_messages import HistoryStart
from hubbub_cli.settings import CliSettings
from hubbub_cli.tail_printer import TailLimits, TailPrinter
from hubbub_cli.tail_reader import TailReader
from hubbub_cli.tail_state import TailState

_DEFAULT_MOST: Final = 20
_KINDS: Final = ("message", "change", "presence", "gap")


class Kinds(click.ParamType[frozenset[str]]):
    """Some kinds of events, separated by commas."""

    name = "kinds"

    @override
    def convert(
        self, value: str | frozenset[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> frozenset[str]:
        kinds = value if isinstance(value, frozenset) else frozenset(value.split(","))
        unknown = kinds - frozenset(_KINDS)
        if unknown:
            self.fail(f"{min(unknown)!r} is not one of {', '.join(_KINDS)}.", param, ctx)
        return kinds


class TailOptions(TypedDict):
    """The options that limit and format the output."""

    count: int | None
    idle: float | None
    strict: bool
    only: frozenset[str]
    line_format: str | None


@click.command("tail", short_help="Print the messages of each ROOM as they arrive.")
@click.argument("rooms", nargs=-1, required=True, metavar="ROOM...")
@click.option(
    "-n",
    "most",
    type=WholeNumber(0),
    metavar="N",
    help="Start with the last N messages.  [20; with --since: all]",
)
@history_options.since()
@click.option(
    "--follow/--no-follow", default=True, help="Wait for new messages, or end after the existing ones."
)
@click.option("--count", type=WholeNumber(1), metavar="N", help="End after N messages.")
@click.option("--idle", type=Duration(), metavar="TIME", help="End after this time without a message.")
@click.option(
    "--only",
    type=Kinds(),
    default="message,change,gap",
    show_default=True,
    metavar="KINDS",
    help="What to print: message, change, presence, gap.",
)
@history_options.line_format()
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Record the last printed message, and resume after it the next time.",
)
@click.option("--strict", is_flag=True, help="Exit with code 7 if messages are lost.")
@options.as_json
@options.shared
@click.pass_context
def command(
    ctx: click.Context,
    rooms: tuple[str, ...],
    *,
    most: int | None,
    start: HistoryStart | None,
    state: Path | None,
    follow: bool,
    **limits: Unpack[TailOptions],
) -> None:
    """Print the messages of each ROOM as they arrive. Lost messages are reported as a gap."""
    settings = options.chosen(ctx)
    kept = TailState.load(state) if state is not None else None
    printer = TailPrinter(
        TerminalOutput.of(settings),
        TailLimits(**limits),
        state=kept,
        as_json=settings.json,
        name_rooms=len(rooms) > 1,
    )
    begin = HistoryStart(most=_DEFAULT_MOST if most is None else most)
    if start is not None:
        begin = replace(start, most=most)
    tail = TailReader(dict.fromkeys(rooms), begin, kept, printer, follow=follow)
    asyncio.run(_tail(settings, tail, printer))


async def _tail(settings: CliSettings, tail: TailReader, printer: TailPrinter) -> None:
    async with connected(settings, speaks=False) as chat:
        await race(
            tail.run(chat, settings.connect_timeout),
            pipe_closed(),
            watch(chat, printer.output, settings.retry),
        )
