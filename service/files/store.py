"""The contract of a storage: what files need of a folder, or of a service that stores objects.

FS1  A name is 1 to 64 characters of `a-z 0-9 . -`. What is stored under one name is a *blob*.
FS2  `put` and `write` store a blob as a whole or not at all: a reader never sees a part of one.
FS3  Without `replace`, `put` and `write` store nothing under a name that is in use, and return False. Of
     several at the same time, one returns True.
FS4  After `put` or `write` has returned, every node reads the blob, also after a crash.
FS5  `read` yields the bytes of a range in order, in parts of bounded size. `get` is for small blobs.
FS6  `remove` removes a blob from every node. It does nothing if there is none.
FS7  `blobs` yields all blobs that are stored while it runs, at least once, and may yield others.
FS8  If the storage can't be read or written, each call raises `StoreUnavailable`. A call may be repeated.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

# The names of blobs (FS1), and the bytes of one part that is read (FS5).
NAME: Final = re.compile(r"[a-z0-9.-]{1,64}")
PART: Final = 65_536


class Blob(NamedTuple):
    """A stored blob: its name, its bytes, and when it was stored (seconds since 1970)."""

    name: str
    size: int
    at: float


class Store(ABC):
    """Stores blobs for all nodes."""

    @abstractmethod
    async def start(self) -> None:
        """Prepare the storage."""

    @abstractmethod
    async def put(self, name: str, content: bytes, *, replace: bool = False) -> bool:
        """Store a small blob; return whether it was stored."""

    @abstractmethod
    async def get(self, name: str) -> bytes | None:
        """Return a small blob; None if there is none."""

    @abstractmethod
    async def write(self, name: str, parts: AsyncIterator[bytes]) -> bool:
        """Store a blob of any size; return whether it was stored. An error of `parts` stores nothing."""

    @abstractmethod
    def read(self, name: str, start: int, size: int) -> AsyncIterator[bytes]:
        """Yield so many bytes of a blob, or as many as there are; nothing if there is none."""

    @abstractmethod
    async def remove(self, name: str) -> None:
        """Remove a blob."""

    @abstractmethod
    def blobs(self) -> AsyncIterator[Blob]:
        """Yield all blobs."""
