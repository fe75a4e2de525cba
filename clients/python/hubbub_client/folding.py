"""Apply changes to the messages that an application keeps."""

from collections.abc import Iterable

from msgspec.structs import replace

from hubbub_client.events import Changed, Message
from hubbub_protocol import events, folding


def fold(message: Message, changes: Iterable[Changed]) -> Message:
    """Return a message as it is shown after some changes.

    They may come in any order and more than once. Those of other messages are ignored, and so are those that
    the message has already (`message.changed`).
    """
    epoch = message.position.epoch
    folded = folding.fold(
        _plain(message), (_plain_change(change) for change in changes if change.position.epoch == epoch)
    )
    return replace(
        message,
        text=folded.text,
        mentions=tuple(folded.mentions or ()),
        files=tuple(folded.files or ()),
        edited=folded.edited,
        deleted=folded.deleted,
        reactions=tuple(folded.reactions or ()),
        changed=folded.changed,
    )


def _plain(message: Message) -> events.Message:
    return events.Message(
        room=message.room,
        offset=message.position.offset,
        prev=0,
        key=message.key,
        user=message.user,
        text=message.text,
        at=message.at,
        mentions=list(message.mentions) or None,
        files=list(message.files) or None,
        edited=message.edited,
        deleted=message.deleted,
        reactions=list(message.reactions) or None,
        changed=message.changed,
    )


def _plain_change(change: Changed) -> events.Change:
    return events.Change(
        room=change.room,
        offset=change.position.offset,
        prev=0,
        change=change.change,
        target=change.target.offset,
        key=change.key,
        user=change.user,
        user_id=change.user_id,
        at=change.at,
        text=change.text,
        emoji=change.emoji,
        mentions=list(change.mentions) or None,
    )
