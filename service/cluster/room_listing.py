"""List the open rooms of all nodes, by a query to each node: the list is stored nowhere.

A node receives only the signals of rooms that it is subscribed to. So each page of the list is one query to
the other nodes. Each answers with its own first rooms after the given name, and the page is the first of all
answers. If a room is open on several nodes, each of them knows all its users.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest

from service.cluster.cluster import Cluster
from service.cluster.signals import ListRooms, RoomEnd, RoomsListed
from service.identity.identity import RoomSet as Readable
from service.runtime.metrics import Metrics


@dataclass(slots=True, eq=False)
class RoomListPage:
    """Some rooms with the number of users in each, and their ends; `complete` if all nodes answered."""

    rooms: dict[str, int]
    more: bool
    complete: bool = True
    ends: dict[str, RoomEnd] = field(default_factory=dict)

    def merge(self, rooms: Mapping[str, int], ends: Mapping[str, RoomEnd], *, more: bool) -> None:
        """Add another node's rooms. Not every node has received everything yet: what is ahead wins."""
        for room, users in rooms.items():
            self.rooms[room] = max(users, self.rooms.get(room, 0))
        for room, end in ends.items():
            known = self.ends.get(room)
            if known is None or (end.at, end.offset) > (known.at, known.offset):
                self.ends[room] = end
        self.more = self.more or more

    def first(self, most: int) -> RoomListPage:
        """Return the first `most` rooms in alphabetical order."""
        first = dict(sorted(self.rooms.items())[:most])
        ends = {room: self.ends[room] for room in first if room in self.ends}
        return RoomListPage(first, self.more or len(first) < len(self.rooms), self.complete, ends)


@dataclass(slots=True, eq=False)
class _Query:
    page: RoomListPage
    waiting: set[str]
    done: asyncio.Event = field(default_factory=asyncio.Event)


class RoomListing:
    """Sends and answers queries for open rooms.

    Args:
        local_rooms: lists those of this node with their users.
        end_of: returns the end of one of them; None if it has no entry.
    """

    def __init__(
        self,
        cluster: Cluster,
        metrics: Metrics,
        local_rooms: Callable[[], Iterable[tuple[str, int]]],
        end_of: Callable[[str], RoomEnd | None],
        *,
        timeout: float,
    ) -> None:
        """Wait at most `timeout` seconds for the answers of the other nodes."""
        self._cluster = cluster
        self._metrics = metrics
        self._local_rooms = local_rooms
        self._end_of = end_of
        self._timeout = timeout
        self._number = 0
        self._queries: dict[int, _Query] = {}

    async def page(self, readable: Readable, after: str, most: int) -> RoomListPage:
        """Return up to `most` readable rooms after a name, in alphabetical order."""
        page, waiting = self._list_local(readable, after, most), self._cluster.live_nodes()
        if waiting:
            page.complete = await self._query(_Query(page, waiting), readable, after, most)
            self._metrics.listings_incomplete += not page.complete
        return page.first(most)

    def receive(self, signal: ListRooms | RoomsListed) -> None:
        """Answer another node's query, or add its answer."""
        if signal.node == self._cluster.name:
            return
        if isinstance(signal, ListRooms):
            readable = Readable(frozenset(signal.names), tuple(signal.beginnings))
            page = self._list_local(readable, signal.after, signal.most)
            self._cluster.publish(
                RoomsListed(
                    node=self._cluster.name,
                    to=signal.node,
                    number=signal.number,
                    rooms=page.rooms,
                    more=page.more,
                    ends=page.ends,
                )
            )
        elif signal.to == self._cluster.name and (query := self._queries.get(signal.number)):
            query.page.merge(signal.rooms, signal.ends, more=signal.more)
            query.waiting.discard(signal.node)
            if not query.waiting:
                query.done.set()

    async def _query(self, query: _Query, readable: Readable, after: str, most: int) -> bool:
        """Send a query to the other nodes; return whether all have answered in time."""
        self._number += 1
        number = self._number
        self._queries[number] = query
        self._cluster.publish(
            ListRooms(
                node=self._cluster.name,
                number=number,
                after=after,
                most=most,
                names=sorted(readable.names),
                beginnings=list(readable.prefixes),
            )
        )
        try:
            async with asyncio.timeout(self._timeout):
                await query.done.wait()
        except TimeoutError:
            return False
        else:
            return True
        finally:
            del self._queries[number]

    def _list_local(self, readable: Readable, after: str, most: int) -> RoomListPage:
        mine = ((room, users) for room, users in self._local_rooms() if room > after and room in readable)
        page = RoomListPage(dict(nsmallest(most + 1, mine)), more=False).first(most)
        page.ends = {room: end for room in page.rooms if (end := self._end_of(room)) is not None}
        return page
