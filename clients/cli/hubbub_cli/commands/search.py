"""`hubbub-chat search`: find messages."""

from collections.abc import Iterator
from typing import cast

import click

from hubbub_cli import options
from hubbub_cli.http_api import HttpApi
from hubbub_cli.message_lines import message_json, message_line
from hubbub_cli.options import WholeNumber
from hubbub_cli.output import TerminalOutput
from hubbub_client import Message, Position

_HELP = """Find messages in the rooms that you may read, newest first.

It needs a token, and a server with an archive.

\b
  hubbub-chat search deploy failed           messages with both words
  hubbub-chat search '"build is green" in:dev from:bob after:2026-11-01'
"""


@click.command("search", help=_HELP, short_help="Find messages in the rooms that you may read.")
@click.argument("query", nargs=-1, required=True)
@click.option(
    "-n",
    "most",
    type=WholeNumber(1),
    default=20,
    show_default=True,
    metavar="N",
    help="The number of messages.",
)
@options.as_json
@options.shared
@click.pass_context
def command(ctx: click.Context, query: tuple[str, ...], most: int) -> None:
    """Print what the server finds."""
    settings = options.chosen(ctx)
    output = TerminalOutput.of(settings)
    for found in _found(HttpApi(settings), " ".join(query), most):
        line = message_line(found, output.data_paint, room=True, date=True)
        output.data(message_json(found) if settings.json else line)


def _found(api: HttpApi, query: str, most: int) -> Iterator[Message]:
    """Yield the messages, page by page."""
    more: str | None = ""
    while most > 0 and more is not None:
        page = api.get("search", q=query, limit=min(most, 200), before=more or None)
        hits = cast("list[dict[str, object]]", page["hits"])
        yield from map(_message, hits)
        most -= len(hits)
        after = page.get("more")
        more = str(after) if after and hits else None


def _message(hit: dict[str, object]) -> Message:
    plain = cast("dict[str, object]", hit["message"])
    user_id, kind = plain.get("user_id"), plain.get("kind")
    return Message(
        room=str(plain["room"]),
        position=Position(epoch=str(hit["epoch"]), offset=int(str(plain["offset"]))),
        key=str(plain["key"]),
        user=str(plain["user"]),
        text=str(plain["text"]),
        at=int(str(plain["at"])),
        user_id=None if user_id is None else str(user_id),
        kind=None if kind is None else str(kind),
        live=False,
    )
