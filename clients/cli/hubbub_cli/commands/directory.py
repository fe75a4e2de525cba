"""`hubbub-chat directory`: list all rooms that the user may read."""

import click

from hubbub_cli import options
from hubbub_cli.output import TerminalOutput
from hubbub_cli.room_list import listed_rooms, room_json
from hubbub_cli.sanitize import sanitize
from hubbub_cli.times import full

# As wide as a time.
_NEVER = " " * 16


@click.command("directory", short_help="List all rooms that you may read.")
@click.argument("prefix", default="")
@options.as_json
@options.shared
@click.pass_context
def command(ctx: click.Context, prefix: str) -> None:
    """List the rooms that you may read: users, time of the last message, and name.

    Rooms without users are listed if the server has an archive. PREFIX is how their names begin.
    """
    settings = options.chosen(ctx)
    output = TerminalOutput.of(settings)
    for room in listed_rooms(settings, prefix):
        at = _NEVER if room.at is None else full(room.at)
        topic = f": {sanitize(room.topic)}" if room.topic else ""
        line = f"{room.members:6}  {at}  {sanitize(room.name)}{topic}"
        output.data(room_json(room) if settings.json else line)
