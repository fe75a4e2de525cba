"""`hubbub-chat`: its commands, and how each way to end becomes an exit code."""

import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from hubbub_cli import options, settings
from hubbub_cli.errors import CliError
from hubbub_cli.exit_codes import ExitCode
from hubbub_cli.lazy_group import LazyGroup
from hubbub_cli.output import PROGRAM, report
from hubbub_cli.settings import Given

_HELP: Final = """Chat from the terminal, and from scripts.

Without a command: chat in the ROOMs, or in the lobby.

\b
  hubbub-chat                              chat in the lobby
  hubbub-chat lobby dev --name ann         in two rooms, as ann
  make 2>&1 | hubbub-chat send builds -    say what a command says
  hubbub-chat tail builds --json | jq .    follow a room in a script

\b
Exit codes: 0 done, 1 unexpected, 2 wrong usage, 3 cannot connect, 4 not signed in,
5 refused by the server, 6 timed out, 7 messages are lost (--strict), 130 interrupted.
"""


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001  click's
    if value:
        from hubbub_cli import __version__

        click.echo(f"hubbub-chat {__version__}")
        ctx.exit()


@click.group(
    PROGRAM,
    cls=LazyGroup,
    help=_HELP,
    default="open",
    modules={
        name: f"hubbub_cli.commands.{name}" for name in ("open", "send", "tail", "who", "history", "doctor")
    },
    # An option that isn't shared is that of the default command: `hubbub-chat --plain`.
    context_settings={
        "help_option_names": ["-h", "--help"],
        "ignore_unknown_options": True,
        "max_content_width": 100,
    },
    subcommand_metavar="[COMMAND] [ROOM]...",
)
@options.shared
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version.",
)
def cli() -> None:
    """Take the shared options; the command does the rest."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code."""
    given: Given = {}
    try:
        return _told(list(sys.argv[1:] if arguments is None else arguments), given)
    except BrokenPipeError:
        _forget_output()
        return ExitCode.PIPE_CLOSED
    except (KeyboardInterrupt, click.Abort):
        return ExitCode.INTERRUPTED


def _told(arguments: list[str], given: Given) -> int:
    """Run, and say what went wrong; also for that there may be no reader."""
    try:
        return _run(arguments, given)
    except CliError as fault:
        report(fault, settings.load(given))
        return fault.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code


def _run(arguments: list[str], given: Given) -> int:
    # Not `cli.main`, which makes a plain 1 of a pipe that nobody reads.
    try:
        with cli.make_context(PROGRAM, arguments, obj=given) as ctx:
            code = cli.invoke(ctx)
    except click.exceptions.Exit as end:
        code = end.exit_code
    sys.stdout.flush()
    return code if isinstance(code, int) else ExitCode.OK


def _forget_output() -> None:
    """Part with pipes that nobody reads: Python would complain of them once more at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
