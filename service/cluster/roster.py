"""Who is in a room: plain objects, without a loop or a socket.

A user is in a room while any of their connections is, on any node. Each node counts its own connections and
is told of the others' users, so the roster is kept by node and what a node told can be forgotten whole.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

# Somebody was shown a change of this user ahead of being told of it: what is true in the end must be told.
_SEEN: Final = -1


@dataclass(slots=True)
class Changes:
    """Who came and who went since these were last told. Who did both isn't named (PR3).

    But if somebody was shown who is here between the two (`show`), only what is true in the end puts that
    right: then it's named for all. To the others it's no news.
    """

    # user → how often it had been shown who is here
    joined: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    _shown: int = 0

    def __bool__(self) -> bool:
        return bool(self.joined or self.left)

    def came(self, user: str) -> None:
        """Note that a user came."""
        self._turn(user, self.left, self.joined)

    def went(self, user: str) -> None:
        """Note that a user went."""
        self._turn(user, self.joined, self.left)

    def _turn(self, user: str, before: dict[str, int], now: dict[str, int]) -> None:
        shown = before.pop(user, None)
        if shown is None:
            now[user] = self._shown
        elif shown != self._shown:
            now[user] = _SEEN

    def show(self) -> None:
        """Note that somebody is shown who is here."""
        self._shown += 1

    def add(self, later: Changes) -> None:
        """Take in what happened after these."""
        for user, at in later.left.items():
            self.went(user)
            if at != later._shown and user in self.left:
                self.left[user] = _SEEN
        for user, at in later.joined.items():
            self.came(user)
            if at != later._shown and user in self.joined:
                self.joined[user] = _SEEN


class Roster:
    """The users of one room: those with connections here, and those of whom other nodes told.

    Attributes:
        changes: who came into the room and who went, since somebody last took these away.
    """

    __slots__ = ("_here", "_nodes", "_sorted", "_there", "changes")

    def __init__(self) -> None:
        # user → connections on this node
        self._here: dict[str, int] = {}
        # another node → the users there
        self._there: dict[str, set[str]] = {}
        # user → nodes on which they are, this one included
        self._nodes: dict[str, int] = {}
        # Kept sorted once somebody asked for it: sorting for each who asks would cost a full room dearly, and
        # where nobody ever asks (of the names in use there may be a million) so would keeping it.
        self._sorted: list[str] | None = None
        self.changes = Changes()

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def here(self) -> Iterable[str]:
        """List the users with connections on this node."""
        return self._here.keys()

    def arrive(self, user: str) -> bool:
        """Count one more connection of a user; tell whether it's the first on this node."""
        count = self._here.get(user, 0)
        self._here[user] = count + 1
        if not count:
            self._came(user)
        return not count

    def depart(self, user: str) -> bool:
        """Count one connection of a user less; tell whether it was the last on this node."""
        count = self._here[user] - 1
        if count:
            self._here[user] = count
            return False
        del self._here[user]
        self._went(user)
        return True

    def there(self, node: str) -> AbstractSet[str]:
        """List the users of whom another node told."""
        return self._there.get(node, frozenset())

    def move(self, node: str, joined: Iterable[str], left: Iterable[str]) -> None:
        """Take in who came and who went on another node."""
        users = self._there.setdefault(node, set())
        for user in joined:
            if user not in users:
                users.add(user)
                self._came(user)
        for user in left:
            if user in users:
                users.remove(user)
                self._went(user)
        if not users:
            del self._there[node]

    def replace(self, node: str, users: AbstractSet[str]) -> None:
        """Take in who is on another node, and nobody else is."""
        before = self.there(node)
        self.move(node, users - before, before - users)

    def page(self, after: str, limit: int) -> tuple[list[str], bool]:
        """List up to `limit` users behind `after` by alphabet, and whether there are others behind them."""
        if self._sorted is None:
            self._sorted = sorted(self._nodes)
        start = bisect_right(self._sorted, after) if after else 0
        return self._sorted[start : start + limit], start + limit < len(self._sorted)

    def _came(self, user: str) -> None:
        count = self._nodes.get(user, 0)
        self._nodes[user] = count + 1
        if not count:
            if self._sorted is not None:
                insort(self._sorted, user)
            self.changes.came(user)

    def _went(self, user: str) -> None:
        count = self._nodes[user] - 1
        if count:
            self._nodes[user] = count
            return
        del self._nodes[user]
        if self._sorted is not None:
            del self._sorted[bisect_left(self._sorted, user)]
        self.changes.went(user)
