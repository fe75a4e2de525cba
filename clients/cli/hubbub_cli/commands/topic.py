"""`hubbub-chat topic`: print the topic of a room, or set it."""

import asyncio

import click

from hubbub_cli import options
from hubbub_cli.connection import connected, enter, explained
from hubbub_cli.line_ends import with_newlines
from hubbub_cli.message_lines import VERSION
from hubbub_cli.output import Json, TerminalOutput, to_json
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings


@click.command("topic", short_help="Print the topic of ROOM, or set it.")
@click.argument("room")
@click.argument("text", nargs=-1)
@click.option("--remove", is_flag=True, help="Remove the topic.")
@options.as_json
@options.shared
@click.pass_context
def command(ctx: click.Context, room: str, text: tuple[str, ...], *, remove: bool) -> None:
    """Print the topic of ROOM; with TEXT, set it, as a moderator of the room."""
    if remove and text:
        raise click.UsageError("Give either a text or --remove.", ctx)
    new = with_newlines(" ".join(text)) if text or remove else None
    settings = options.chosen(ctx)
    asyncio.run(_run(settings, TerminalOutput.of(settings), room, new))


async def _run(settings: CliSettings, output: TerminalOutput, name: str, new: str | None) -> None:
    async with connected(settings, speaks=True) as chat:
        room = await enter(chat, name, settings.connect_timeout)
        topic = room.topic
        if new is not None:
            with explained(settings):
                await room.set_topic(new, within=settings.connect_timeout)
            topic = new or None
    if settings.json:
        record: dict[str, Json] = {"v": VERSION, "type": "topic", "room": room.name, "topic": topic}
        output.data(to_json(record))
    elif new is not None:
        output.detail("the topic is set" if topic else "the topic is removed")
    elif topic is None:
        output.notice("the room has no topic")
    else:
        output.data(sanitize(topic))
