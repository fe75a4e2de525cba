"""The `send` command (SN1-SN7), and what changes share with it: an entry is stored and acknowledged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from time import monotonic, perf_counter, time
from typing import Final

import msgspec

from brokers.base import Receipt
from brokers.errors import BrokerError, BrokerRefused, TooManyRooms
from hubbub_protocol import Code, events
from hubbub_protocol.commands import Send
from hubbub_protocol.names import is_blank
from service.identity.identity import Identity
from service.node import Node
from service.rooms.fanout import Fanout
from service.rooms.room import Room
from service.runtime.metrics import Metrics
from service.sessions import pushing
from service.sessions.errors import CommandError, no_write_permission, rate_limited, room_closed
from service.sessions.idempotency import new_key
from service.sessions.references import NO_REFERENCES, References, Referred
from service.sessions.session import Deferred, Session
from service.wire.messages import ChangePayload, MessagePayload, encode_stored
from service.wire.responses import event

_log: Final = logging.getLogger(__name__)
# When a client may retry while the broker is unreachable (seconds).
RETRY_AFTER: Final = 1.0


class Publishing(msgspec.Struct, frozen=True):
    """A publish in flight: the id of its command, and when it started (of `perf_counter`)."""

    session: Session
    fanout: Fanout
    number: int
    started: float


def send(session: Session, command: Send, on_done: Callable[[], None]) -> Deferred | None:
    """Publish a message, and acknowledge it when it is stored.

    There is no task, unless the archive may know a user who is mentioned: the broker's future calls back. If
    it is done at once, the acknowledgement is written at once; otherwise `on_done` is called after it. The
    broker keeps the order of calls (P4), so the messages of one connection are stored in the order in which
    they were sent (SN7).
    """
    identity = session.require_identity()
    room = session.require_room(command.room)
    check_text(session.node, identity, command.room, command.text)
    wait = session.take_send(identity, command.text)
    if wait:
        raise rate_limited("send", wait)
    if not room.log.end:
        begin(session.node, identity, session.connection.address, room)
    if "@" not in command.text and command.reply_to is None:
        _store(session, room, command, NO_REFERENCES, on_done)
        return None
    references = References(session.node, identity, room.name, room, command)
    if references.must_wait:
        return partial(_find_and_store, session, room, command, references, on_done)
    _store(session, room, command, references.found(), on_done)
    return None


async def _find_and_store(
    session: Session, room: Room, command: Send, references: References, on_done: Callable[[], None]
) -> None:
    _store(session, room, command, await references.find(), on_done)


def _store(session: Session, room: Room, command: Send, found: Referred, on_done: Callable[[], None]) -> None:
    started = perf_counter()
    identity = session.require_identity()
    message = message_of(identity, command.text, command.key, command.reply_to, found)
    future = publish(session.node, identity, command.room, message)
    if found is not NO_REFERENCES:
        pushing.notify(session.node, command.room, message, future)
    acknowledge(Publishing(session, room.fanout, command.id, started), future, on_done)


def acknowledge(publishing: Publishing, future: asyncio.Future[Receipt], on_done: Callable[[], None]) -> None:
    """Write `sent` when an entry is stored, or the error; `on_done` is called if that is later."""
    publishing.session.in_flight += 1
    if future.done():
        _complete(publishing, future)
    else:
        future.add_done_callback(partial(_complete_later, publishing, on_done))


def check_text(node: Node, identity: Identity, room: str, text: str, *, may_be_empty: bool = False) -> None:
    """Reject a text that is empty or too long (SN4), a user without write permission, and a closed room."""
    check_writer(node, identity, room)
    # The usual first character decides at once, without a call: each message is checked.
    if not "!" <= text[:1] <= "~" and is_blank(text) and not may_be_empty:
        raise CommandError(Code.EMPTY, "The text is empty, or has no visible character.")
    most = node.settings.text_characters
    if len(text) > most:
        raise CommandError(
            Code.TOO_LONG, f"The text is too long: it has {len(text)} characters, {most} are allowed."
        )


def begin(node: Node, identity: Identity, address: str, room: Room) -> None:
    """Take a place in the quota for new rooms (SN10), once for each room without messages."""
    if not room.begun:
        require_new_room(node, identity, address, room.name)
        room.begun = True


def require_new_room(node: Node, identity: Identity, address: str, name: str) -> None:
    """Take a place in the quota for new rooms (SN10).

    Raises:
        CommandError: the user, or the guests of the address, have begun too many.
    """
    wait = node.address_limits.begin_room(identity, address, monotonic())
    if wait:
        node.metrics.address_limited.add("new_rooms")
        raise CommandError(
            Code.TOO_MANY_NEW_ROOMS,
            f"Too many new rooms: you may begin {node.settings.new_rooms_per_hour:g} an hour. Use a room "
            f"that has messages, or retry after {wait:.0f} s.",
            retry_after=wait,
        )
    node.room_names.add(name)


def check_writer(node: Node, identity: Identity, room: str) -> None:
    """Reject a user without write permission, and a room that is closed to new messages."""
    if not identity.may_write(room):
        raise no_write_permission()
    closure = node.moderation.closure(room)
    if closure is not None:
        raise room_closed(closure)


def publish(
    node: Node, identity: Identity, room: str, stored: MessagePayload | ChangePayload
) -> asyncio.Future[Receipt]:
    """Publish a message or a change. The idempotency key is scoped to the author (SN2)."""
    return node.broker.publish(room, encode_stored(stored), key=f"{identity.scope}/{stored.key}")


def message_of(
    identity: Identity,
    text: str,
    key: str | None,
    reply_to: int | None = None,
    found: Referred = NO_REFERENCES,
    *,
    files: list[events.File] | None = None,
) -> MessagePayload:
    """Make the message that is stored. The idempotency key is made if it is missing."""
    return MessagePayload(
        key=key or new_key(),
        user=identity.user,
        user_id=identity.id,
        kind=identity.kind,
        text=text,
        at=int(time() * 1000),
        reply_to=reply_to,
        thread=found.thread,
        mentions=found.mentions,
        files=files,
    )


def count_stored(metrics: Metrics, started: float) -> None:
    """Count an entry that is stored, and observe the time since `started` (of `perf_counter`)."""
    metrics.messages_in += 1
    metrics.publish_seconds.observe(perf_counter() - started)


def to_command_error(error: BaseException) -> CommandError:
    """Translate an error of the broker to one of the protocol."""
    if isinstance(error, TooManyRooms):
        return CommandError(Code.ROOMS_FULL, str(error))
    if isinstance(error, BrokerRefused):
        return CommandError(Code.INVALID, str(error))
    if isinstance(error, BrokerError):
        return CommandError(Code.UNAVAILABLE, str(error), retry_after=RETRY_AFTER)
    _log.error("publish_failed", exc_info=error)
    return CommandError(Code.INTERNAL, "Internal server error.", retry_after=RETRY_AFTER)


def _complete(publishing: Publishing, future: asyncio.Future[Receipt]) -> None:
    """Acknowledge a message, or write the error."""
    session, number = publishing.session, publishing.number
    session.in_flight -= 1
    try:
        epoch, offset, duplicate = future.result()
    except asyncio.CancelledError:
        stopping = CommandError(Code.UNAVAILABLE, "The node is stopping.", retry_after=RETRY_AFTER)
        session.write_error(stopping, number)
    except Exception as error:  # noqa: BLE001 - it is translated, or logged
        session.write_error(to_command_error(error), number)
    else:
        count_stored(session.node.metrics, publishing.started)
        # The flush of the message to its sender takes the acknowledgement along in one write.
        sent = events.Sent(id=number, epoch=epoch, offset=offset, duplicate=duplicate)
        session.connection.queue(event(sent))
        publishing.fanout.flush_soon(session.connection)


def _complete_later(
    publishing: Publishing, on_done: Callable[[], None], future: asyncio.Future[Receipt]
) -> None:
    _complete(publishing, future)
    on_done()
