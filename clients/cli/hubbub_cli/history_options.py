"""The options of `tail` and `history` that select messages and format them."""

import string
import time
from datetime import datetime
from functools import partial
from typing import Final

import click
from typing_extensions import override

from hubbub_cli import settings
from hubbub_cli.message_lines import FIELDS
from hubbub_cli.recent_messages import HistoryStart


class SinceParameter(click.ParamType[HistoryStart]):
    """A duration before now, an offset, or a time as in RFC 3339."""

    name = "since"

    @override
    def convert(
        self, value: str | HistoryStart, param: click.Parameter | None, ctx: click.Context | None
    ) -> HistoryStart:
        if isinstance(value, HistoryStart):
            return value
        if value.isascii() and value.isdigit():
            return HistoryStart(offset=int(value))
        ago = settings.duration(value)
        if ago is not None:
            return HistoryStart(at=round((time.time() - ago) * 1000))
        try:
            # Without an offset from UTC it is the local time.
            return HistoryStart(at=round(datetime.fromisoformat(value).timestamp() * 1000))
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is no duration (10m), offset (4711) or time (2026-11-27T12:00:00Z).", param, ctx
            )


class LineFormat(click.ParamType[str]):
    """A format of lines, with the fields of a message in braces."""

    name = "format"

    @override
    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            fields = [field for _, field, _, _ in string.Formatter().parse(value) if field is not None]
            for field in fields:
                FIELDS[field]
            value.format(**FIELDS)
        except (ValueError, KeyError, IndexError):
            known = " ".join(f"{{{name}}}" for name in FIELDS)
            self.fail(f"{value!r} is not a format. The fields are: {known}", param, ctx)
        return value


since: Final = partial(
    click.option,
    "--since",
    "start",
    type=SinceParameter(),
    metavar="WHEN",
    help="Start at WHEN: a duration before now (10m), a time, or after an offset.",
)
line_format: Final = partial(
    click.option,
    "--format",
    "line_format",
    type=LineFormat(),
    metavar="FORMAT",
    help="The format of a line: '{time} {user}: {text}'. Fields: " + " ".join(FIELDS) + ".",
)
