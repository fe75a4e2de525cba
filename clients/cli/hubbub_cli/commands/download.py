"""`hubbub-chat download`: save the files of a message."""

import asyncio
from pathlib import Path

import click

from hubbub_cli import changing, options
from hubbub_cli.connection import connected, enter
from hubbub_cli.downloads import STANDARD_OUTPUT, download
from hubbub_cli.errors import RejectedByServer
from hubbub_cli.message_lines import VERSION
from hubbub_cli.output import Json, TerminalOutput, to_json
from hubbub_cli.recent_messages import thread_messages
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings
from hubbub_client import File


@click.command("download", short_help="Save the files of the message at OFFSET.")
@click.argument("room")
@changing.offset()
@click.option(
    "-o",
    "--output",
    "into",
    type=click.Path(path_type=Path),
    default=".",
    metavar="PATH",
    help="A folder, the name of a new file, or - for standard output.  [the current folder]",
)
@options.as_json
@options.shared
@click.pass_context
def command(ctx: click.Context, room: str, offset: int, *, into: Path) -> None:
    """Save the files of the message at OFFSET in ROOM, and print where they are. None is overwritten.

    `tail --json` and `history --json` print the offsets.
    """
    settings = options.chosen(ctx)
    files = asyncio.run(_files(settings, room, offset))
    if len(files) > 1 and not into.is_dir():
        raise click.UsageError(f"The message has {len(files)} files: choose a folder with -o.", ctx)
    output = TerminalOutput.of(settings)
    for file in files:
        path = asyncio.run(download(settings, file, into))
        if path != STANDARD_OUTPUT:
            output.data(to_json(_record(file, path)) if settings.json else sanitize(str(path)))


async def _files(settings: CliSettings, name: str, offset: int) -> tuple[File, ...]:
    async with connected(settings, speaks=False) as chat:
        room = await enter(chat, name, settings.connect_timeout)
        messages = await thread_messages(room, offset, None)
    message = next((one for one in messages if one.position.offset == offset), None)
    if message is None or not message.files:
        what = "is no longer kept, or is no message" if message is None else "has no files"
        raise RejectedByServer(f"the message {offset} of {sanitize(name)} {what}", code="not_kept")
    return message.files


def _record(file: File, path: Path) -> dict[str, Json]:
    return {"v": VERSION, "type": "file", "name": file.name, "size": file.size, "path": str(path)}
