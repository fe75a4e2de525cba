"""Where users receive pushes: the subscriptions of their browsers (A20)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import NamedTuple


class PushSubscription(NamedTuple):
    """A browser of a user: the endpoint of its push service, and when it was stored (ms since 1970).

    `details` are for the caller, such as the keys of the browser. The archive does not read them.
    """

    user: str
    endpoint: str
    details: bytes
    at: int


class PushSubscriptions(ABC):
    """The subscriptions of all users, by endpoint (A20)."""

    @abstractmethod
    async def add(self, subscription: PushSubscription, *, most_per_user: int, most: int, since: int) -> bool:
        """Store a subscription, or replace the one with its endpoint; return False if there are too many.

        First, all that were stored ahead of `since` are removed. A new one is refused if `most` are stored.
        Of the user, the `most_per_user` that were stored last are kept. Several nodes that add at the same
        time may exceed `most` by their number.
        """

    @abstractmethod
    async def of(self, users: Iterable[str], *, since: int) -> list[PushSubscription]:
        """Read the subscriptions of some users that were stored at `since` or later."""

    @abstractmethod
    async def remove(self, user: str, endpoint: str) -> None:
        """Remove a subscription, if it is the user's."""

    @abstractmethod
    async def forget(self, user: str) -> None:
        """Remove the subscriptions of a user."""
