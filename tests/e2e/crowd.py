"""Users with real SDK clients, the messages that each one received, and their acknowledgements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from hubbub_client import Client, Gap, Message, Options, Room, SendReceipt

ROOM = "lobby"
# A restart of a node or a broker on a busy machine takes a while.
OPTIONS = Options(within=60)


@dataclass(slots=True)
class User:
    """One client, the messages that it received (a gap is None), and the receipts of those it sent."""

    name: str
    client: Client
    room: Room
    received: list[Message | None] = field(default_factory=list)
    receipts: dict[str, SendReceipt] = field(default_factory=dict)

    async def read(self, changed: Callable[[], None]) -> None:
        """Record messages and gaps, without end."""
        async for event in self.room:
            if isinstance(event, Message):
                self.received.append(event)
            elif isinstance(event, Gap):
                self.received.append(None)
            changed()

    async def send_numbered(self, count: int, first: int = 0) -> None:
        """Send numbered messages, each after the acknowledgement of the one before."""
        for number in range(first, first + count):
            text = f"{self.name} {number}"
            self.receipts[text] = await self.room.send(text)

    async def send_until(self, enough: asyncio.Event, pause: float) -> None:
        """Send numbered messages, each `pause` seconds after the acknowledgement of the one before."""
        while not enough.is_set():
            text = f"{self.name} {len(self.receipts)}"
            self.receipts[text] = await self.room.send(text)
            await asyncio.sleep(pause)

    def messages(self) -> list[Message]:
        return [event for event in self.received if event is not None]


class Crowd:
    """Several users in one room."""

    def __init__(self, users: list[User]) -> None:
        self.users = users
        self._tick = asyncio.Event()

    def changed(self) -> None:
        self._tick.set()

    async def until(self, holds: Callable[[], bool], limit: float = 30) -> None:
        """Wait until a condition on the received messages holds."""
        async with asyncio.timeout(limit):
            while not holds():
                self._tick.clear()
                await self._tick.wait()

    async def until_received(self, count: int) -> None:
        """Wait until all users together have received so many messages and gaps."""
        await self.until(lambda: sum(len(user.received) for user in self.users) >= count)

    def check_nothing_lost_or_duplicated(self) -> None:
        """Compare the messages that each user received with those that were acknowledged."""
        acknowledged = {
            text: receipt.position for user in self.users for text, receipt in user.receipts.items()
        }
        orders = [[(message.position, message.text) for message in user.messages()] for user in self.users]
        for user, order in zip(self.users, orders, strict=True):
            assert None not in user.received, "a gap where nothing was trimmed"
            assert order == orders[0]
            own = [text for _, text in order if text.split()[0] == user.name]
            assert own == list(user.receipts)
        assert len(orders[0]) == len(acknowledged)
        assert {text: position for position, text in orders[0]} == acknowledged


def crowd(url: str, size: int, options: Options = OPTIONS) -> AbstractAsyncContextManager[Crowd]:
    """Connect users to one room for the time of the block."""
    return crowd_at(*[url] * size, options=options)


@asynccontextmanager
async def crowd_at(*urls: str, options: Options = OPTIONS) -> AsyncIterator[Crowd]:
    """Connect users to one room for the time of the block, one for each URL."""
    users: list[User] = []
    async with asyncio.TaskGroup() as clients:
        for number, url in enumerate(urls):
            client = await Client(url, name=f"p{number}", options=options).__aenter__()
            users.append(User(f"p{number}", client, await client.join(ROOM)))
        gathered = Crowd(users)
        readers = [clients.create_task(user.read(gathered.changed)) for user in users]
        try:
            yield gathered
        finally:
            for reader in readers:
                reader.cancel()
            for user in users:
                await user.client.__aexit__(None, None, None)
