"""The topic of a room: what a moderator says that it is about (TP1-TP3).

The topic in force is an action of moderation, which all nodes know; the room has a message about the change.
"""

from __future__ import annotations

from functools import partial
from time import perf_counter, time
from typing import Final

from brokers.base import Receipt
from brokers.errors import BrokerError
from hubbub_protocol import Code, events
from hubbub_protocol.commands import SetTopic
from service.identity.identity import Identity
from service.moderation.actions import ModerationAction
from service.moderation.moderation import TooManyActions
from service.node import Node
from service.rooms.room import Room
from service.sessions import send
from service.sessions.errors import CommandError, rate_limited
from service.sessions.idempotency import new_key
from service.sessions.session import Deferred, Session
from service.wire.messages import MessagePayload

# Characters of a topic.
MAX_TOPIC: Final = 250


def set_topic(session: Session, command: SetTopic) -> Deferred:
    """Set or remove the topic of a room, if the user moderates it."""
    identity = session.require_identity()
    room = session.require_room(command.room)
    if not identity.may_moderate(room.name):
        raise CommandError(
            Code.FORBIDDEN, "No permission to moderate this room: its moderators set the topic."
        )
    topic = checked(command.text)
    wait = session.take_send(identity, topic)
    if wait:
        raise rate_limited("send", wait)
    if not room.log.end:
        send.begin(session.node, identity, session.connection.address, room)
    return partial(_set_topic, session, command, room, identity, topic)


async def _set_topic(session: Session, command: SetTopic, room: Room, identity: Identity, topic: str) -> None:
    try:
        epoch, offset, duplicate = await change(
            session.node, identity, room.name, topic, f"set by {identity.user}"
        )
    except BrokerError as error:
        raise send.to_command_error(error) from error
    session.write_event(events.Sent(id=command.id, epoch=epoch, offset=offset, duplicate=duplicate))


def checked(text: str) -> str:
    """Return a topic without white space around it.

    Raises:
        CommandError: it is too long, or has several lines.
    """
    topic = text.strip()
    if len(topic) > MAX_TOPIC:
        raise CommandError(
            Code.TOO_LONG,
            f"The topic is too long: it has {len(topic)} characters, {MAX_TOPIC} are allowed.",
        )
    if len(topic.splitlines()) > 1:
        raise CommandError(Code.INVALID, "Invalid `text`: a topic is one line.")
    return topic


async def change(node: Node, identity: Identity, room: str, topic: str, reason: str) -> Receipt:
    """Bring a topic into force on all nodes, and store the message about it.

    Raises:
        CommandError: too many topics, bans and closed rooms are in force.
        BrokerError: it is not stored, or not known to be.
    """
    now = int(time() * 1000)
    try:
        await node.moderation.act(ModerationAction("topic", room, now, reason, kind="room", text=topic))
    except TooManyActions as error:
        raise CommandError(Code.INVALID, f"{error}.") from error
    started = perf_counter()
    message = MessagePayload(
        key=new_key(),
        user=identity.user,
        user_id=identity.id,
        kind=identity.kind,
        text=topic,
        at=now,
        event="topic",
    )
    receipt = await send.publish(node, identity, room, message)
    send.count_stored(node.metrics, started)
    return receipt
