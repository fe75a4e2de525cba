"""The users of a room, and their changes: plain objects, without a loop or a socket.

A user is in a room while any of their connections is, on any node. Each node counts its own connections and
receives the users of the other nodes. The roster is kept by node, so that a lost node is removed as a whole.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec import Struct, field

# A client has a snapshot with a change of this user in it: the final state must be sent.
_ALWAYS_SEND: Final = -1


class Changes(Struct):
    """The joins and leaves since the last broadcast. A user who did both is not named (PR3).

    There is one exception: if a client received a snapshot of the members in between (`mark_snapshot`), only
    the final state corrects that snapshot. Then the user is named to all, which is no change for the other
    clients.
    """

    # user → number of snapshots taken before the change
    joined: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    _snapshots: int = 0

    def __bool__(self) -> bool:
        return bool(self.joined or self.left)

    def add_join(self, user: str) -> None:
        """Record that a user joined."""
        if not self.left:
            # As mostly, and each connection joins two rosters.
            self.joined[user] = self._snapshots
        else:
            self._record(user, self.left, self.joined)

    def add_leave(self, user: str) -> None:
        """Record that a user left."""
        self._record(user, self.joined, self.left)

    def _record(self, user: str, before: dict[str, int], now: dict[str, int]) -> None:
        shown = before.pop(user, None)
        if shown is None:
            now[user] = self._snapshots
        elif shown != self._snapshots:
            now[user] = _ALWAYS_SEND

    def mark_snapshot(self) -> None:
        """Record that a client receives a snapshot of the members."""
        self._snapshots += 1

    def add(self, later: Changes) -> None:
        """Add the changes that followed these."""
        for user, at in later.left.items():
            self.add_leave(user)
            if at != later._snapshots and user in self.left:
                self.left[user] = _ALWAYS_SEND
        for user, at in later.joined.items():
            self.add_join(user)
            if at != later._snapshots and user in self.joined:
                self.joined[user] = _ALWAYS_SEND


class Roster:
    """The users of one room: those with connections on this node, and those of the other nodes.

    Attributes:
        changes: the joins and leaves; the reader takes them and sets an empty object.
    """

    __slots__ = ("_local", "_nodes", "_remote", "_sorted", "changes")

    def __init__(self) -> None:
        # user → connections on this node
        self._local: dict[str, int] = {}
        # another node → its users
        self._remote: dict[str, set[str]] = {}
        # user → number of nodes with connections, this one included
        self._nodes: dict[str, int] = {}
        # Sorted at the first `page`, and kept sorted from then on. Sorting at each call would be expensive in
        # a full room, and keeping it sorted where `page` is never called (a million user names) would be too.
        self._sorted: list[str] | None = None
        self.changes = Changes()

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, user: str) -> bool:
        return user in self._nodes

    @property
    def local(self) -> Iterable[str]:
        """The users with connections on this node."""
        return self._local.keys()

    def add(self, user: str) -> bool:
        """Add a connection of a user; return whether it is the first on this node."""
        count = self._local.get(user, 0)
        self._local[user] = count + 1
        if not count:
            self._user_joined(user)
        return not count

    def remove(self, user: str) -> bool:
        """Remove a connection of a user; return whether it was the last on this node."""
        count = self._local[user] - 1
        if count:
            self._local[user] = count
            return False
        del self._local[user]
        self._user_left(user)
        return True

    def remote(self, node: str) -> AbstractSet[str]:
        """Return the users of another node."""
        return self._remote.get(node, frozenset())

    def update(self, node: str, joined: Iterable[str], left: Iterable[str]) -> None:
        """Apply joins and leaves on another node."""
        users = self._remote.setdefault(node, set())
        for user in joined:
            if user not in users:
                users.add(user)
                self._user_joined(user)
        for user in left:
            if user in users:
                users.remove(user)
                self._user_left(user)
        if not users:
            del self._remote[node]

    def replace(self, node: str, users: AbstractSet[str]) -> None:
        """Replace the users of another node."""
        before = self.remote(node)
        self.update(node, users - before, before - users)

    def page(self, after: str, limit: int) -> tuple[list[str], bool]:
        """Return up to `limit` users after `after` in alphabetical order, and whether there are more."""
        if self._sorted is None:
            self._sorted = sorted(self._nodes)
        start = bisect_right(self._sorted, after) if after else 0
        return self._sorted[start : start + limit], start + limit < len(self._sorted)

    def _user_joined(self, user: str) -> None:
        count = self._nodes.get(user, 0)
        self._nodes[user] = count + 1
        if not count:
            if self._sorted is not None:
                insort(self._sorted, user)
            self.changes.add_join(user)

    def _user_left(self, user: str) -> None:
        count = self._nodes[user] - 1
        if count:
            self._nodes[user] = count
            return
        del self._nodes[user]
        if self._sorted is not None:
            del self._sorted[bisect_left(self._sorted, user)]
        self.changes.add_leave(user)
