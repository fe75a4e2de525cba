"""Where `tail` was in each room, in a file: so that the next one goes on exactly behind it."""

import json
import os
import tempfile
from pathlib import Path
from typing import Final

from hubbub_cli.errors import BadInput
from hubbub_client.events import Position

_VERSION: Final = 1


class TailState:
    """The positions of some rooms, kept in a file. Each change is written whole, or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._positions: dict[str, Position] = {}

    @classmethod
    def load(cls, path: Path) -> "TailState":
        """Read the file; one that isn't there yet is empty.

        Raises:
            BadInput: it can't be read, or is not ours.
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
            reason = f"{path} is no state file of tail; delete it to begin anew"
            raise BadInput(reason, code="state") from error
        return state

    def get(self, room: str) -> Position | None:
        return self._positions.get(room)

    def reached(self, room: str, position: Position) -> None:
        """Remember that everything up to here was printed.

        Raises:
            BadInput: the file can't be written.
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
        """Write beside the file and put it in its place: a cut leaves the old one or the new one."""
        number, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as beside:
                beside.write(text)
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
