"""The place of an entry as one number: SQLite then stores the entries of an epoch side by side.

The number is the key of the table itself. A second index would make appending slower, and a page of history
would be many places in the file instead of one. A key of two columns would need a table without rowid, where
a payload of more than 1,000 bytes takes pages of its own.
"""

from __future__ import annotations

from typing import Final

_BITS: Final = 40
# More entries in one epoch, or more epochs in one archive, than SQLite is the right archive for.
MOST_OFFSET: Final = (1 << _BITS) - 1
MOST_EPOCH: Final = (1 << (63 - _BITS)) - 1


def position(epoch: int, offset: int) -> int:
    """Combine the id of an epoch and an offset; an offset beyond the epoch's end is that end."""
    return (epoch << _BITS) + min(offset, MOST_OFFSET + 1)


def end(epoch: int) -> int:
    """Return the number after the last position of an epoch."""
    return position(epoch, MOST_OFFSET + 1)
