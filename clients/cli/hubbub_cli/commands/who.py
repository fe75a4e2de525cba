"""`hubbub-chat who`: list the members of a room."""

import asyncio

import click

from hubbub_cli import options
from hubbub_cli.connection import connected, enter
from hubbub_cli.errors import NoReply
from hubbub_cli.message_lines import VERSION
from hubbub_cli.output import TerminalOutput, to_json
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings
from hubbub_client import Room


@click.command("who", short_help="List the members of ROOM.")
@click.argument("room")
@options.as_json
@options.shared
@click.pass_context
def command(ctx: click.Context, room: str) -> None:
    """List the members of ROOM, one name per line."""
    settings = options.chosen(ctx)
    asyncio.run(_who(settings, TerminalOutput.of(settings), room))


async def _who(settings: CliSettings, output: TerminalOutput, name: str) -> None:
    async with connected(settings, speaks=False) as chat:
        names, away = await _names(await enter(chat, name, settings.connect_timeout))
    if settings.json:
        output.data(
            to_json(
                {
                    "v": VERSION,
                    "type": "members",
                    "room": name,
                    "count": len(names),
                    "names": names,
                    "away": away,
                }
            )
        )
        return
    for one in sorted(names, key=str.casefold):
        output.data(sanitize(one))


async def _names(room: Room) -> tuple[list[str], list[str]]:
    """Read all pages of names; return them, and those of users who are away."""
    names: list[str] = []
    away: list[str] = []
    more = True
    while more:
        page = await room.names(names[-1] if names else "")
        if page is None:
            raise NoReply("the connection was lost; try again", code="unavailable")
        names += page.names
        away += sorted(page.away)
        more = page.more and bool(page.names)
    return names, away
