"""The directory: the rooms that a user may read, open on any node or in the archive (DR1)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Final, NamedTuple

from archive.errors import ArchiveError
from hubbub_protocol import events
from hubbub_protocol.commands import Directory
from service.archiving.stored_rooms import StoredPage, StoredRoom
from service.cluster.room_listing import RoomListPage
from service.cluster.signals import RoomEnd
from service.identity.identity import FIRST_ROOM, Identity, RoomSet
from service.node import Node
from service.sessions.room_commands import NAMES_PER_TOKEN
from service.sessions.session import Deferred, Session

# Of a page, besides the one of its frame and those of its names: each node is asked.
TOKENS: Final = 5

_log: Final = logging.getLogger(__name__)


class RoomsPage(NamedTuple):
    """Rooms in alphabetical order. `after`: where the next page begins; None if there is none."""

    rooms: list[events.RoomInfo]
    after: str | None
    complete: bool


def directory(session: Session, command: Directory) -> Deferred:
    """Answer with a page of the rooms that the user may read."""
    session.connection.charge(TOKENS + command.limit / NAMES_PER_TOKEN)
    return partial(_directory, session, command)


async def _directory(session: Session, command: Directory) -> None:
    page = await find(session.node, session.require_identity(), command.prefix, command.after, command.limit)
    session.write_event(
        events.DirectoryPage(
            id=command.id,
            rooms=page.rooms,
            more=page.after is not None,
            complete=page.complete,
            after=page.after,
        )
    )


async def find(node: Node, identity: Identity, prefix: str, after: str, most: int) -> RoomsPage:
    """Read up to `most` rooms whose names begin with a prefix, after a name.

    While a node does not answer, or the archive can't be read, some are missing: the page is not `complete`.
    """
    readable, after = identity.reads.beginning(prefix), max(after, FIRST_ROOM)
    opened = await node.rooms.listing.page(readable, after, most)
    try:
        stored = await _stored(node, readable, after, most)
        rooms, end = _merged(opened, stored, most)
        ends = await _stored_ends(node, [room for room in rooms if room not in opened.ends])
    except ArchiveError as error:
        _log.warning("archive_not_read", extra={"reason": str(error)})
        opened.complete, ends = False, {}
        rooms, end = _merged(opened, StoredPage([], None), most)
    described = [_describe(node, room, opened.rooms, opened.ends | ends) for room in rooms]
    return RoomsPage(described, end, opened.complete)


def _merged(opened: RoomListPage, stored: StoredPage, most: int) -> tuple[list[str], str | None]:
    """Return the first rooms of both pages, and up to where they are complete; None if that is all."""
    rooms = sorted({*opened.rooms, *stored.rooms})
    ends = [] if stored.end is None else [stored.end]
    if len(rooms) > most or opened.more:
        ends.append(rooms[:most][-1])
    end = min(ends, default=None)
    return [room for room in rooms[:most] if end is None or room <= end], end


async def _stored(node: Node, readable: RoomSet, after: str, most: int) -> StoredPage:
    if node.archiving is None:
        return StoredPage([], None)
    return await node.archiving.stored_rooms.page(readable.names, readable.prefixes, after, most)


async def _stored_ends(node: Node, rooms: list[str]) -> dict[str, RoomEnd]:
    if node.archiving is None:
        return {}
    found: Mapping[str, StoredRoom] = await node.archiving.stored_rooms.describe(rooms)
    return {name: RoomEnd(head.epoch, head.offset, at or 0) for name, (head, at) in found.items()}


def _describe(
    node: Node, room: str, members: Mapping[str, int], ends: Mapping[str, RoomEnd]
) -> events.RoomInfo:
    end = ends.get(room)
    count, topic = members.get(room, 0), node.moderation.topic(room)
    if end is None:
        return events.RoomInfo(room=room, members=count, topic=topic)
    return events.RoomInfo(
        room=room, members=count, topic=topic, epoch=end.epoch, offset=end.offset, at=end.at or None
    )
