"""Define what the suite needs: a maker opens a backbone, which creates nodes.

The suite knows nothing else about a broker, so it tests any broker that comes with a maker.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeAlias

import pytest

from brokers.base import Broker, BrokerOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a backbone can do in a test. Tests that need another ability are skipped.

    Attributes:
        interruption: it can be interrupted and restored.
        lost_answers: it can store an entry and drop the reply.
        refused_writes: it can refuse writes, and accept them again.
        bounded_size: it enforces `Retention.size`.
        bounded_rooms: it enforces `Retention.rooms`.
        counted: it can count what it stores.
        largest_payload: the maximum payload in bytes.
    """

    interruption: bool = False
    lost_answers: bool = False
    refused_writes: bool = False
    bounded_size: bool = True
    bounded_rooms: bool = True
    counted: bool = False
    largest_payload: int = 1024 * 1024


class Backbone(ABC):
    """The backbone of one test. It is empty at first, and ends with its context."""

    abilities: Abilities = Abilities()

    @abstractmethod
    def node(self) -> Broker:
        """Create another node, not started."""

    @abstractmethod
    async def elapse(self, seconds: float) -> None:
        """Let time pass: advance the test's clock, or wait for the server's."""

    async def stored(self) -> int:
        """Count the keys, messages or rows that are stored for all rooms."""
        pytest.skip("needs counted")

    async def interrupt(self) -> None:
        """Make the backbone unreachable for all nodes, including later ones."""
        pytest.skip("needs interruption")

    async def restore(self) -> None:
        """Make it reachable again."""
        pytest.skip("needs interruption")

    def lose_answer(self) -> None:
        """Store what each node publishes next, but drop the reply: the node raises `Unavailable`."""
        pytest.skip("needs lost_answers")

    async def refuse_writes(self) -> None:
        """Refuse everything that stores, and allow the rest."""
        pytest.skip("needs refused_writes")

    async def accept_writes(self) -> None:
        """Accept writes again."""
        pytest.skip("needs refused_writes")


Maker: TypeAlias = Callable[[BrokerOptions], AbstractAsyncContextManager[Backbone]]
