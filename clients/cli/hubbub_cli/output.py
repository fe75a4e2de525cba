"""Where things are written: data to standard output, everything else to standard error."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import click

from hubbub_cli.errors import CliError
from hubbub_cli.paint import Paint
from hubbub_cli.sanitize import escape
from hubbub_cli.settings import CliSettings

PROGRAM: Final = "hubbub-chat"

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def to_json(value: Json) -> str:
    """Write one line of JSON that a terminal can show."""
    return escape(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


@dataclass(frozen=True, slots=True)
class Output:
    """The two streams, as the settings want them."""

    data_paint: Paint
    paint: Paint
    quiet: bool = False
    verbose: bool = False

    @classmethod
    def of(cls, settings: CliSettings) -> "Output":
        def painted(terminal: bool) -> Paint:  # noqa: FBT001  the answer of isatty
            return Paint(terminal if settings.color is None else settings.color)

        out, err = painted(sys.stdout.isatty()), painted(sys.stderr.isatty())
        return cls(out, err, quiet=settings.quiet, verbose=settings.verbose)

    def data(self, line: str) -> None:
        """Write a line of data, at once: whoever reads a pipe may be waiting for it."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def notice(self, sentence: str) -> None:
        """Say what a person wants to know and a script doesn't."""
        if not self.quiet:
            self._say(self.paint.dim(f"-- {sentence}"))

    def detail(self, sentence: str) -> None:
        if self.verbose:
            self.notice(sentence)

    def trouble(self, sentence: str) -> None:
        self._say(self.paint.bad(f"{PROGRAM}: {sentence}"))

    def _say(self, line: str) -> None:
        click.echo(line, err=True, color=self.paint.on)


def report(fault: CliError, settings: CliSettings) -> None:
    """Tell why the command ends."""
    paint = Output.of(settings).paint
    if settings.json:
        line = to_json({"error": fault.code, "message": str(fault)})
    else:
        line = f"{paint.bad(f'{PROGRAM}:')} {fault}"
    click.echo(line, err=True, color=paint.on)
