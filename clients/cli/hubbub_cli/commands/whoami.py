"""`hubbub-chat whoami`: print the name that the server knows you by."""

import asyncio

import click

from hubbub_cli import options
from hubbub_cli.connection import connected
from hubbub_cli.message_lines import VERSION
from hubbub_cli.output import TerminalOutput, to_json
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings


@click.command("whoami", short_help="Print your name on the server.")
@options.as_json
@options.shared
@click.pass_context
def command(ctx: click.Context) -> None:
    """Connect, and print your name on the server, and how you are signed in."""
    settings = options.chosen(ctx)
    asyncio.run(_whoami(settings, TerminalOutput.of(settings)))


async def _whoami(settings: CliSettings, output: TerminalOutput) -> None:
    async with connected(settings, speaks=True) as chat:
        user = chat.user or ""
    if settings.json:
        output.data(
            to_json(
                {
                    "v": VERSION,
                    "type": "whoami",
                    "server": settings.server,
                    "user": user,
                    "token": settings.token_origin or None,
                }
            )
        )
        return
    output.data(sanitize(user))
    how = f"with the token of {settings.token_origin}" if settings.has_token else "as a guest"
    output.notice(f"on {sanitize(settings.server)}, {how}")
