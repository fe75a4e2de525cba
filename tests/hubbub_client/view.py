"""The view of a room, as the vectors describe it."""

from hubbub_client.sans_io.outbox import OutboxEntry, OutboxState
from hubbub_client.sans_io.room_machine import RoomMachine
from hubbub_protocol.events import Message


def view(room: RoomMachine) -> list[str]:
    """Return the messages and gaps of the room, and then its own messages in the outbox."""
    said = ["gap" if line is None else _line(line) for line in room.timeline.lines]
    return said + [_own_line(own) for own in room.outbox.messages]


def _line(message: Message) -> str:
    if message.deleted is not None:
        return f"{message.user}: (deleted)"
    edited = "" if message.edited is None else " (edited)"
    counts = [f" {reaction.emoji} {len(reaction.users)}" for reaction in message.reactions or []]
    if message.replies is not None:
        counts.append(f" (replies {message.replies.count})")
    return f"{message.user}: {message.text}{edited}{''.join(counts)}"


def _own_line(own: OutboxEntry) -> str:
    state = f"{own.state} {own.code}" if own.state is OutboxState.FAILED else str(own.state)
    return f"~ {own.key}: {own.text} ({state})"
