"""What the suite needs of a broker: a maker, which opens a backbone, which makes nodes.

Nothing else of a broker is known to the suite, so anybody proves a broker by handing in its maker.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeAlias

import pytest

from brokers.base import Broker, Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a backbone can do in a test. What it can't is skipped, and the skip names the ability.

    Attributes:
        interruption: it can be taken away and given back.
        lost_answers: it can store an entry and lose the answer.
        bounded_size: it keeps `Retention.size`.
        largest_payload: bytes that it takes at once.
    """

    interruption: bool = False
    lost_answers: bool = False
    bounded_size: bool = True
    largest_payload: int = 1024 * 1024


class Backbone(ABC):
    """What joins the nodes of one test. It begins empty, and ends with its context."""

    abilities: Abilities = Abilities()

    @abstractmethod
    def node(self) -> Broker:
        """Make one more node, not started."""

    @abstractmethod
    async def elapse(self, seconds: float) -> None:
        """Let time pass: a clock of the test is set forward, that of a server is waited for."""

    async def interrupt(self) -> None:
        """Put the backbone out of reach of all nodes, those to come as well."""
        pytest.skip("needs interruption")

    async def restore(self) -> None:
        """Put it back in reach."""
        pytest.skip("needs interruption")

    def lose_answer(self) -> None:
        """Store what each node publishes next, but let it hear `Unavailable`."""
        pytest.skip("needs lost_answers")


Maker: TypeAlias = Callable[[Options], AbstractAsyncContextManager[Backbone]]
