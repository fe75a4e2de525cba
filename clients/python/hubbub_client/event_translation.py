"""From the core's effects to the application's events."""

from hubbub_client.events import (
    Event,
    Failed,
    Gap,
    Joined,
    MemberNames,
    Message,
    Position,
    Presence,
    Sent,
    Typing,
)
from hubbub_client.sans_io import effects
from hubbub_protocol import events


def message_of(message: events.Message, head: Position | None) -> Message:
    """Translate a message; its epoch is that of the room's position."""
    return Message(
        room=message.room,
        position=Position(epoch="" if head is None else head.epoch, offset=message.offset),
        key=message.key,
        user=message.user,
        text=message.text,
        at=message.at,
    )


def names_of(members: events.Members) -> MemberNames:
    """Translate members, or a page of them."""
    return MemberNames(count=members.count, names=tuple(members.names), more=members.more)


def event_of(effect: effects.RoomEffect, position: Position | None) -> Event | None:
    """Translate an effect; None if it's an answer to a call. `position` is the room's, behind the step."""
    match effect:
        case effects.Said():
            return message_of(effect.message, position)
        case effects.Joined():
            return Joined(room=effect.room, position=effect.behind, recovered=effect.recovered)
        case effects.Gap():
            return Gap(room=effect.room)
        case _:
            return _aside(effect)


def _aside(effect: effects.RoomEffect) -> Event | None:
    match effect:
        case effects.Presence():
            return Presence(room=effect.room, count=effect.count, joined=effect.joined, left=effect.left)
        case effects.Typing():
            return Typing(room=effect.room, names=effect.names)
        case effects.Stored() | effects.Failed():
            return _own(effect)
        case _:
            return None


def _own(effect: effects.Stored | effects.Failed) -> Event:
    if isinstance(effect, effects.Failed):
        return Failed(room=effect.room, key=effect.key, code=effect.code, message=effect.message)
    at = Position(epoch=effect.epoch, offset=effect.offset)
    return Sent(room=effect.room, key=effect.key, position=at, duplicate=effect.duplicate)
