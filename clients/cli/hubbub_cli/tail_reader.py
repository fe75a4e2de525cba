"""Following some rooms: each is read by a task of its own, and one prints what comes."""

import asyncio
from collections.abc import Iterable, Sequence

from hubbub_cli.connection import enter
from hubbub_cli.race import race
from hubbub_cli.recent_messages import events_so_far, recent_messages
from hubbub_cli.tail_printer import Printed, TailPrinter
from hubbub_cli.tail_state import TailState
from hubbub_client import Client, Event, Gap, Joined, Message, Room


class TailReader:
    """The rooms to follow. One that the state knows goes on there, another begins with its last messages."""

    def __init__(
        self, rooms: Iterable[str], most: int, state: TailState | None, printer: TailPrinter, *, follow: bool
    ) -> None:
        self._rooms = list(rooms)
        self._most = most
        self._state = state
        self._printer = printer
        self._follow = follow
        # No longer, so that what a slow reader leaves waits in the SDK, which bounds it.
        self._queue: asyncio.Queue[Printed | None] = asyncio.Queue(1)

    async def run(self, chat: Client, limit: float) -> None:
        """Print until there is nothing more to print, or enough is printed."""
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
        await asyncio.get_running_loop().create_future()  # the printer ends it

    async def _read_room(self, room: Room) -> None:
        known = self._state is not None and self._state.get(room.name) is not None
        for event in await events_so_far(room, since=True) if known else await self._begin(room):
            await self._hand_on(event)
        if self._follow:
            async for event in room:
                await self._hand_on(event)

    async def _begin(self, room: Room) -> Sequence[Event]:
        """Read the last messages; what is not asked for counts as printed."""
        messages = await recent_messages(room, self._most)
        if not messages and room.position is not None:
            return [Joined(room=room.name, position=room.position, recovered=True)]
        return messages

    async def _hand_on(self, event: Event) -> None:
        if isinstance(event, Message | Gap | Joined):
            await self._queue.put(event)
