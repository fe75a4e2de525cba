"""`hubbub-chat history`: print the last messages of a room."""

import asyncio
from collections.abc import Sequence
from typing import Final

import click
from msgspec.structs import replace

from hubbub_cli import history_options, options
from hubbub_cli.connection import connected, enter
from hubbub_cli.message_lines import formatted, message_json, message_line
from hubbub_cli.options import WholeNumber
from hubbub_cli.output import TerminalOutput
from hubbub_cli.recent_messages import HistoryStart, recent_messages, thread_messages
from hubbub_cli.settings import CliSettings
from hubbub_client import Message

_DEFAULT_MOST: Final = 50


@click.command("history", short_help="Print the last messages of ROOM.")
@click.argument("room")
@click.option(
    "-n",
    "most",
    type=WholeNumber(1),
    metavar="N",
    help="The number of messages.  [50; with --since: all]",
)
@history_options.since()
@history_options.line_format()
@click.option(
    "--thread",
    type=WholeNumber(1),
    metavar="OFFSET",
    help="Only the message at OFFSET, and the replies in its thread.",
)
@click.option("--all", "everything", is_flag=True, help="All messages that the server keeps.")
@options.as_json
@options.shared
@click.pass_context
def command(
    ctx: click.Context,
    room: str,
    *,
    most: int | None,
    start: HistoryStart | None,
    line_format: str | None,
    thread: int | None,
    everything: bool,
) -> None:
    """Print the last messages of ROOM, oldest first."""
    settings = options.chosen(ctx)
    if thread is not None and start is not None:
        raise click.UsageError("--thread and --since can't be used together.")
    if start is None and most is None and not everything:
        most = _DEFAULT_MOST
    begin = replace(start or HistoryStart(), most=most)
    messages = asyncio.run(_read(settings, room, begin, thread))
    _print(settings, TerminalOutput.of(settings), messages, line_format)


async def _read(
    settings: CliSettings, name: str, start: HistoryStart, thread: int | None
) -> Sequence[Message]:
    async with connected(settings, speaks=False) as chat:
        room = await enter(chat, name, settings.connect_timeout)
        if thread is None:
            return await recent_messages(room, start)
        return await thread_messages(room, thread, start.most)


def _print(
    settings: CliSettings, output: TerminalOutput, messages: Sequence[Message], line_format: str | None
) -> None:
    for message in messages:
        if settings.json:
            output.data(message_json(message))
        elif line_format is not None:
            output.data(formatted(message, line_format))
        else:
            output.data(message_line(message, output.data_paint, room=False, date=True))
