"""`hubbub-chat logout`: remove the token for a server."""

import click

from hubbub_cli import options
from hubbub_cli.output import TerminalOutput
from hubbub_cli.sanitize import sanitize
from hubbub_cli.token_store import TokenStore


@click.command("logout", short_help="Remove the token for the server.")
@options.shared
@click.pass_context
def command(ctx: click.Context) -> None:
    """Remove the token that `login` kept for the server. The server does not revoke it."""
    settings = options.chosen(ctx, stored=False)
    removed = TokenStore.load().remove(settings.server)
    what = "the token is removed" if removed else "no token is kept"
    TerminalOutput.of(settings).notice(f"{what} for {sanitize(settings.server)}")
