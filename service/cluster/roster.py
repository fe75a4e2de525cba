"""The users of a room, and their changes: plain objects, without a loop or a socket.

A user is in a room while any of their connections is, on any node. Each node counts its own connections and
receives the users of the other nodes. The roster is kept by node, so that a lost node is removed as a whole.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Final, NamedTuple

from msgspec import Struct, field

# A client has a snapshot with a change of this user in it: the final state must be sent.
_ALWAYS_SEND: Final = -1


class UserState(Enum):
    """Whether a user is in a room, on one node or on all of them: away if all connections are (PR6)."""

    ABSENT = 0
    HERE = 1
    AWAY = 2


ABSENT: Final = UserState.ABSENT
HERE: Final = UserState.HERE
AWAY: Final = UserState.AWAY


class Move(NamedTuple):
    """The state of a user before and after a change."""

    before: UserState
    after: UserState


class Changes(Struct):
    """The joins and leaves since the last broadcast. A user who did both is not named (PR3).

    There is one exception: if a client received a snapshot of the members in between (`mark_snapshot`), only
    the final state corrects that snapshot. Then the user is named to all, which is no change for the other
    clients.

    Users who became away, and who are back, are recorded in the same manner (PR6). A user who leaves while
    away is back too, and one who joins away joins first: so the two pairs do not depend on each other.
    """

    # user → number of snapshots taken before the change
    joined: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    away: dict[str, int] = field(default_factory=dict)
    back: dict[str, int] = field(default_factory=dict)
    _snapshots: int = 0

    def __bool__(self) -> bool:
        return bool(self.joined or self.left or self.away or self.back)

    def record(self, user: str, move: Move) -> None:
        """Record what happened to a user."""
        before, after = move
        if before is ABSENT and not self.left:
            # As mostly, and each connection joins two rosters.
            self.joined[user] = self._snapshots
        elif before is ABSENT:
            self._record(user, self.left, self.joined)
        if after is AWAY:
            self._record(user, self.back, self.away)
        elif before is AWAY:
            self._record(user, self.away, self.back)
        if after is ABSENT:
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
        for before, now, then in (
            (self.joined, self.left, later.left),
            (self.left, self.joined, later.joined),
            (self.back, self.away, later.away),
            (self.away, self.back, later.back),
        ):
            for user, at in then.items():
                self._record(user, before, now)
                if at != later._snapshots and user in now:
                    now[user] = _ALWAYS_SEND


class Roster:
    """The users of one room: those with connections on this node, and those of the other nodes.

    Attributes:
        changes: the joins and leaves; the reader takes them and sets an empty object.
    """

    __slots__ = ("_away", "_local", "_local_away", "_nodes", "_remote", "_sorted", "changes")

    def __init__(self) -> None:
        # user → connections on this node, and those of them that are away
        self._local: dict[str, int] = {}
        self._local_away: dict[str, int] = {}
        # another node → its users
        self._remote: dict[str, dict[str, UserState]] = {}
        # user → number of nodes with connections, this one included, and of those on which the user is away
        self._nodes: dict[str, int] = {}
        self._away: dict[str, int] = {}
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

    def state(self, user: str) -> UserState:
        """Return the state of a user, on all nodes."""
        nodes = self._nodes.get(user)
        if nodes is None:
            return ABSENT
        return AWAY if self._away.get(user) == nodes else HERE

    def local_state(self, user: str) -> UserState:
        """Return the state of a user on this node."""
        connections = self._local.get(user)
        if connections is None:
            return ABSENT
        return AWAY if self._local_away.get(user) == connections else HERE

    def away(self, users: Iterable[str]) -> list[str]:
        """Return those of some users who are away."""
        return [user for user in users if self.state(user) is AWAY] if self._away else []

    def local_away(self, users: Iterable[str]) -> list[str]:
        """Return those of some users on this node who are away here."""
        return [user for user in users if self.local_state(user) is AWAY] if self._local_away else []

    def add(self, user: str, *, away: bool = False) -> Move:
        """Add a connection of a user; return what changed on this node."""
        return self._change(user, 1, int(away))

    def remove(self, user: str, *, away: bool = False) -> Move:
        """Remove a connection of a user; return what changed on this node."""
        return self._change(user, -1, -int(away))

    def turn(self, user: str, *, away: bool) -> Move:
        """Record that a connection of a user became away, or is back; return what changed on this node."""
        return self._change(user, 0, 1 if away else -1)

    def remote(self, node: str) -> AbstractSet[str]:
        """Return the users of another node."""
        return self._remote.get(node, {}).keys()

    def update(
        self,
        node: str,
        joined: Iterable[str],
        left: Iterable[str],
        away: Iterable[str] = (),
        back: Iterable[str] = (),
    ) -> None:
        """Apply joins and leaves on another node, and who is away there, or back."""
        users = self._remote.setdefault(node, {})
        self._move(users, joined, Move(ABSENT, HERE))
        self._move(users, away, Move(HERE, AWAY))
        self._move(users, back, Move(AWAY, HERE))
        self._move(users, left, Move(AWAY, ABSENT))
        self._move(users, left, Move(HERE, ABSENT))
        if not users:
            del self._remote[node]

    def replace(self, node: str, users: AbstractSet[str], away: AbstractSet[str] = frozenset()) -> None:
        """Replace the users of another node, and those who are away there."""
        before = self._remote.get(node, {})
        gone = {user for user, state in before.items() if state is AWAY}
        self.update(node, users - before.keys(), before.keys() - users, away - gone, gone - away)

    def page(self, after: str, limit: int) -> tuple[list[str], bool]:
        """Return up to `limit` users after `after` in alphabetical order, and whether there are more."""
        if self._sorted is None:
            self._sorted = sorted(self._nodes)
        start = bisect_right(self._sorted, after) if after else 0
        return self._sorted[start : start + limit], start + limit < len(self._sorted)

    def _move(self, there: dict[str, UserState], users: Iterable[str], move: Move) -> None:
        """Change the state on another node of those users who have the state before."""
        for user in users:
            if there.get(user, ABSENT) is move.before:
                if move.after is ABSENT:
                    del there[user]
                else:
                    there[user] = move.after
                self._moved(user, move)

    def _change(self, user: str, connections: int, away: int) -> Move:
        """Change the number of a user's connections on this node, and of those that are away."""
        before = self.local_state(user)
        if connections:
            _count(self._local, user, connections)
        if away:
            _count(self._local_away, user, away)
        move = Move(before, self.local_state(user))
        self._moved(user, move)
        return move

    def _moved(self, user: str, on_node: Move) -> None:
        """Count the nodes again, after the state of a user changed on one of them."""
        was, is_now = on_node
        if was is is_now:
            return
        before = self.state(user)
        if was is ABSENT or is_now is ABSENT:
            _count(self._nodes, user, 1 if was is ABSENT else -1)
        if was is AWAY or is_now is AWAY:
            _count(self._away, user, 1 if is_now is AWAY else -1)
        move = Move(before, self.state(user))
        if move.before is move.after:
            return
        if self._sorted is not None:
            if move.before is ABSENT:
                insort(self._sorted, user)
            elif move.after is ABSENT:
                del self._sorted[bisect_left(self._sorted, user)]
        self.changes.record(user, move)


def _count(counts: dict[str, int], user: str, step: int) -> None:
    """Change a count; remove it at zero."""
    count = counts.get(user, 0) + step
    if count:
        counts[user] = count
    else:
        del counts[user]
