"""A node with a wall clock that can be set: `python -m tests.faults.clock FILE`.

The service has no code for this: `time.time` is replaced before it is imported. The monotonic clock stays, as
it does when an administrator, or NTP, sets the time of a real machine.
"""

from __future__ import annotations

import mmap
import struct
import sys
import time
from pathlib import Path
from typing import Final

_OFFSET: Final = struct.Struct("d")


def command(file: Path) -> tuple[str, ...]:
    """Return the Python command line of a node whose clock a file sets."""
    set_offset(file, 0.0)
    return "-m", "tests.faults.clock", str(file)


def set_offset(file: Path, seconds: float) -> None:
    """Set a clock by so many seconds against the machine's."""
    with file.open("r+b" if file.exists() else "wb") as opened:
        opened.write(_OFFSET.pack(seconds))


def install(file: Path) -> None:
    """Replace the wall clock of this process."""
    real = time.time
    with file.open("rb") as opened:
        shared = mmap.mmap(opened.fileno(), _OFFSET.size, access=mmap.ACCESS_READ)
    time.time = lambda: real() + _OFFSET.unpack_from(shared)[0]


if __name__ == "__main__":
    install(Path(sys.argv[1]))
    from service import __main__ as service

    sys.exit(service.main([]))
