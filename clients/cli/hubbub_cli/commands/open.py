"""`hubbub-chat [ROOM…]`: chat, in full screen or line by line."""

import asyncio
import sys

import click

from hubbub_cli import options, stdin
from hubbub_cli.output import TerminalOutput
from hubbub_cli.settings import DEFAULT_ROOM, CliSettings


@click.command("open")
@click.argument("rooms", nargs=-1, metavar="[ROOM]...")
@click.option(
    "--plain", is_flag=True, help="Chat line by line, for screen readers; the default without a terminal."
)
@options.shared
@click.pass_context
def command(ctx: click.Context, rooms: tuple[str, ...], *, plain: bool) -> None:
    """Chat in each ROOM, by default in the lobby."""
    settings = options.chosen(ctx)
    names = list(dict.fromkeys(rooms)) or [DEFAULT_ROOM]
    if plain or settings.dumb or not (sys.stdout.isatty() and stdin.is_terminal()):
        from hubbub_cli.plain_chat import PlainChat

        ctx.exit(asyncio.run(PlainChat(settings, TerminalOutput.of(settings)).run(names)))
    _open_screen(settings, names)


def _open_screen(settings: CliSettings, names: list[str]) -> None:
    from hubbub_cli.terminal_background import is_dark
    from hubbub_cli.tui.app import ChatApp
    from hubbub_cli.tui.background import Background
    from hubbub_cli.tui.conversation import Conversation

    conversation = Conversation(settings)
    dark = is_dark() if settings.dark is None else settings.dark
    background = Background(dark=dark, follow=settings.dark is None)
    app = ChatApp(conversation, names, colors=settings.color is not False, background=background)
    app.run()
    failure = conversation.error or app.failure
    if failure is not None:
        raise failure
