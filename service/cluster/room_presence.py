"""What this node tells the others of its own users in one room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from service.cluster.roster import Changes, Roster
from service.cluster.signals import Moved, State

# Names in one signal: with the longest names still well below what a broker takes in one message.
NAMES_AT_ONCE: Final = 500


class RoomPresence:
    """A room, as far as presence is concerned.

    Attributes:
        name: the room's.
        roster: who is in it, on all nodes.
        stamp: that of what this node last told of it; 0 when nobody is there any more.
        changed: called after the roster changed.
    """

    __slots__ = ("_told", "_unsaid", "changed", "name", "roster", "stamp")

    def __init__(
        self, name: str, *, changed: Callable[[], None], told: Callable[[RoomPresence], None]
    ) -> None:
        """Make a topic; `told` is called when there is something to `say`."""
        self.name = name
        self.roster = Roster()
        self.stamp = 0
        self.changed = changed
        self._told = told
        self._unsaid = Changes()

    def arrive(self, user: str) -> None:
        """Count one more connection of a user on this node."""
        if self.roster.arrive(user):
            self._unsaid.came(user)
            self._told(self)
            self.changed()

    def depart(self, user: str) -> None:
        """Count one connection of a user on this node less."""
        if self.roster.depart(user):
            self._unsaid.went(user)
            self._told(self)
            self.changed()

    def say(self, node: str, next_stamp: Callable[[], int]) -> Iterator[Moved]:
        """Tell what changed since this was last called, each part with the stamp of the one before."""
        changes, self._unsaid = self._unsaid, Changes()
        # Who came ahead of who went: so the room is empty behind the last part only, if at all.
        for joined in in_parts(list(changes.joined), NAMES_AT_ONCE):
            yield self._moved(node, next_stamp(), joined, [])
        for left in in_parts(list(changes.left), NAMES_AT_ONCE):
            yield self._moved(node, next_stamp(), [], left)
        if not self.roster.here:
            self.stamp = 0

    def state(self, node: str, at: int) -> Iterator[State]:
        """Tell all users on this node. What changed must have been said before."""
        parts = list(in_parts(list(self.roster.here), NAMES_AT_ONCE)) or [[]]
        for number, users in enumerate(parts):
            yield State(node=node, stamp=self.stamp, at=at, part=number, parts=len(parts), users=users)

    def _moved(self, node: str, stamp: int, joined: list[str], left: list[str]) -> Moved:
        prev, self.stamp = self.stamp, stamp
        return Moved(node=node, prev=prev, stamp=stamp, joined=joined, left=left)


def in_parts(names: list[str], most: int) -> Iterator[list[str]]:
    """Cut a list into parts of `most` at most."""
    for start in range(0, len(names), most):
        yield names[start : start + most]
