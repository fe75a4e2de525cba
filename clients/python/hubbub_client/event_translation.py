"""Translate the effects of the state machine to the events of the application."""

from hubbub_client.events import (
    Changed,
    Event,
    Failed,
    FoundMessages,
    Gap,
    Joined,
    MemberNames,
    Message,
    Position,
    Presence,
    ReadMarkMoved,
    Sent,
    Typing,
)
from hubbub_client.reasons import reason
from hubbub_client.sans_io import effects
from hubbub_protocol import events


def message_of(message: events.Message, head: Position | None) -> Message:
    """Translate a message; its epoch is that of the room's position."""
    epoch = "" if head is None else head.epoch
    reply_to = None if message.reply_to is None else Position(epoch=epoch, offset=message.reply_to)
    root = message.reply_to if message.thread is None else message.thread
    return Message(
        room=message.room,
        position=Position(epoch=epoch, offset=message.offset),
        key=message.key,
        user=message.user,
        user_id=message.user_id,
        text=message.text,
        at=message.at,
        kind=message.kind,
        reply_to=reply_to,
        thread=None if root is None else Position(epoch=epoch, offset=root),
        mentions=tuple(message.mentions or ()),
        event=message.event,
        files=tuple(message.files or ()),
        edited=message.edited,
        deleted=message.deleted,
        reactions=tuple(message.reactions or ()),
        changed=message.changed,
        replies=message.replies,
    )


def changed_of(change: events.Change, head: Position | None) -> Changed:
    """Translate a change; its epoch is that of the room's position."""
    epoch = "" if head is None else head.epoch
    return Changed(
        room=change.room,
        position=Position(epoch=epoch, offset=change.offset),
        target=Position(epoch=epoch, offset=change.target),
        change=change.change,
        key=change.key,
        user=change.user,
        user_id=change.user_id,
        kind=change.kind,
        at=change.at,
        text=change.text,
        emoji=change.emoji,
        mentions=tuple(change.mentions or ()),
    )


def found_of(page: effects.SearchPage) -> FoundMessages:
    """Translate a page of a search; each message has the position in its own epoch."""
    hits = (message_of(hit.message, Position(epoch=hit.epoch, offset=0)) for hit in page.hits)
    return FoundMessages(messages=tuple(hits), more=page.more)


def names_of(members: events.Members) -> MemberNames:
    """Translate members, or a page of them."""
    away = frozenset(members.away or ())
    return MemberNames(count=members.count, names=tuple(members.names), more=members.more, away=away)


def event_of(effect: effects.RoomEffect, position: Position | None) -> Event | None:
    """Translate an effect; None if it is the result of a call. `position` is the room's after the step."""
    match effect:
        case effects.MessageReceived():
            return message_of(effect.message, position)
        case effects.MessageChanged():
            return changed_of(effect.change, position)
        case effects.RoomJoined():
            return Joined(room=effect.room, position=effect.behind, recovered=effect.recovered)
        case effects.GapDetected():
            return Gap(room=effect.room)
        case _:
            return _translate_signal(effect)


def _translate_signal(effect: effects.RoomEffect) -> Event | None:
    match effect:
        case effects.PresenceChanged():
            return Presence(
                room=effect.room,
                count=effect.count,
                joined=effect.joined,
                left=effect.left,
                away=effect.away,
                back=effect.back,
            )
        case effects.TypingChanged():
            return Typing(room=effect.room, names=effect.names)
        case effects.ReadMarkChanged():
            return ReadMarkMoved(room=effect.room, mark=effect.mark)
        case effects.MessageStored() | effects.MessageFailed():
            return _translate_own(effect)
        case _:
            return None


def _translate_own(effect: effects.MessageStored | effects.MessageFailed) -> Event:
    if isinstance(effect, effects.MessageFailed):
        message = reason(effect.code, effect.message)
        return Failed(room=effect.room, key=effect.key, code=effect.code, message=message)
    at = Position(epoch=effect.epoch, offset=effect.offset)
    return Sent(room=effect.room, key=effect.key, position=at, duplicate=effect.duplicate)
