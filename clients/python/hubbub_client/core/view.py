"""What a person would see of a room: the lines that the vectors speak of."""

from hubbub_client.core.outbox import Own, State
from hubbub_client.core.room import Room


def view(room: Room) -> list[str]:
    """Give the room's messages, its gaps, and behind them the own messages that are on their way."""
    said = ["gap" if line is None else f"{line.user}: {line.text}" for line in room.timeline.lines]
    return said + [_own_line(own) for own in room.outbox]


def _own_line(own: Own) -> str:
    state = f"{own.state} {own.code}" if own.state is State.FAILED else str(own.state)
    return f"~ {own.key}: {own.text} ({state})"
