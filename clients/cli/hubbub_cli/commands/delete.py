"""`hubbub-chat delete`: delete an own message."""

import click

from hubbub_cli import changing, options
from hubbub_cli.changing import ChangeTarget


@click.command("delete", short_help="Delete your message at OFFSET.")
@click.argument("room")
@changing.offset()
@changing.epoch()
@changing.timeout()
@options.as_json
@options.shared
@click.pass_context
def command(ctx: click.Context, room: str, offset: int, *, epoch: str | None, timeout: float) -> None:
    """Delete your message at OFFSET in ROOM: its place remains, without its text."""
    settings = options.chosen(ctx)
    target = ChangeTarget(room=room, offset=offset, epoch=epoch, timeout=timeout)
    changing.change(settings, target, lambda here, at: here.delete(at, within=timeout))
