"""Positions to and from JSON, for a program that resumes where it ended."""

import msgspec

from hubbub_client.events import Position


def position_to_json(position: Position) -> str:
    """Return a position as one line of JSON: `{"epoch":"…","offset":41}`."""
    return msgspec.json.encode(position).decode()


def position_from_json(text: str | bytes) -> Position:
    """Return a position from its JSON.

    Raises:
        ValueError: it is not the JSON of a position.
    """
    try:
        return msgspec.json.decode(text, type=Position)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not a position: {error}") from error
