"""Being in rooms: join, leave, history, who, typing (RM, HS, PR)."""

from __future__ import annotations

from functools import partial

from hubbub_protocol import Code, events
from hubbub_protocol.commands import History, Join, Leave, Typing, Who
from hubbub_protocol.names import room_fault
from service.cluster.signals import TypingSignal, encode
from service.rooms.join_start import find_start, start_at_once
from service.rooms.room import Room
from service.sessions.errors import CommandError
from service.sessions.session import Later, Session
from service.wire import responses
from service.wire.responses import Start


def join(session: Session, command: Join) -> Later | None:
    """Join a room: at once if it's open and its log holds what is asked for, else when the broker told."""
    fault = room_fault(command.room)
    if fault is not None:
        raise CommandError(Code.INVALID, f"the room's name {fault}")
    identity = session.require_reader(command.room)
    most = session.node.settings.rooms_per_connection
    if command.room not in session.members and len(session.members) >= most:
        raise CommandError(Code.TOO_MANY_ROOMS, f"at most {most} rooms")
    room = session.node.rooms.ready(command.room)
    start = start_at_once(room, command.since, command.limit) if room else None
    if room is None or start is None:
        return partial(_join, session, command, identity.user)
    _enter(session, command, identity.user, room, start)
    return None


async def _join(session: Session, command: Join, user: str) -> None:
    node = session.node
    async with node.rooms.open(command.room) as room:
        start = await find_start(room, command.since, command.limit)
        if not session.connection.closing:
            _enter(session, command, user, room, start)


def _enter(session: Session, command: Join, user: str, room: Room, start: Start) -> None:
    """Let a member in. Nothing waits here: what was found stays true until it is."""
    before = session.members.pop(command.room, None)
    member = room.enter(session.connection, session.connection.codec, user)
    if before is not None:
        room.leave(before)
    session.members[command.room] = member
    session.connection.write(responses.joined(command.id, room.log.room, start, room.members()))
    room.fanout.add(member, start.epoch, start.cursor)


def leave(session: Session, command: Leave) -> None:
    """Leave a room; also one that one is not in (RM8)."""
    _leave(session, command.room)
    session.answer(events.Left(id=command.id, room=command.room))


def leave_forbidden(session: Session) -> None:
    """Leave the rooms that are no longer theirs to read, and say so of each (CN6)."""
    identity = session.require_identity()
    for name in [name for name in session.members if not identity.may_read(name)]:
        _leave(session, name)
        session.refuse(CommandError(Code.FORBIDDEN, f"the room {name} is no longer yours to read"), None)


def leave_all(session: Session) -> None:
    """Leave all rooms, when the connection is gone."""
    for name in list(session.members):
        _leave(session, name)


def _leave(session: Session, name: str) -> None:
    member = session.members.pop(name, None)
    room = session.node.rooms.get(name)
    if member is not None and room is not None:
        room.leave(member)
        session.node.rooms.release(room)


def history(session: Session, command: History) -> Later:
    """Answer with a page of what is kept (HS1)."""
    return partial(_history, session, command, session.require_room(command.room))


async def _history(session: Session, command: History, room: Room) -> None:
    page = await session.node.broker.history(room.name, before=command.before, limit=command.limit)
    session.connection.write(responses.page(command.id, room.log.room, page.entries, more=page.more))


def who(session: Session, command: Who) -> None:
    """Answer with the names of a room's users."""
    room = session.require_room(command.room)
    names, more = room.roster.page(command.after, command.limit)
    count = len(room.roster)
    session.answer(events.MembersPage(id=command.id, room=room.name, count=count, names=names, more=more))


def typing(session: Session, command: Typing) -> None:
    """Tell the others that a user is typing, unless that was said just now (PR4)."""
    room = session.require_room(command.room)
    identity = session.require_identity()
    if not identity.may_write(room.name):
        raise CommandError(Code.FORBIDDEN, "this room is not yours to write")
    if room.may_type(identity.user):
        signal = TypingSignal(node=session.node.name, user=identity.user)
        session.node.broker.emit(room.name, encode(signal))
