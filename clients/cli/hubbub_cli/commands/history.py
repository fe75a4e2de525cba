"""`hubbub-chat history`: print the last messages of a room."""

import asyncio

import click

from hubbub_cli import options
from hubbub_cli.connection import connected, enter
from hubbub_cli.message_lines import message_json, message_line
from hubbub_cli.options import WholeNumber
from hubbub_cli.output import TerminalOutput
from hubbub_cli.recent_messages import recent_messages
from hubbub_cli.settings import CliSettings


@click.command("history")
@click.argument("room")
@click.option(
    "-n",
    "most",
    type=WholeNumber(1),
    default=50,
    metavar="N",
    show_default=True,
    help="The number of messages.",
)
@click.option("--all", "everything", is_flag=True, help="All messages that the server keeps.")
@options.as_json
@options.shared
@click.pass_context
def command(ctx: click.Context, room: str, most: int, *, everything: bool) -> None:
    """Print the last messages of ROOM, oldest first."""
    settings = options.chosen(ctx)
    asyncio.run(_history(settings, TerminalOutput.of(settings), room, None if everything else most))


async def _history(settings: CliSettings, output: TerminalOutput, name: str, most: int | None) -> None:
    async with connected(settings, speaks=False) as chat:
        room = await enter(chat, name, settings.connect_timeout)
        messages = await recent_messages(room, most)
    for message in messages:
        paint = output.data_paint
        output.data(
            message_json(message) if settings.json else message_line(message, paint, room=False, date=True)
        )
