"""Other users of a room, without a program of their own."""

import asyncio

from hubbub_client import Client, Message
from tests.hubbub_cli.server import Server


def say(server: Server, room: str, *texts: str, name: str = "bob") -> None:
    """Send each text, and wait until it is stored."""

    async def talk() -> None:
        async with Client(server.url, name=name) as chat:
            here = await chat.join(room)
            for text in texts:
                await here.send(text)

    asyncio.run(talk())


def history(server: Server, room: str) -> list[str]:
    """Read all messages."""

    async def read() -> list[str]:
        texts: list[str] = []
        async with Client(server.url) as chat:
            here = await chat.join(room, history=True)
            async for event in here:
                if isinstance(event, Message):
                    texts.append(event.text)
                if getattr(event, "position", None) == here.position:
                    break
            while (page := await here.older()).messages:
                texts[:0] = [message.text for message in page.messages]
        return texts

    return asyncio.run(read())


def wait_for_member(server: Server, room: str, name: str) -> None:
    """Wait until a user is in the room."""

    async def wait() -> None:
        async with Client(server.url) as chat:
            here = await chat.join(room)
            while name not in here.members.names:
                await anext(here)

    asyncio.run(wait())


def wait_for_messages(server: Server, room: str, count: int) -> list[str]:
    """Wait until the room has some messages; return their texts."""

    async def wait() -> list[str]:
        texts: list[str] = []
        async with Client(server.url) as chat:
            here = await chat.join(room, history=True)
            while len(texts) < count:
                event = await anext(here)
                texts += [event.text] if isinstance(event, Message) else []
        return texts

    return asyncio.run(wait())
