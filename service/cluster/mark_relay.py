"""Read marks that moved: reported to the user's connections on all nodes, at most once.

A connection that misses one gets the mark when it joins the room again.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from service.cluster.cluster import Cluster
from service.cluster.signals import MarksMoved, MovedMark

# How long marks are gathered before they are published to the other nodes (seconds).
PUBLISH_DELAY: Final = 0.25
# Marks that are gathered; further ones replace the oldest. And marks of one signal.
MAX_GATHERED: Final = 10_000
MARKS_PER_SIGNAL: Final = 200


class MarkReceiver(Protocol):
    """A connection of a user with read marks."""

    def mark_moved(self, moved: MovedMark) -> None:
        """Report that a mark of the user moved."""


class MarkRelay:
    """Knows the connections of this node whose users have marks, and publishes the moves."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._receivers: dict[str, dict[MarkReceiver, None]] = {}
        self._gathered: dict[tuple[str, str], MovedMark] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._receivers)

    def add(self, user: str, receiver: MarkReceiver) -> None:
        """Report the marks of a user to a connection from now on."""
        self._receivers.setdefault(user, {})[receiver] = None

    def remove(self, user: str, receiver: MarkReceiver) -> None:
        """Report nothing to it any more."""
        receivers = self._receivers.get(user)
        if receivers is not None:
            receivers.pop(receiver, None)
            if not receivers:
                del self._receivers[user]

    def report(self, moved: MovedMark, origin: MarkReceiver | None) -> None:
        """Report a move to all connections of the user but the one that made it."""
        self._deliver(moved, origin)
        if not len(self._cluster):
            return
        key = moved.user, moved.room
        if key not in self._gathered and len(self._gathered) >= MAX_GATHERED:
            del self._gathered[next(iter(self._gathered))]
        self._gathered[key] = moved
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PUBLISH_DELAY, self._publish)

    def receive(self, signal: MarksMoved) -> None:
        """Report what moved on another node."""
        if signal.node != self._cluster.name:
            for moved in signal.marks:
                self._deliver(moved, None)

    def close(self) -> None:
        """Publish nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _publish(self) -> None:
        self._timer = None
        gathered, self._gathered = list(self._gathered.values()), {}
        for start in range(0, len(gathered), MARKS_PER_SIGNAL):
            some = gathered[start : start + MARKS_PER_SIGNAL]
            self._cluster.publish(MarksMoved(node=self._cluster.name, marks=some))

    def _deliver(self, moved: MovedMark, origin: MarkReceiver | None) -> None:
        for receiver in list(self._receivers.get(moved.user, ())):
            if receiver is not origin:
                receiver.mark_moved(moved)
