"""The positions of a bot in its rooms, kept in a file."""

import os
import tempfile
from pathlib import Path

import msgspec

from hubbub_client.events import Position


class BotState:
    """Keeps positions; without a path, only while the bot runs."""

    def __init__(self, path: Path | None) -> None:
        """Read the file; a missing one is empty.

        Raises:
            ValueError: it is no file of a bot.
        """
        self._path = path
        self._positions: dict[str, Position] = {}
        if path is not None and path.exists():
            try:
                self._positions = msgspec.json.decode(path.read_bytes(), type=dict[str, Position])
            except msgspec.DecodeError as error:
                raise ValueError(f"{path} is no state of a bot; delete it to start over: {error}") from error

    def get(self, room: str) -> Position | None:
        return self._positions.get(room)

    def reached(self, room: str, position: Position) -> None:
        """Note that everything up to this position is handled. A crash leaves the old or the new state."""
        self._positions[room] = position
        if self._path is None:
            return
        number, beside = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(msgspec.json.encode(self._positions))
            Path(beside).replace(self._path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
