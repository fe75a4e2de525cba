"""What this node publishes about its own users in one room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from service.cluster.roster import Changes, Move, Roster
from service.cluster.signals import PresenceChange, PresenceState

# Names in one signal: even with the longest names it is well below the size limit of a broker.
NAMES_PER_SIGNAL: Final = 500


class RoomPresence:
    """The presence of one room.

    Attributes:
        name: the room's name.
        roster: its users, on all nodes.
        stamp: the stamp of the last published change; 0 if the room has no users on this node.
        changed: called after the roster changed.
    """

    __slots__ = ("_on_unpublished", "_unpublished", "changed", "name", "roster", "stamp")

    def __init__(
        self, name: str, *, changed: Callable[[], None], on_unpublished: Callable[[RoomPresence], None]
    ) -> None:
        """Make an empty room; `on_unpublished` is called when there are changes to publish."""
        self.name = name
        self.roster = Roster()
        self.stamp = 0
        self.changed = changed
        self._on_unpublished = on_unpublished
        self._unpublished = Changes()

    def add(self, user: str, *, away: bool = False) -> None:
        """Add a connection of a user on this node."""
        self._record(user, self.roster.add(user, away=away))

    def remove(self, user: str, *, away: bool = False) -> None:
        """Remove a connection of a user on this node."""
        self._record(user, self.roster.remove(user, away=away))

    def turn(self, user: str, *, away: bool) -> None:
        """Record that a connection of a user on this node became away, or is back (PR6)."""
        self._record(user, self.roster.turn(user, away=away))

    def take_changes(self, node: str, next_stamp: Callable[[], int]) -> Iterator[PresenceChange]:
        """Return the changes since the last call, each part with the stamp of the part before it."""
        changes, self._unpublished = self._unpublished, Changes()
        # Joins before leaves: if the room becomes empty, it does so with the last part.
        for joined in in_parts(list(changes.joined), NAMES_PER_SIGNAL):
            yield self._change(node, next_stamp(), joined=joined)
        for away in in_parts(list(changes.away), NAMES_PER_SIGNAL):
            yield self._change(node, next_stamp(), away=away)
        # Those who left are no longer away either.
        for back in in_parts([user for user in changes.back if user not in changes.left], NAMES_PER_SIGNAL):
            yield self._change(node, next_stamp(), back=back)
        for left in in_parts(list(changes.left), NAMES_PER_SIGNAL):
            yield self._change(node, next_stamp(), left=left)
        if not self.roster.local:
            self.stamp = 0

    def skip_changes(self, next_stamp: Callable[[], int]) -> None:
        """Drop the changes since the last call, as if they were published."""
        if self._unpublished:
            self._unpublished = Changes()
            self.stamp = next_stamp() if self.roster.local else 0

    def state(self, node: str, at: int) -> Iterator[PresenceState]:
        """Return all users on this node, in parts. The changes must have been published before."""
        parts = list(in_parts(list(self.roster.local), NAMES_PER_SIGNAL)) or [[]]
        for number, users in enumerate(parts):
            yield PresenceState(
                node=node,
                stamp=self.stamp,
                at=at,
                part=number,
                parts=len(parts),
                users=users,
                away=self.roster.local_away(users),
            )

    def _record(self, user: str, move: Move) -> None:
        if move.before is not move.after:
            self._unpublished.record(user, move)
            self._on_unpublished(self)
            self.changed()

    def _change(self, node: str, stamp: int, **users: list[str]) -> PresenceChange:
        prev, self.stamp = self.stamp, stamp
        return PresenceChange(node=node, prev=prev, stamp=stamp, **users)


def in_parts(names: list[str], size: int) -> Iterator[list[str]]:
    """Split a list into parts of at most `size` names."""
    for start in range(0, len(names), size):
        yield names[start : start + size]
