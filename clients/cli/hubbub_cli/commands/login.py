"""`hubbub-chat login`: keep a token for a server."""

import asyncio

import click
from msgspec.structs import replace

from hubbub_cli import options, stdin
from hubbub_cli.connection import connected
from hubbub_cli.errors import BadInput, CannotConnect
from hubbub_cli.output import TerminalOutput
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings
from hubbub_cli.token_store import TokenStore


@click.command("login", short_help="Keep a token for the server.")
@options.shared
@click.pass_context
def command(ctx: click.Context) -> None:
    """Keep a token for the server, in the keyring if there is one, else in a private file.

    It is read from standard input, or asked for on a terminal: other users can see the command line.
    """
    settings = options.chosen(ctx)
    token = _prompt() if stdin.is_terminal() else stdin.everything()
    token = token.strip()
    if not (token and token.isascii() and token.isprintable()):
        raise BadInput(
            "the input is no token: it is empty, or has other characters than ASCII", code="no_token"
        )
    user = asyncio.run(_check(replace(settings, token=token, token_file=None)))
    place = TokenStore.load().keep(settings.server, token)
    output = TerminalOutput.of(settings)
    who = "not checked: the server cannot be reached" if user is None else f"signed in as {sanitize(user)}"
    output.notice(f"{who}; the token for {sanitize(settings.server)} is in {place}")


def _prompt() -> str:
    asked: str = click.prompt("Token", hide_input=True, err=True)
    return asked


async def _check(settings: CliSettings) -> str | None:
    """Sign in with the token; None if the server cannot be reached, which is no reason to lose it.

    Raises:
        NotSignedIn: the server rejects it.
    """
    try:
        async with connected(settings, speaks=True) as chat:
            return chat.user
    except CannotConnect:
        return None
