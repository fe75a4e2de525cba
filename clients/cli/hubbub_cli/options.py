"""The options of all commands, before or after the command; the last one wins."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar, cast

import click
from typing_extensions import override

from hubbub_cli import settings
from hubbub_cli.settings import CliSettings, Given

Decorated = TypeVar("Decorated", bound=Callable[..., object])

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_LONGEST: Final = 365 * 24 * 3600.0


class Duration(click.ParamType[float]):
    """A duration like 10s, 500ms, 2m or 1h; a plain number is in seconds."""

    name = "duration"

    @override
    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        text = str(value).strip()
        unit = next((unit for unit in _UNITS if text.endswith(unit)), "")
        try:
            seconds = float(text.removesuffix(unit)) * _UNITS[unit]
        except ValueError:
            seconds = -1.0
        if not 0 < seconds <= _LONGEST:
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


def chosen(ctx: click.Context) -> CliSettings:
    """Return the settings of a command.

    Raises:
        click.UsageError: the address of the server is invalid.
    """
    from hubbub_client.errors import BadUrl
    from hubbub_client.url import websocket_url

    found = settings.load(cast(Given, ctx.ensure_object(dict)))
    try:
        return replace(found, server=websocket_url(found.server))
    except BadUrl as error:
        raise click.UsageError(f"{error}. Example: {settings.DEFAULT_SERVER}", ctx) from error
