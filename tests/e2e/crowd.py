"""People who chat through real SDK clients, and what each of them saw and was promised."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from hubbub_client import Client, Gap, Message, Options, Receipt, Room

ROOM = "lobby"
# A node or a broker that starts again on a busy machine takes its time.
PATIENT = Options(within=60)


@dataclass(slots=True)
class Person:
    """One client, what it saw (a gap is None), and the receipts of what it said."""

    name: str
    client: Client
    room: Room
    seen: list[Message | None] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)

    async def read(self, changed: Callable[[], None]) -> None:
        """Note messages and gaps, for ever."""
        async for event in self.room:
            if isinstance(event, Message):
                self.seen.append(event)
            elif isinstance(event, Gap):
                self.seen.append(None)
            changed()

    async def talk(self, count: int, first: int = 0) -> None:
        """Say numbered things, each when the one before it is stored."""
        for number in range(first, first + count):
            text = f"{self.name} {number}"
            self.receipts[text] = await self.room.send(text)

    async def talk_until(self, enough: asyncio.Event, pause: float) -> None:
        """Say numbered things, each when the one before it is stored and `pause` seconds went by."""
        while not enough.is_set():
            text = f"{self.name} {len(self.receipts)}"
            self.receipts[text] = await self.room.send(text)
            await asyncio.sleep(pause)

    def messages(self) -> list[Message]:
        return [event for event in self.seen if event is not None]


class Crowd:
    """Several people in one room."""

    def __init__(self, people: list[Person]) -> None:
        self.people = people
        self._tick = asyncio.Event()

    def changed(self) -> None:
        self._tick.set()

    async def until(self, holds: Callable[[], bool], limit: float = 30) -> None:
        """Wait until something is true of what was seen."""
        async with asyncio.timeout(limit):
            while not holds():
                self._tick.clear()
                await self._tick.wait()

    async def seen(self, count: int) -> None:
        """Wait until all together saw so many things."""
        await self.until(lambda: sum(len(person.seen) for person in self.people) >= count)

    def nothing_lost_or_doubled(self) -> None:
        """Compare what everybody saw with what was said, and with what was acknowledged."""
        said = {text: receipt.position for person in self.people for text, receipt in person.receipts.items()}
        orders = [
            [(message.position, message.text) for message in person.messages()] for person in self.people
        ]
        for person, order in zip(self.people, orders, strict=True):
            assert None not in person.seen, "a gap where nothing was trimmed"
            assert order == orders[0]
            own = [text for _, text in order if text.split()[0] == person.name]
            assert own == list(person.receipts)
        assert len(orders[0]) == len(said)
        assert {text: position for position, text in orders[0]} == said


def crowd(url: str, size: int, options: Options = PATIENT) -> AbstractAsyncContextManager[Crowd]:
    """Bring people into a room for the time of the block."""
    return crowd_at(*[url] * size, options=options)


@asynccontextmanager
async def crowd_at(*urls: str, options: Options = PATIENT) -> AsyncIterator[Crowd]:
    """Bring people into a room for the time of the block, one by each of the ways there."""
    people: list[Person] = []
    async with asyncio.TaskGroup() as clients:
        for number, url in enumerate(urls):
            client = await Client(url, name=f"p{number}", options=options).__aenter__()
            people.append(Person(f"p{number}", client, await client.join(ROOM)))
        gathered = Crowd(people)
        readers = [clients.create_task(person.read(gathered.changed)) for person in people]
        try:
            yield gathered
        finally:
            for reader in readers:
                reader.cancel()
            for person in people:
                await person.client.__aexit__(None, None, None)
