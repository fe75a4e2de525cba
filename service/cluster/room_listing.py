"""Which rooms are open, on all nodes: asked of them when somebody wants to know, and kept nowhere.

A node hears only of the rooms that it's subscribed to, for of all others it has no use. So each page of the
list is one question to the nodes that are heard of. Each answers with the first of its own behind the place
asked for, and the first of all those are the page; of a room that is open on several, each knows all users.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest

from service.cluster.cluster import Cluster
from service.cluster.signals import ListRooms, RoomsListed
from service.identity.identity import RoomSet as Readable
from service.runtime.metrics import Metrics


@dataclass(slots=True, eq=False)
class RoomListPage:
    """Some rooms with the number of users in each; `complete` if all nodes answered."""

    rooms: dict[str, int]
    more: bool
    complete: bool = True

    def add(self, rooms: Mapping[str, int], *, more: bool) -> None:
        """Take in what another node has. Not all know of all users yet: the most is nearest to the truth."""
        for room, users in rooms.items():
            self.rooms[room] = max(users, self.rooms.get(room, 0))
        self.more = self.more or more

    def cut(self, most: int) -> RoomListPage:
        """Keep the first so many by alphabet."""
        first = dict(sorted(self.rooms.items())[:most])
        return RoomListPage(first, self.more or len(first) < len(self.rooms), self.complete)


@dataclass(slots=True, eq=False)
class _Question:
    page: RoomListPage
    waiting: set[str]
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class RoomListing:
    """Asks and answers which rooms are open; `here` lists those of this node, with all users of each."""

    def __init__(
        self,
        cluster: Cluster,
        metrics: Metrics,
        here: Callable[[], Iterable[tuple[str, int]]],
        *,
        timeout: float,
    ) -> None:
        """Wait `timeout` seconds for the answers of the other nodes."""
        self._cluster = cluster
        self._metrics = metrics
        self._here = here
        self._timeout = timeout
        self._number = 0
        self._questions: dict[int, _Question] = {}

    async def page(self, readable: Readable, after: str, most: int) -> RoomListPage:
        """List up to so many rooms behind a name, by alphabet, of those that may be read."""
        page, waiting = self._look(readable, after, most), self._cluster.awake()
        if waiting:
            page.complete = await self._ask(_Question(page, waiting), readable, after, most)
            self._metrics.listings_incomplete += not page.complete
        return page.cut(most)

    def hear(self, signal: ListRooms | RoomsListed) -> None:
        """Answer another node, or take its answer."""
        if signal.node == self._cluster.name:
            return
        if isinstance(signal, ListRooms):
            readable = Readable(frozenset(signal.names), tuple(signal.beginnings))
            page = self._look(readable, signal.after, signal.most)
            self._cluster.tell(
                RoomsListed(
                    node=self._cluster.name,
                    to=signal.node,
                    number=signal.number,
                    rooms=page.rooms,
                    more=page.more,
                )
            )
        elif signal.to == self._cluster.name and (question := self._questions.get(signal.number)):
            question.page.add(signal.rooms, more=signal.more)
            question.waiting.discard(signal.node)
            if not question.waiting:
                question.answered.set()

    async def _ask(self, question: _Question, readable: Readable, after: str, most: int) -> bool:
        """Put a question to the other nodes; tell whether all have answered in time."""
        self._number += 1
        number = self._number
        self._questions[number] = question
        self._cluster.tell(
            ListRooms(
                node=self._cluster.name,
                number=number,
                after=after,
                most=most,
                names=sorted(readable.names),
                beginnings=list(readable.beginnings),
            )
        )
        try:
            async with asyncio.timeout(self._timeout):
                await question.answered.wait()
        except TimeoutError:
            return False
        else:
            return True
        finally:
            del self._questions[number]

    def _look(self, readable: Readable, after: str, most: int) -> RoomListPage:
        mine = ((room, users) for room, users in self._here() if room > after and room in readable)
        return RoomListPage(dict(nsmallest(most + 1, mine)), more=False).cut(most)
