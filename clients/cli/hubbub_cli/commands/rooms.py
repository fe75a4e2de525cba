"""`hubbub-chat rooms`: list the rooms that are open."""

from collections.abc import Iterator
from typing import cast

import click

from hubbub_cli import options
from hubbub_cli.http_api import HttpApi
from hubbub_cli.message_lines import VERSION
from hubbub_cli.output import TerminalOutput, to_json
from hubbub_cli.sanitize import sanitize


@click.command("rooms", short_help="List the open rooms that you may read.")
@options.as_json
@options.shared
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the rooms with users in them that you may read, and the number of users. It needs a token."""
    settings = options.chosen(ctx)
    output = TerminalOutput.of(settings)
    for name, members in _rooms(HttpApi(settings)):
        record = to_json({"v": VERSION, "type": "room", "room": name, "members": members})
        output.data(record if settings.json else f"{members:6}  {sanitize(name)}")


def _rooms(api: HttpApi) -> Iterator[tuple[str, int]]:
    """Yield all rooms, page by page."""
    after: str | None = ""
    while after is not None:
        page = api.get("rooms", after=after or None)
        rooms = cast("list[dict[str, object]]", page["rooms"])
        for room in rooms:
            yield str(room["room"]), int(str(room["members"]))
        after = str(rooms[-1]["room"]) if page["more"] and rooms else None
