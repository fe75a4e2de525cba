"""The options that every command takes, ahead of its name or behind it; what stands last counts."""

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
    """A time like 10s, 500ms, 2m, 1h; a bare number is seconds."""

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
            self.fail(f"{value!r} is no time. One looks like 10s, 500ms or 2m.", param, ctx)
        return seconds


class WholeNumber(click.ParamType[int]):
    """A whole number, at least so large."""

    name = "number"

    def __init__(self, least: int) -> None:
        self._least = least

    @override
    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{value!r} is no whole number. One looks like 20.", param, ctx)
        if number < self._least:
            self.fail(f"{number} is too small: it takes {self._least} or more.", param, ctx)
        return number


def _keep(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """Remember an option that was given; the group and its command share one dictionary."""
    given: dict[str, object] = ctx.ensure_object(dict)
    if value not in (None, False) and param.name is not None:
        given[param.name] = value


_option: Final = partial(click.option, expose_value=False, callback=_keep)

_SHARED: Final = (
    _option("-s", "--server", metavar="URL", help="The server; also CHAT_SERVER.  [ws://localhost:8000]"),
    _option("--name", metavar="NAME", help="The name to chat under; also CHAT_NAME.  [your login]"),
    _option(
        "--token-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A file with a token, read when one is needed; also CHAT_TOKEN, the token itself.",
    ),
    _option("--color", type=click.Choice(["auto", "always", "never"]), help="Whether to use colours."),
    _option("--connect-timeout", type=Duration(), metavar="TIME", help="How long to try to connect.  [10s]"),
    _option("-q", "--quiet", is_flag=True, help="Say nothing but data and errors."),
    _option("-v", "--verbose", is_flag=True, help="Say more about the connection."),
)

# For the commands that have it: data, receipts and errors as one JSON object a line.
as_json: Final = _option("--json", is_flag=True, help="Write JSON, one object a line; errors too.")


def shared(command: Decorated) -> Decorated:
    """Add the shared options; `chosen` gives what they amount to."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


def chosen(ctx: click.Context) -> CliSettings:
    """Decide what to go by.

    Raises:
        click.UsageError: the server's address is none.
    """
    from hubbub_client.errors import BadUrl
    from hubbub_client.url import websocket_url

    found = settings.load(cast(Given, ctx.ensure_object(dict)))
    try:
        return replace(found, server=websocket_url(found.server))
    except BadUrl as error:
        raise click.UsageError(f"{error}. One looks like {settings.DEFAULT_SERVER}", ctx) from error
