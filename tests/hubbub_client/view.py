"""The view of a room, as the vectors describe it."""

from hubbub_client.sans_io.outbox import OutboxEntry, OutboxState
from hubbub_client.sans_io.room_machine import RoomMachine


def view(room: RoomMachine) -> list[str]:
    """Return the messages and gaps of the room, and then its own messages in the outbox."""
    said = ["gap" if line is None else f"{line.user}: {line.text}" for line in room.timeline.lines]
    return said + [_own_line(own) for own in room.outbox]


def _own_line(own: OutboxEntry) -> str:
    state = f"{own.state} {own.code}" if own.state is OutboxState.FAILED else str(own.state)
    return f"~ {own.key}: {own.text} ({state})"
