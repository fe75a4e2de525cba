"""`hubbub-chat rooms`: list the rooms that have users."""

import click

from hubbub_cli import options
from hubbub_cli.output import TerminalOutput
from hubbub_cli.room_list import listed_rooms, room_json
from hubbub_cli.sanitize import sanitize


@click.command("rooms", short_help="List the open rooms that you may read.")
@options.as_json
@options.shared
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the rooms with users in them that you may read, and the number of users."""
    settings = options.chosen(ctx)
    output = TerminalOutput.of(settings)
    for room in listed_rooms(settings):
        if room.members:
            output.data(room_json(room) if settings.json else f"{room.members:6}  {sanitize(room.name)}")
