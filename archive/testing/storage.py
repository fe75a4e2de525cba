"""What the suite needs of an archive: a maker, which opens a storage, which makes archives.

Nothing else of an archive is known to the suite, so any archive is proven by handing in its maker.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import TypeAlias

import pytest

from archive.base import Archive, ArchiveOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageAbilities:
    """What a storage can do in a test. What it can't is skipped, and the skip names the ability.

    Attributes:
        crash: it can be left as a killed process leaves it.
        refusal: it can refuse writes, and accept them again.
        one_owner: a second archive on it is refused.
    """

    crash: bool = False
    refusal: bool = False
    one_owner: bool = False


@dataclass(slots=True)
class Clock:
    """A clock that a test advances: seconds since 1970."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Storage(ABC):
    """Where the archives of one test are. It begins empty, and ends with its context."""

    abilities: StorageAbilities = StorageAbilities()

    def __init__(self, options: ArchiveOptions) -> None:
        self.clock = Clock()
        self.options = replace(options, clock=self.clock)

    @abstractmethod
    def archive(self) -> Archive:
        """Make one more archive on it, not started."""

    def crash(self) -> None:
        """Leave the archives made so far, as a killed process does. Those made from now on find the data."""
        pytest.skip("needs crash")

    def refuse_writes(self) -> None:
        """Refuse writes from now on."""
        pytest.skip("needs refusal")

    def accept_writes(self) -> None:
        """Accept writes again."""
        pytest.skip("needs refusal")


ArchiveMaker: TypeAlias = Callable[[ArchiveOptions], AbstractAsyncContextManager[Storage]]
