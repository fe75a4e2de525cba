"""The entry point of `hubbub-chat`: its commands, and its exit codes."""

import errno
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Final, TextIO

import click

from hubbub_cli import options, settings
from hubbub_cli.errors import BadInput, CliError, OutputFailed, Unexpected, leaf
from hubbub_cli.exit_codes import ExitCode
from hubbub_cli.lazy_group import LazyGroup
from hubbub_cli.output import PROGRAM, report
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings, Given

COMMANDS: Final = (
    "open", "send", "edit", "delete", "react", "topic", "tail", "history", "download", "search", "rooms",
    "directory", "unread", "who", "login", "logout", "whoami", "doctor", "bench", "config", "completion",
)  # fmt: skip
# Names of later commands: a script that uses one must not talk to a room.
RESERVED: Final = frozenset({"help"})
# What a write to a file may fail with; a closed pipe is BrokenPipeError.
_CANNOT_WRITE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})

_HELP: Final = """Chat from the terminal and from scripts.

Without a command: chat in each ROOM, by default in the lobby.

\b
  hubbub-chat                              chat in the lobby
  hubbub-chat lobby dev --name ann         in two rooms, as ann
  make 2>&1 | hubbub-chat send builds -    send the output of a command
  hubbub-chat tail builds --json | jq .    follow a room in a script
  hubbub-chat open search                  chat in a room that is called like a command

\b
Exit codes: 0 done, 1 unexpected, 2 wrong usage, 3 cannot connect, 4 not signed in,
5 rejected by the server, 6 timed out, 7 messages are lost (--strict), 130 interrupted.
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
    modules={name: f"hubbub_cli.commands.{name}" for name in COMMANDS},
    reserved=RESERVED,
    # An unknown option belongs to the default command: `hubbub-chat --plain`.
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
    """Parse the shared options."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code."""
    given: Given = {}
    # Libraries log what they also raise: without a handler, Python would print it.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        return _run_and_report(list(sys.argv[1:] if arguments is None else arguments), given)
    except BrokenPipeError:
        _detach(sys.stdout, sys.stderr)
        return ExitCode.PIPE_CLOSED
    except (KeyboardInterrupt, click.Abort):
        return ExitCode.INTERRUPTED


def _run_and_report(arguments: list[str], given: Given) -> int:
    """Run, and report errors; that may raise BrokenPipeError too."""
    try:
        return _run(arguments, given)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (BrokenPipeError, click.Abort):
        raise
    except Exception as error:  # noqa: BLE001  a user gets a sentence, whatever it is
        return _report(error, _settings(given))


def _settings(given: Given) -> CliSettings:
    """Return the settings for a report; the error may be about the configuration file, or a profile."""
    try:
        return settings.load(given)
    except BadInput:
        without: Given = {**given, "profile": ""}
        return settings.load(without, {})


def _report(error: Exception, loaded: CliSettings) -> int:
    """Print one sentence; with `--verbose`, also where an unexpected error comes from."""
    failure = _explain(leaf(error))
    if loaded.verbose and isinstance(failure, Unexpected):
        traceback.print_exception(error)
    report(failure, loaded)
    try:
        sys.stdout.flush()
    except OSError:
        _detach(sys.stdout)
    return failure.exit_code


def _explain(error: Exception) -> CliError:
    if isinstance(error, CliError):
        return error
    if isinstance(error, OSError) and error.errno in _CANNOT_WRITE:
        return OutputFailed(f"cannot write the output: {error.strerror}", code="output")
    if isinstance(error, UnicodeEncodeError):
        # Python keeps the bytes of arguments and variables that are not UTF-8 as lone surrogates.
        text = error.object.encode(errors="backslashreplace").decode()
        return BadInput(f"not UTF-8: {sanitize(text)}", code="invalid")
    what = sanitize(f"{type(error).__name__}: {error}")
    return Unexpected(f"unexpected error: {what} (-v prints where)", code="unexpected")


def _run(arguments: list[str], given: Given) -> int:
    # Not `cli.main`, which exits with 1 on a closed pipe.
    if asked := settings.completion_request():
        from click.shell_completion import shell_complete

        return shell_complete(cli, {}, PROGRAM, settings.COMPLETION, asked)
    try:
        with cli.make_context(PROGRAM, arguments, obj=given) as ctx:
            code = cli.invoke(ctx)
    except click.exceptions.Exit as end:
        code = end.exit_code
    sys.stdout.flush()
    return code if isinstance(code, int) else ExitCode.OK


def _detach(*streams: TextIO) -> None:
    """Detach streams that cannot be written: Python would report them again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(nowhere, stream.fileno())
