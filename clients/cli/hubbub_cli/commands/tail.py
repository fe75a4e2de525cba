"""`hubbub-chat tail`: follow rooms, one line per message."""

import asyncio
from pathlib import Path
from typing import TypedDict, Unpack

import click

from hubbub_cli import options
from hubbub_cli.closed_pipe import pipe_closed
from hubbub_cli.connection import connected, watch
from hubbub_cli.options import Duration, WholeNumber
from hubbub_cli.output import TerminalOutput
from hubbub_cli.race import race
from hubbub_cli.settings import CliSettings
from hubbub_cli.tail_printer import TailLimits, TailPrinter
from hubbub_cli.tail_reader import TailReader
from hubbub_cli.tail_state import TailState


class Ends(TypedDict):
    """The options that limit the output."""

    count: int | None
    idle: float | None
    strict: bool


@click.command("tail")
@click.argument("rooms", nargs=-1, required=True, metavar="ROOM...")
@click.option(
    "-n",
    "most",
    type=WholeNumber(0),
    default=20,
    metavar="N",
    show_default=True,
    help="Start with the last N messages.",
)
@click.option(
    "--follow/--no-follow", default=True, help="Wait for new messages, or end after the existing ones."
)
@click.option("--count", type=WholeNumber(1), metavar="N", help="End after N messages.")
@click.option("--idle", type=Duration(), metavar="TIME", help="End after this time without a message.")
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
    most: int,
    state: Path | None,
    follow: bool,
    **ends: Unpack[Ends],
) -> None:
    """Print the messages of each ROOM as they arrive. Lost messages are reported as a gap."""
    settings = options.chosen(ctx)
    kept = TailState.load(state) if state is not None else None
    printer = TailPrinter(
        TerminalOutput.of(settings),
        TailLimits(**ends),
        state=kept,
        as_json=settings.json,
        name_rooms=len(rooms) > 1,
    )
    tail = TailReader(dict.fromkeys(rooms), most, kept, printer, follow=follow)
    asyncio.run(_tail(settings, tail, printer))


async def _tail(settings: CliSettings, tail: TailReader, printer: TailPrinter) -> None:
    async with connected(settings, speaks=False) as chat:
        await race(tail.run(chat, settings.connect_timeout), pipe_closed(), watch(chat, printer.output))
