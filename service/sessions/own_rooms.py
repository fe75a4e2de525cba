"""The rooms of a user: those with a read mark, with what is unread in them (RD4)."""

from __future__ import annotations

from functools import partial
from typing import Final, NamedTuple

from archive.base import Mark, Unread
from archive.errors import ArchiveError
from hubbub_protocol import Code, events
from hubbub_protocol.commands import ListOwnRooms
from service.identity.identity import Identity
from service.node import Node
from service.sessions import reading
from service.sessions.errors import CommandError
from service.sessions.room_commands import NAMES_PER_TOKEN
from service.sessions.session import Deferred, Session

# Of a page, besides the one of its frame and those of its names.
TOKENS: Final = 5


class OwnRoomsPage(NamedTuple):
    """Rooms in alphabetical order. `after`: where the next page begins; None if there is none."""

    rooms: list[events.OwnRoom]
    after: str | None


def rooms(session: Session, command: ListOwnRooms) -> Deferred:
    """Answer with a page of the user's rooms."""
    session.connection.charge(TOKENS + command.limit / NAMES_PER_TOKEN)
    return partial(_rooms, session, command)


async def _rooms(session: Session, command: ListOwnRooms) -> None:
    page = await find(session.node, session.require_identity(), command.after, command.limit)
    session.write_event(
        events.OwnRooms(id=command.id, rooms=page.rooms, more=page.after is not None, after=page.after)
    )


async def find(node: Node, identity: Identity, after: str, most: int) -> OwnRoomsPage:
    """Read up to `most` rooms of a user, after a name, without those that it may not read now.

    Raises:
        CommandError: the user has no marks on the server, or they can't be read now.
    """
    marks = reading.require_marks(node, identity)
    try:
        found = await marks.page(identity.id, after or None, most + 1)
        readable = [mark for mark in found[:most] if identity.may_read(mark.room)]
        unread, times = await marks.unread(readable), await marks.newest(mark.room for mark in readable)
    except ArchiveError as error:
        raise CommandError(Code.UNAVAILABLE, str(error), retry_after=reading.RETRY_AFTER) from error
    described = [_describe(node, identity, mark, unread.get(mark.room), times) for mark in readable]
    return OwnRoomsPage(described, found[most - 1].room if len(found) > most else None)


def _describe(
    node: Node, identity: Identity, mark: Mark, stored: Unread | None, times: dict[str, int]
) -> events.OwnRoom:
    """Count in the log of an open room, as `joined` does; elsewhere what the archive has counted is all."""
    room = node.rooms.ready(mark.room)
    at = times.get(mark.room)
    if room is not None and room.end is not None:
        counted = reading.describe(identity, room, reading.CountedMark(mark, stored))
        unread, mentions = counted.unread, counted.mentions
        at = room.end.at or at
    else:
        unread, mentions = (stored.messages, stored.mentions) if stored else (0, 0)
    return events.OwnRoom(
        room=mark.room, epoch=mark.epoch, offset=mark.offset, unread=unread, mentions=mentions, at=at
    )
