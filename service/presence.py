"""Who is in a room: plain objects, without a loop or a socket.

A user is in a room while any of their connections is, on any node. Each node knows its own connections and is
told of the others' (design: "presence is a fact of nodes"), so the roster is kept by node and a node can be
forgotten whole.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field


class Roster:
    """The users of one room, by the nodes on which they are."""

    __slots__ = ("_nodes", "_sorted")

    def __init__(self) -> None:
        # user → node → connections there
        self._nodes: dict[str, dict[str, int]] = {}
        # Kept sorted all the time: sorting for each who asks would cost a full room dearly.
        self._sorted: list[str] = []

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, user: str) -> bool:
        return user in self._nodes

    def arrive(self, node: str, user: str) -> bool:
        """Count one more connection of a user; tell whether the user came with it."""
        nodes = self._nodes.get(user)
        if nodes is None:
            self._nodes[user] = {node: 1}
            insort(self._sorted, user)
            return True
        nodes[node] = nodes.get(node, 0) + 1
        return False

    def depart(self, node: str, user: str) -> bool:
        """Count one connection of a user less; tell whether the user went with it."""
        nodes = self._nodes.get(user)
        if nodes is None or node not in nodes:
            return False
        nodes[node] -= 1
        if nodes[node]:
            return False
        del nodes[node]
        return self._gone(user)

    def forget(self, node: str) -> list[str]:
        """Drop all that a node told; list the users that went with it."""
        there = [user for user, nodes in self._nodes.items() if nodes.pop(node, 0)]
        return [user for user in there if self._gone(user)]

    def page(self, after: str, limit: int) -> tuple[list[str], bool]:
        """List up to `limit` users behind `after` by alphabet, and whether there are others behind them."""
        start = bisect_right(self._sorted, after) if after else 0
        return self._sorted[start : start + limit], start + limit < len(self._sorted)

    def _gone(self, user: str) -> bool:
        if self._nodes[user]:
            return False
        del self._nodes[user]
        del self._sorted[bisect_left(self._sorted, user)]
        return True


@dataclass(slots=True)
class Changes:
    """Who came and who went since these were last told. Who did both isn't named (PR3)."""

    joined: dict[str, None] = field(default_factory=dict)
    left: dict[str, None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.joined or self.left)

    def came(self, user: str) -> None:
        """Note that a user came."""
        if user in self.left:
            del self.left[user]
        else:
            self.joined[user] = None

    def went(self, user: str) -> None:
        """Note that a user went."""
        if user in self.joined:
            del self.joined[user]
        else:
            self.left[user] = None

    def add(self, later: Changes) -> None:
        """Take in what happened after these."""
        for user in later.left:
            self.went(user)
        for user in later.joined:
            self.came(user)
