"""The rooms that the user may read: with a token from the HTTP API, for a guest over the websocket."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import cast

from hubbub_cli.connection import connected, explained
from hubbub_cli.errors import RejectedByServer
from hubbub_cli.http_api import HttpApi
from hubbub_cli.message_lines import VERSION
from hubbub_cli.output import Json, to_json
from hubbub_cli.settings import CliSettings
from hubbub_client import ListedRoom, Position


def listed_rooms(settings: CliSettings, prefix: str = "") -> Iterable[ListedRoom]:
    """Return all rooms whose names begin with a prefix.

    Raises:
        CliError: they cannot be read.
    """
    # An API key is a token that only the HTTP API takes.
    if settings.has_token:
        return _over_http(HttpApi(settings), prefix)
    return asyncio.run(_as_guest(settings, prefix))


async def _as_guest(settings: CliSettings, prefix: str) -> list[ListedRoom]:
    rooms: list[ListedRoom] = []
    after: str | None = ""
    async with connected(settings, speaks=False) as chat:
        while after is not None:
            with explained(settings):
                page = await chat.directory(prefix, after, within=settings.connect_timeout)
            if page is None:
                raise RejectedByServer("the rooms cannot be read now: try again", code="unavailable")
            rooms += page.rooms
            after = page.after
    return rooms


def _over_http(api: HttpApi, prefix: str) -> Iterator[ListedRoom]:
    """Yield the rooms page by page."""
    after: str | None = ""
    while after is not None:
        page = api.get("rooms", prefix=prefix or None, after=after or None)
        rooms = cast("list[dict[str, object]]", page["rooms"])
        yield from map(_room_of, rooms)
        last = page.get("after") or (rooms[-1]["room"] if rooms else None)
        after = str(last) if page["more"] and last else None


def room_json(room: ListedRoom) -> str:
    """Format a room as NDJSON, with the position of its last entry; `at` is ms since 1970."""
    record: dict[str, Json] = {"v": VERSION, "type": "room", "room": room.name, "members": room.members}
    if room.newest is not None:
        record |= {"epoch": room.newest.epoch, "offset": room.newest.offset}
    more: dict[str, Json] = {"at": room.at, "topic": room.topic}
    return to_json(record | {name: value for name, value in more.items() if value is not None})


def _room_of(plain: dict[str, object]) -> ListedRoom:
    at, topic = plain.get("at"), plain.get("topic")
    return ListedRoom(
        name=str(plain["room"]),
        members=int(str(plain["members"])),
        newest=_position_of(plain),
        at=None if at is None else int(str(at)),
        topic=None if topic is None else str(topic),
    )


def _position_of(plain: dict[str, object]) -> Position | None:
    if "epoch" not in plain:
        return None
    return Position(epoch=str(plain["epoch"]), offset=int(str(plain["offset"])))
