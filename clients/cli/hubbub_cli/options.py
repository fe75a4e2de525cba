"""The options of all commands, before or after the command; the last one wins."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar, cast

import click
from msgspec.structs import replace
from typing_extensions import override

from hubbub_cli import settings
from hubbub_cli.settings import CliSettings, Given
from hubbub_cli.token_store import with_stored_token

Decorated = TypeVar("Decorated", bound=Callable[..., object])


class Duration(click.ParamType[float]):
    """A duration like 10s, 500ms, 2m or 1h; a plain number is in seconds."""

    name = "duration"

    @override
    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        seconds = settings.duration(str(value))
        if seconds is None:
            self.fail(f"{value!r} is not a duration. Examples: 10s, 500ms, 2m.", param, ctx)
        return seconds


class WholeNumber(click.ParamType[int]):
    """An integer with a minimum."""

    name = "number"

    def __init__(self, least: int) -> None:
        self._least = least

    @override
    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{value!r} is not an integer. Example: 20.", param, ctx)
        if number < self._least:
            self.fail(f"{number} is too small; the minimum is {self._least}.", param, ctx)
        return number


class Attempts(click.ParamType[str]):
    """A number of attempts, or `forever`."""

    name = "attempts"

    @override
    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value != "forever" and not (value.isascii() and value.isdigit()):
            self.fail(f"{value!r} is neither a number nor forever.", param, ctx)
        return value


def _keep(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """Store a given option; the group and its command share one dictionary."""
    given: dict[str, object] = ctx.ensure_object(dict)
    if value not in (None, False) and param.name is not None:
        given[param.name] = value


_option: Final = partial(click.option, expose_value=False, callback=_keep)

_SHARED: Final = (
    _option("-s", "--server", metavar="URL", help="The server; or CHAT_SERVER.  [ws://localhost:8000]"),
    _option("--name", metavar="NAME", help="Your name; or CHAT_NAME.  [your login]"),
    _option(
        "--token-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A file with a token, read when needed; or the token itself in CHAT_TOKEN.",
    ),
    _option(
        "--ca-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The authorities to trust with wss://, as PEM; or SSL_CERT_FILE.  [the system's]",
    ),
    _option("-P", "--profile", metavar="NAME", help="A profile of the configuration file; or CHAT_PROFILE."),
    _option(
        "--retry",
        type=Attempts(),
        metavar="N",
        help="Try again N times to connect, or forever.  [0; forever once connected]",
    ),
    _option("--color", type=click.Choice(["auto", "always", "never"]), help="When to use colours."),
    _option(
        "--connect-timeout", type=Duration(), metavar="TIME", help="The timeout of the connection.  [10s]"
    ),
    _option("-q", "--quiet", is_flag=True, help="Print only data and errors."),
    _option("-v", "--verbose", is_flag=True, help="Print more about the connection."),
)

# For some commands: data, receipts and errors as one JSON object per line.
as_json: Final = _option("--json", is_flag=True, help="Print JSON, one object per line, for errors too.")


def shared(command: Decorated) -> Decorated:
    """Add the shared options; `chosen` returns the resulting settings."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


def chosen(ctx: click.Context, *, stored: bool = True) -> CliSettings:
    """Return the settings of a command, with the token that `login` kept, unless it needs none.

    Raises:
        click.UsageError: the address of the server is invalid.
    """
    from hubbub_client.errors import BadUrl
    from hubbub_client.url import websocket_url

    found = settings.load(given(ctx))
    try:
        found = replace(found, server=websocket_url(found.server))
    except BadUrl as error:
        raise click.UsageError(f"{error}. Example: {settings.DEFAULT_SERVER}", ctx) from error
    return with_stored_token(found) if stored and not found.has_token else found


def given(ctx: click.Context) -> Given:
    """Return the shared options of the command line."""
    return cast(Given, ctx.ensure_object(dict))
