"""Sending: from a `send` command to an entry in the room, and back as `sent` (SN1-SN7)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from time import monotonic, perf_counter, time
from typing import Final, NamedTuple

from brokers.base import Receipt
from brokers.errors import BrokerError
from brokers.errors import BrokerRefused as RefusedByBroker
from hubbub_protocol import Code, events
from hubbub_protocol.commands import Send
from service.identity.identity import Identity
from service.node import Node
from service.rooms.fanout import Fanout
from service.runtime.metrics import Metrics
from service.sessions.errors import CommandError
from service.sessions.idempotency import new_key
from service.sessions.session import Session
from service.wire.messages import Stored, encode_stored
from service.wire.responses import event

_log: Final = logging.getLogger(__name__)
# How long until a client tries again while the broker is away (seconds).
RETRY_AFTER: Final = 1.0


class _Sending(NamedTuple):
    """A `send` under way: the command's number, and when it came (of `perf_counter`)."""

    session: Session
    fanout: Fanout
    number: int
    started: float


def send(session: Session, command: Send, settled: Callable[[], None]) -> None:
    """Publish a message, and answer when it's stored; `settled` is called if that takes until later.

    No task: the broker's future calls back, and a broker that knows at once is answered at once. Calls keep
    their order (P4), so messages of one connection are stored in the order in which they were sent (SN7).
    """
    identity = session.require_identity()
    fanout = session.require_room(command.room).fanout
    check_text(session.node, identity, command.room, command.text)
    wait = session.sends.take(monotonic())
    if wait:
        raise CommandError(Code.RATE_LIMITED, "too fast", retry_after=wait)
    sending = _Sending(session, fanout, command.id, perf_counter())
    future = publish(session.node, identity, command.room, command.text, command.key)
    session.sending += 1
    if future.done():
        _settle(sending, future)
    else:
        future.add_done_callback(partial(_settle_later, sending, settled))


def check_text(node: Node, identity: Identity, room: str, text: str) -> None:
    """Refuse what can't be sent (SN4), or not by this user."""
    if not identity.may_write(room):
        raise CommandError(Code.FORBIDDEN, "this room is not yours to write")
    if not text or text.isspace():
        raise CommandError(Code.EMPTY, "there is no text")
    most = node.settings.text_characters
    if len(text) > most:
        raise CommandError(Code.TOO_LONG, f"the text has {len(text)} characters; {most} are allowed")


def publish(node: Node, identity: Identity, room: str, text: str, key: str | None) -> asyncio.Future[Receipt]:
    """Hand a message to the broker. A key counts for its user only (SN2); a message without one gets one."""
    key = key or new_key()
    payload = encode_stored(Stored(key=key, user=identity.user, text=text, at=int(time() * 1000)))
    return node.broker.publish(room, payload, key=f"{identity.scope}/{key}")


def count(metrics: Metrics, started: float) -> None:
    """Count a message that is stored, and the time since `started` (of `perf_counter`)."""
    metrics.messages_in += 1
    metrics.publish_seconds.observe(perf_counter() - started)


def refusal_of(error: BaseException) -> CommandError:
    """Say a broker's error in the protocol's words."""
    if isinstance(error, RefusedByBroker):
        return CommandError(Code.INVALID, str(error))
    if isinstance(error, BrokerError):
        return CommandError(Code.UNAVAILABLE, str(error), retry_after=RETRY_AFTER)
    _log.error("publish_failed", exc_info=error)
    return CommandError(Code.INTERNAL, "the server failed", retry_after=RETRY_AFTER)


def _settle(sending: _Sending, future: asyncio.Future[Receipt]) -> None:
    """Answer a `send` whose fate is known."""
    session, fanout, number, started = sending
    session.sending -= 1
    error = None if future.cancelled() else future.exception()
    if future.cancelled():
        session.refuse(CommandError(Code.UNAVAILABLE, "the node stops", retry_after=RETRY_AFTER), number)
    elif error is not None:
        session.refuse(refusal_of(error), number)
    else:
        epoch, offset, duplicate = future.result()
        count(session.node.metrics, started)
        # The message itself is about to be flushed to its sender as well.
        sent = events.Sent(id=number, epoch=epoch, offset=offset, duplicate=duplicate)
        session.connection.queue(event(sent))
        fanout.flush_soon(session.connection)


def _settle_later(sending: _Sending, settled: Callable[[], None], future: asyncio.Future[Receipt]) -> None:
    _settle(sending, future)
    settled()
