"""Read marks: up to where a user has read each room (RD1-RD5). Guests have none on the server."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from time import time
from typing import Final, NamedTuple

from archive.base import Mark, Unread
from archive.errors import ArchiveError
from brokers.base import Entry
from hubbub_protocol import Code, events
from hubbub_protocol.commands import Read, Since
from hubbub_protocol.names import fold_user
from service.archiving.marks import MOST_UNREAD, StoredMarks, TooManyMarks, is_ahead
from service.cluster.signals import MovedMark
from service.identity.identity import Identity
from service.node import Node
from service.rooms.change_index import ChangeIndex, mentioned
from service.rooms.room import Room
from service.sessions.errors import CommandError
from service.sessions.session import Deferred, Session
from service.wire.messages import is_change, stored_author

RETRY_AFTER: Final = 2.0

_log: Final = logging.getLogger(__name__)


class CountedMark(NamedTuple):
    """A mark, and what the archive has counted behind it, if the room's log does not reach it."""

    mark: Mark
    stored: Unread | None = None


class Counts(NamedTuple):
    """Messages of others behind a mark, and those of them that mention the user."""

    messages: int
    mentions: int


def marks_of(node: Node, identity: Identity) -> StoredMarks | None:
    """Return where the marks of a user are; None if the user has none on the server."""
    if node.archiving is None or identity.kind != "verified":
        return None
    return node.archiving.marks


def require_marks(node: Node, identity: Identity) -> StoredMarks:
    """Return where the marks of a user are.

    Raises:
        CommandError: the server keeps no marks, or none of this user.
    """
    if node.archiving is None:
        raise CommandError(Code.UNKNOWN_TYPE, "This server has no archive, and keeps no read marks.")
    if identity.kind != "verified":
        raise CommandError(
            Code.FORBIDDEN, f"The server keeps no read marks of a {identity.kind}: sign in with a token."
        )
    return node.archiving.marks


def follow(session: Session, identity: Identity) -> None:
    """Report the marks of a user that move elsewhere to this connection, if the user has marks."""
    if marks_of(session.node, identity) is not None:
        session.node.rooms.marks.add(identity.id, session)


async def on_join(node: Node, identity: Identity, room: Room, *, listener: bool) -> CountedMark | None:
    """Read the mark of a user who joins; at the first join it is made at the end of the room (RD2).

    For a listener it is not stored: a program that only reads has not joined the room for its user.
    """
    marks = marks_of(node, identity)
    if marks is None:
        return None
    marks.forget_beyond(identity.id, room.name, room.feed.position)
    try:
        mark = await marks.find(identity.id, room.name)
        if mark is None:
            mark = _mark(identity, room, room.log.epoch, room.log.end)
            if not listener:
                marks.move(mark)
        return await _counted(marks, room, mark)
    except (ArchiveError, TooManyMarks) as error:
        # Chat continues without marks.
        _log.warning("archive_not_read", extra={"room": room.name, "reason": str(error)})
        return None


def describe(identity: Identity, room: Room, marked: CountedMark) -> events.ReadMark:
    """Return a mark with what follows it, as `joined` has it."""
    return _described(marked.mark, _counts(identity, room, marked))


def _described(mark: Mark, counts: Counts) -> events.ReadMark:
    return events.ReadMark(
        epoch=mark.epoch, offset=mark.offset, unread=counts.messages, mentions=counts.mentions
    )


def read(session: Session, command: Read) -> Deferred:
    """Move the mark of a user forward (RD1)."""
    room = session.require_room(command.room)
    identity = session.require_identity()
    require_marks(session.node, identity)
    return partial(_read, session, command, identity, room)


async def _read(session: Session, command: Read, identity: Identity, room: Room) -> None:
    to = Since(epoch=command.epoch or room.log.epoch, offset=command.offset)
    moved = await move(session.node, identity, room, to, session)
    session.write_event(
        events.Marked(
            id=command.id,
            room=room.name,
            epoch=moved.epoch,
            offset=moved.offset,
            unread=moved.unread,
            mentions=moved.mentions,
        )
    )


async def move(
    node: Node, identity: Identity, room: Room, to: Since, origin: Session | None = None
) -> events.ReadMark:
    """Move a mark forward, and report it to the user's other connections on all nodes; return where it is.

    `origin` is the connection that moves it.

    Raises:
        CommandError: there is no such entry, or the archive can't be read now.
    """
    marks = require_marks(node, identity)
    if to.epoch != room.log.epoch:
        raise CommandError(Code.NOT_KEPT, f"The room has another epoch than {to.epoch!r}: join it again.")
    if to.offset > room.log.end:
        raise CommandError(
            Code.INVALID, f"Invalid `offset` {to.offset}: the last entry of the room is {room.log.end}."
        )
    mark = _mark(identity, room, to.epoch, to.offset)
    marks.forget_beyond(identity.id, room.name, room.feed.position)
    try:
        before = await marks.known(identity.id, room.name)
        is_moved = before is None or is_ahead(mark, before)
        marked = await _counted(marks, room, mark if is_moved or before is None else before)
        if is_moved:
            marks.move(mark)
    except (ArchiveError, TooManyMarks) as error:
        raise CommandError(Code.UNAVAILABLE, str(error), retry_after=RETRY_AFTER) from error
    counts = _counts(identity, room, marked)
    if is_moved:
        node.metrics.marks_moved += 1
        moved = MovedMark(identity.id, room.name, mark.epoch, mark.offset, *counts)
        node.rooms.marks.report(moved, origin)
    return _described(marked.mark, counts)


async def _counted(marks: StoredMarks, room: Room, mark: Mark) -> CountedMark:
    """Count behind a mark in the archive, if the room's log does not reach it."""
    if room.log.reaches(mark.epoch, mark.offset) or not room.log.end:
        return CountedMark(mark)
    return CountedMark(mark, (await marks.unread([mark])).get(room.name))


def _counts(identity: Identity, room: Room, marked: CountedMark) -> Counts:
    """Return the number of messages of others behind a mark, up to the bound. Without an `await`."""
    mark, stored = marked
    log = room.log
    start = mark.offset if mark.epoch == log.epoch else 0
    before = Counts(0, 0)
    if stored is not None and stored.epoch == log.epoch and log.base > start:
        start, before = max(start, stored.through), Counts(stored.messages, stored.mentions)
    found = count_messages(identity.id, log.changes, log.after(start, len(log)))
    return Counts(*(min(MOST_UNREAD, sum(each)) for each in zip(before, found, strict=True)))


def count_messages(user: str, changes: ChangeIndex, entries: Iterable[Entry]) -> Counts:
    """Count the messages of others, up to the bound, without those that were deleted."""
    messages = mentions = 0
    for entry in entries:
        if is_change(entry) or changes.is_deleted(entry.offset):
            continue
        mentions += user in mentioned(entry, changes)
        if messages < MOST_UNREAD:
            author = stored_author(entry.payload)
            messages += author is None or author.user_id != user
    return Counts(messages, mentions)


def _mark(identity: Identity, room: Room, epoch: str, offset: int) -> Mark:
    return Mark(identity.id, room.name, epoch, offset, int(time() * 1000), fold_user(identity.user))
