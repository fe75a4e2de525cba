"""`hubbub-chat unread`: list the rooms of the user, with what is unread in them."""

from collections.abc import Iterator
from typing import Final, cast

import click

from hubbub_cli import options
from hubbub_cli.http_api import Answer, HttpApi
from hubbub_cli.message_lines import VERSION
from hubbub_cli.output import Json, TerminalOutput, to_json
from hubbub_cli.sanitize import sanitize
from hubbub_client import Position, UserRoom

# The server counts no further.
_MOST: Final = 100


@click.command("unread", short_help="List your rooms, with what is unread.")
@click.option("--all", "everything", is_flag=True, help="Also rooms without unread messages.")
@options.as_json
@options.shared
@click.pass_context
def command(ctx: click.Context, everything: bool) -> None:  # noqa: FBT001  click's
    """List the rooms that you have joined and in which messages of others are unread, and their number.

    After the name of a room, @2 means that two of them mention you.

    It needs a token, and a server with an archive.
    """
    settings = options.chosen(ctx)
    output = TerminalOutput.of(settings)
    for room in _rooms(HttpApi(settings)):
        if everything or room.unread:
            output.data(_to_json(room) if settings.json else _to_line(room))


def _to_line(room: UserRoom) -> str:
    mentions = f"  @{_count(room.mentions)}" if room.mentions else ""
    return f"{_count(room.unread):>6}  {sanitize(room.name)}{mentions}"


def _count(number: int) -> str:
    return f"{number}+" if number >= _MOST else str(number)


def _rooms(api: HttpApi) -> Iterator[UserRoom]:
    """Yield all rooms, page by page."""
    after: str | None = ""
    while after is not None:
        page = api.get("me/rooms", after=after or None)
        yield from map(_room_of, cast("list[Answer]", page["rooms"]))
        last = page.get("after")
        after = str(last) if last else None


def _room_of(plain: Answer) -> UserRoom:
    at = plain.get("at")
    return UserRoom(
        name=str(plain["room"]),
        read=Position(epoch=str(plain["epoch"]), offset=int(str(plain["offset"]))),
        unread=int(str(plain["unread"])),
        mentions=int(str(plain.get("mentions", 0))),
        at=None if at is None else int(str(at)),
    )


def _to_json(room: UserRoom) -> str:
    record: dict[str, Json] = {
        "v": VERSION,
        "type": "unread",
        "room": room.name,
        "epoch": room.read.epoch,
        "offset": room.read.offset,
        "unread": room.unread,
        "mentions": room.mentions,
    }
    return to_json(record if room.at is None else record | {"at": room.at})
