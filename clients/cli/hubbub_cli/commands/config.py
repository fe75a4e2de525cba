"""`hubbub-chat config`: read and change the configuration file."""

import click

from hubbub_cli import options, settings
from hubbub_cli.config_file import KEYS, ConfigFile, write_value
from hubbub_cli.errors import BadInput
from hubbub_cli.output import TerminalOutput, to_json
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import SettingSources, SettingValue

_KEY = click.Choice(list(KEYS))


@click.group("config", short_help="Read and change the configuration file.")
def command() -> None:
    """Read and change the configuration file: defaults for the options, and profiles of them."""


@command.command("path")
@options.shared
@click.pass_context
def path(ctx: click.Context) -> None:
    """Print the path of the file; CHAT_CONFIG is another one."""
    TerminalOutput.of(settings.load(options.given(ctx), {})).data(str(settings.config_path()))


@command.command("get")
@click.argument("key", type=_KEY, required=False)
@click.option("--show-origin", is_flag=True, help="Print where each value is from.")
@options.as_json
@options.shared
@click.pass_context
def get(ctx: click.Context, key: str | None, *, show_origin: bool) -> None:
    """Print the value of KEY, or all values: from options, the environment, the file and the defaults."""
    given = options.given(ctx)
    sources = settings.sources(given)
    output = TerminalOutput.of(settings.resolved(sources))
    found = {name: value for name in ([key] if key else KEYS) if (value := sources.find(name)) is not None}
    if given.get("json"):
        output.data(
            to_json({name: {"value": one.value, "origin": one.origin} for name, one in found.items()})
        )
        return
    for name, one in found.items():
        output.data(_line(name, one, alone=key is not None, origin=show_origin))


def _line(name: str, found: SettingValue, *, alone: bool, origin: bool) -> str:
    value = sanitize(found.value)
    where = f"  ({sanitize(found.origin)})" if origin else ""
    return f"{value}{where}" if alone else f"{name} = {value}{where}"


@command.command("set")
@click.argument("key", type=_KEY)
@click.argument("value")
@options.shared
@click.pass_context
def set_(ctx: click.Context, key: str, value: str) -> None:
    """Set KEY in the file, or in a profile with -P. Comments stay."""
    _write(ctx, key, value)


@command.command("unset")
@click.argument("key", type=_KEY)
@options.shared
@click.pass_context
def unset(ctx: click.Context, key: str) -> None:
    """Remove KEY from the file, or from a profile with -P."""
    _write(ctx, key, None)


@command.command("edit")
@options.shared
@click.pass_context
def edit(ctx: click.Context) -> None:
    """Open the file in VISUAL or EDITOR, and check it."""
    file = settings.config_path()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    click.edit(filename=str(file))
    settings.sources(options.given(ctx))


def _write(ctx: click.Context, key: str, value: str | None) -> None:
    given = options.given(ctx)
    profile = given.get("profile")
    if key == "profile" and profile is not None:
        raise BadInput("a profile cannot name a profile: leave -P out", code="config")
    if value is not None:
        _check(key, value)
    write_value(settings.config_path(), key, value, profile)


def _check(key: str, value: str) -> None:
    """Check the value like that of an option, before it is written."""
    file = settings.config_path()
    if key != "profile":
        settings.resolved(SettingSources({}, {}, ConfigFile(file, {key: value})))
