"""Write data to standard output, and everything else to standard error."""

import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click
from msgspec import Struct

from hubbub_cli.errors import CliError
from hubbub_cli.paint import Paint
from hubbub_cli.sanitize import escape
from hubbub_cli.settings import CliSettings

PROGRAM: Final = "hubbub-chat"

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def to_json(value: Json) -> str:
    """Return one line of JSON that is safe for a terminal."""
    import json

    return escape(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


class TerminalOutput(Struct, frozen=True):
    """The two output streams, with colours and verbosity from the settings."""

    data_paint: Paint
    paint: Paint
    quiet: bool = False
    verbose: bool = False

    @classmethod
    def of(cls, settings: CliSettings) -> "TerminalOutput":
        def painted(terminal: bool) -> Paint:  # noqa: FBT001  the result of isatty
            return Paint(terminal if settings.color is None else settings.color)

        out, err = painted(sys.stdout.isatty()), painted(sys.stderr.isatty())
        return cls(out, err, quiet=settings.quiet, verbose=settings.verbose)

    def data(self, line: str) -> None:
        """Write a line of data and flush: the reader of a pipe may wait for it."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def notice(self, sentence: str) -> None:
        """Print a notice for people; `--quiet` suppresses it."""
        if not self.quiet:
            self._print(self.paint.dim(f"-- {sentence}"))

    def detail(self, sentence: str) -> None:
        if self.verbose:
            self.notice(sentence)

    def error(self, sentence: str) -> None:
        self._print(self.paint.bad(f"{PROGRAM}: {sentence}"))

    def _print(self, line: str) -> None:
        click.echo(line, err=True, color=self.paint.on)


def report(error: CliError, settings: CliSettings) -> None:
    """Print the error that ends the command."""
    paint = TerminalOutput.of(settings).paint
    if settings.json:
        line = to_json({"error": error.code, "message": str(error)})
    else:
        line = f"{paint.bad(f'{PROGRAM}:')} {error}"
    click.echo(line, err=True, color=paint.on)
