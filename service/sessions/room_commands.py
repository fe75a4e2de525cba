"""The commands on rooms: join, leave, history, who, typing (RM, HS, PR)."""

from __future__ import annotations

from functools import partial
from typing import Final

from hubbub_protocol import Code, events
from hubbub_protocol.commands import History, Join, Leave, Typing, Who
from hubbub_protocol.names import room_fault
from service.cluster.signals import TypingSignal, encode
from service.identity.identity import Identity
from service.rooms.join_start import find_start, start_at_once
from service.rooms.message_pages import read_messages
from service.rooms.room import Room
from service.rooms.threads import read_thread
from service.sessions import reading
from service.sessions.errors import CommandError, invalid_room_name, no_write_permission, older_unavailable
from service.sessions.look_alike_rooms import check_new_room
from service.sessions.session import Deferred, Session
from service.wire import responses
from service.wire.responses import JoinStart

# A page costs tokens for its length, besides the one of its frame (see `service/transport/input_budget.py`).
MESSAGES_PER_TOKEN: Final = 50
BYTES_PER_TOKEN: Final = 16_384
NAMES_PER_TOKEN: Final = 100
# Of a page of a thread: it reads many entries to find its messages.
THREAD_TOKENS: Final = 10


def join(session: Session, command: Join) -> Deferred | None:
    """Join a room: at once if it is open and its log reaches back far enough, otherwise by the broker."""
    room = session.node.rooms.ready(command.room)
    # The name of an open room was checked when it was opened.
    fault = room_fault(command.room) if room is None else None
    if fault is not None:
        raise invalid_room_name(command.room, fault)
    identity = session.require_reader(command.room)
    most = session.node.settings.rooms_per_connection
    if command.room not in session.members and len(session.members) >= most:
        raise CommandError(
            Code.TOO_MANY_ROOMS, f"Too many rooms: {most} are allowed for each connection; leave one first."
        )
    start = start_at_once(room, command.since, command.limit) if room else None
    if room is None or start is None or reading.marks_of(session.node, identity) is not None:
        return partial(_join, session, command, identity)
    _add_member(session, command, identity, room, start)
    return None


async def _join(session: Session, command: Join, identity: Identity) -> None:
    node, address = session.node, session.connection.address
    if node.rooms.ready(command.room) is None and await node.address_limits.wait_to_open(identity, address):
        node.metrics.address_limited.add("opened_rooms")
    async with node.rooms.open(command.room) as room:
        if room.log.end:
            node.room_names.add(command.room)
        else:
            await check_new_room(node, identity, command.room)
        marked = await reading.on_join(node, identity, room, listener=session.listener)
        start = await find_start(room, command.since, command.limit)
        if not session.connection.closing:
            _add_member(session, command, identity, room, start, marked=marked)


def _add_member(
    session: Session,
    command: Join,
    identity: Identity,
    room: Room,
    start: JoinStart,
    *,
    marked: reading.CountedMark | None = None,
) -> None:
    """Make the connection a member. Without an `await`, so that `start` is still true when it is one."""
    before = session.members.pop(command.room, None)
    member = room.enter(
        session.connection,
        session.connection.codec,
        identity.user,
        listed=not session.listener,
        away=session.away,
    )
    if before is not None:
        room.leave(before)
    session.members[command.room] = member
    session.update_idle()
    mark = None if marked is None else reading.describe(identity, room, marked)
    topic = session.node.moderation.topic(room.name)
    frame = responses.joined(command.id, room.log.room, start, room.members(), mark=mark, topic=topic)
    if len(frame) >= BYTES_PER_TOKEN:
        session.connection.charge(len(frame) / BYTES_PER_TOKEN)
    session.connection.write(frame)
    room.fanout.add(member, start.epoch, start.cursor)


def leave(session: Session, command: Leave) -> None:
    """Leave a room. Without membership this does nothing (RM8)."""
    _leave(session, command.room)
    session.write_event(events.Left(id=command.id, room=command.room))


def leave_forbidden(session: Session) -> None:
    """Leave the rooms that the user may not read any more, with one error for each (CN6)."""
    identity = session.require_identity()
    for name in [name for name in session.members if not identity.may_read(name)]:
        _leave(session, name)
        message = f"left the room {name}: the new token gives no read permission for it"
        session.write_error(CommandError(Code.FORBIDDEN, message), None)


def leave_all(session: Session) -> None:
    """Leave all rooms, because the connection is lost."""
    for name in list(session.members):
        _leave(session, name)


def _leave(session: Session, name: str) -> None:
    member = session.members.pop(name, None)
    room = session.node.rooms.get(name)
    if member is not None and room is not None:
        room.leave(member)
        session.node.rooms.release(room)
        session.update_idle()


def history(session: Session, command: History) -> Deferred:
    """Answer with a page of a room's history (HS1)."""
    session.connection.charge(command.limit / MESSAGES_PER_TOKEN)
    return partial(_history, session, command, session.require_room(command.room))


async def _history(session: Session, command: History, room: Room) -> None:
    scope = session.require_identity().limited_as(session.connection.address)
    async with session.node.page_turns.turn(scope):
        await _write_history(session, command, room)


async def _write_history(session: Session, command: History, room: Room) -> None:
    broker, before, limit = session.node.broker, command.before, command.limit
    if command.thread is None:
        page = await read_messages(broker, room.name, room.changes, before=before, limit=limit)
    else:
        session.connection.charge(THREAD_TOKENS)
        page = await read_thread(broker, room.name, room.changes, command.thread, before=before, limit=limit)
    if page.unavailable:
        raise older_unavailable()
    frame = responses.history_page(command.id, room.log.room, page)
    session.connection.charge(len(frame) / BYTES_PER_TOKEN)
    session.connection.write(frame)


def who(session: Session, command: Who) -> None:
    """Answer with a page of the names of a room's users."""
    session.connection.charge(command.limit / NAMES_PER_TOKEN)
    room = session.require_room(command.room)
    names, more = room.roster.page(command.after, command.limit)
    count, away = len(room.roster), room.roster.away(names) or None
    session.write_event(
        events.MembersPage(id=command.id, room=room.name, count=count, names=names, more=more, away=away)
    )


def typing(session: Session, command: Typing) -> None:
    """Signal to all nodes that a user is typing, at a limited rate (PR4); a listener is not (PR5)."""
    room = session.require_room(command.room)
    identity = session.require_identity()
    if not identity.may_write(room.name):
        raise no_write_permission()
    if not session.listener and room.may_type(identity.user):
        signal = TypingSignal(node=session.node.name, user=identity.user)
        session.node.broker.emit(room.name, encode(signal))
