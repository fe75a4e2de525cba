"""`hubbub-chat react`: react to a message, or take the reaction back."""

import click

from hubbub_cli import changing, options
from hubbub_cli.changing import ChangeTarget
from hubbub_protocol.emoji import emoji_fault


@click.command("react", short_help="React to the message at OFFSET with EMOJI.")
@click.argument("room")
@changing.offset()
@click.argument("emoji")
@click.option("--remove", is_flag=True, help="Take the reaction back.")
@changing.epoch()
@changing.timeout()
@options.as_json
@options.shared
@click.pass_context
def command(
    ctx: click.Context,
    room: str,
    offset: int,
    emoji: str,
    *,
    remove: bool,
    epoch: str | None,
    timeout: float,
) -> None:
    """React to the message at OFFSET in ROOM with EMOJI: one emoji, or a short code such as :tada:."""
    settings = options.chosen(ctx)
    if fault := emoji_fault(emoji):
        raise click.BadParameter(f"{emoji!r} {fault}.", ctx, param_hint="EMOJI")
    target = ChangeTarget(room=room, offset=offset, epoch=epoch, timeout=timeout)
    if remove:
        changing.change(settings, target, lambda here, at: here.unreact(at, emoji, within=timeout))
    else:
        changing.change(settings, target, lambda here, at: here.react(at, emoji, within=timeout))
