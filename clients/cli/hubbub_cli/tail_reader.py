"""Follow some rooms: one task reads each room, and one prints all of them."""

import asyncio
from collections.abc import Iterable, Sequence

from hubbub_cli.connection import enter
from hubbub_cli.race import race
from hubbub_cli.recent_messages import HistoryStart, events_so_far, recent_messages
from hubbub_cli.tail_printer import Printed, TailPrinter
from hubbub_cli.tail_state import TailState
from hubbub_client import Changed, Client, Event, Gap, Joined, Message, Position, Presence, Room


class TailReader:
    """Reads the rooms. A room in the state file resumes there, others start with their last messages."""

    def __init__(
        self,
        rooms: Iterable[str],
        start: HistoryStart,
        state: TailState | None,
        printer: TailPrinter,
        *,
        follow: bool,
    ) -> None:
        self._rooms = list(rooms)
        self._start = start
        self._state = state
        self._printer = printer
        self._follow = follow
        # Only one: the SDK queues the events of a slow reader, and bounds them.
        self._queue: asyncio.Queue[Printed | None] = asyncio.Queue(1)

    async def run(self, chat: Client, limit: float) -> None:
        """Print until the rooms or the limits end."""
        rooms = [await self._enter(chat, name, limit) for name in self._rooms]
        await race(self._printer.run(self._queue), self._read(rooms))

    async def _enter(self, chat: Client, name: str, limit: float) -> Room:
        since = self._state.get(name) if self._state is not None else None
        return await enter(chat, name, limit, since)

    async def _read(self, rooms: list[Room]) -> None:
        async with asyncio.TaskGroup() as tasks:
            for room in rooms:
                tasks.create_task(self._read_room(room))
        await self._queue.put(None)
        await asyncio.get_running_loop().create_future()  # the printer ends the race

    async def _read_room(self, room: Room) -> None:
        known = self._state is not None and self._state.get(room.name) is not None
        for event in await events_so_far(room, since=True) if known else await self._begin(room):
            await self._enqueue(event)
        if self._follow:
            async for event in room:
                await self._enqueue(event)

    async def _begin(self, room: Room) -> Sequence[Event]:
        """Return where the room begins, for the state, and the last messages: older ones count as printed."""
        messages = await recent_messages(room, self._start)
        if not messages:
            return [] if room.position is None else [_joined(room, room.position)]
        first = messages[0].position
        return [_joined(room, Position(epoch=first.epoch, offset=first.offset - 1)), *messages]

    async def _enqueue(self, event: Event) -> None:
        if isinstance(event, Message | Changed | Gap | Joined | Presence):
            await self._queue.put(event)


def _joined(room: Room, position: Position) -> Joined:
    return Joined(room=room.name, position=position, recovered=True)
