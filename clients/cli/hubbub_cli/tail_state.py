"""The position of `tail` in each room, kept in a file: the next `tail` resumes after it."""

import json
import os
from pathlib import Path
from typing import Final

from hubbub_cli.errors import BadInput
from hubbub_client.events import Position

_VERSION: Final = 1


class TailState:
    """The positions of some rooms, kept in a file. Each change is written atomically."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._positions: dict[str, Position] = {}

    @classmethod
    def load(cls, path: Path) -> "TailState":
        """Read the file; a missing file is empty.

        Raises:
            BadInput: it cannot be read, or is no state file.
        """
        state = cls(path)
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            for room, at in kept["rooms"].items():
                state._positions[room] = Position(epoch=str(at["epoch"]), offset=int(at["offset"]))
        except FileNotFoundError:
            pass
        except OSError as error:
            raise BadInput(f"cannot read the state file {path}: {error.strerror}", code="state") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = f"invalid state file {path}: not written by hubbub-chat tail; delete it to start over"
            raise BadInput(reason, code="state") from error
        return state

    def get(self, room: str) -> Position | None:
        return self._positions.get(room)

    def reached(self, room: str, position: Position) -> None:
        """Record that everything up to this position was printed.

        Raises:
            BadInput: the file cannot be written.
        """
        self._positions[room] = position
        rooms = {name: {"epoch": at.epoch, "offset": at.offset} for name, at in self._positions.items()}
        try:
            self._write(json.dumps({"version": _VERSION, "rooms": rooms}))
        except OSError as error:
            raise BadInput(
                f"cannot write the state file {self._path}: {error.strerror}", code="state"
            ) from error

    def _write(self, text: str) -> None:
        """Write a temporary file and rename it: a crash leaves the old or the new state."""
        import tempfile

        number, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as beside:
                beside.write(text)
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
