"""`hubbub-chat edit`: replace the text of an own message."""

import click

from hubbub_cli import changing, options, stdin
from hubbub_cli.changing import ChangeTarget
from hubbub_cli.line_ends import with_newlines


@click.command("edit", short_help="Replace the text of your message at OFFSET.")
@click.argument("room")
@changing.offset()
@click.argument("text", nargs=-1, metavar="[TEXT|-]...")
@changing.epoch()
@changing.timeout()
@options.as_json
@options.shared
@click.pass_context
def command(
    ctx: click.Context, room: str, offset: int, text: tuple[str, ...], *, epoch: str | None, timeout: float
) -> None:
    """Replace the text of your message at OFFSET in ROOM, by TEXT or standard input.

    `tail --json` and `history --json` print the offsets.
    """
    settings = options.chosen(ctx)
    if not text and stdin.is_terminal():
        raise click.UsageError("No text. Give TEXT as an argument, or - to read standard input.", ctx)
    given = bool(text) and text != ("-",)
    words = with_newlines(" ".join(text)) if given else stdin.everything()
    target = ChangeTarget(room=room, offset=offset, epoch=epoch, timeout=timeout)
    changing.change(settings, target, lambda here, at: here.edit(at, words, within=timeout))
