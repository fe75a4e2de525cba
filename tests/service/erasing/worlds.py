"""A node on each kind of storage, and the files in which something erased must not be found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import redis.asyncio

from service.erasing.eraser import Erased, Eraser
from service.erasing.selection import Selection
from service.node import Node
from service.server import running
from service.settings.tuning import DEFAULTS
from tests.archive.postgres_storage import execute, new_database, url_of
from tests.contract.nats_server import NatsServer
from tests.contract.postgres_server import PostgresServer
from tests.contract.redis_server import RedisServer
from tests.contract.server import running as running_server
from tests.service.peer import Event, Peer
from tests.service.serving import quick, until

_QUICK: Final = replace(DEFAULTS, archive_turn=0.02, index_rest=0.01)


@dataclass
class World:
    """A running node, with a client that has joined the lobby.

    Attributes:
        clean: what an operator does so that servers free what was erased.
        folders: where the data are.
    """

    node: Node
    port: int
    clean: Callable[[], Any] | None = None
    folders: list[Path] = field(default_factory=list)

    @asynccontextmanager
    async def client(self, name: str, room: str = "lobby") -> AsyncIterator[Peer]:
        peer = await Peer.connect(self.port)
        await peer.upgrade()
        assert (await peer.ask("hello", name=name))["type"] == "welcome"
        assert (await peer.ask("join", room=room))["type"] == "joined"
        yield peer
        peer.disconnect()

    async def erase(self, **selection: Any) -> Erased:  # noqa: ANN401 - as the selection's fields
        archive = None if self.node.archiving is None else self.node.archiving.archive
        done = Erased()
        eraser = Eraser(self.node.broker, archive, self.node.rooms.names, self.node.settings.log_entries)
        await eraser.erase(Selection(**selection), done)
        return done

    async def indexed(self) -> None:
        """Wait until the archive has indexed everything."""
        archiving = self.node.archiving
        if archiving is not None:
            heads: dict[str, int] = {}
            while not heads or await archiving.archive.unindexed(limit=1):
                heads = {room: head.offset for room, head in (await archiving.archive.heads()).items()}
                await asyncio.sleep(0.02)

    async def found_in_files(self, text: str) -> list[str]:
        """Name the files that have a text, after what an operator does to free it."""
        if self.clean is not None:
            await self.clean()
        return await asyncio.to_thread(self._grep, text.encode())

    def _grep(self, text: bytes) -> list[str]:
        files = (file for folder in self.folders for file in folder.rglob("*") if file.is_file())
        return [str(file) for file in files if text in file.read_bytes()]


async def sent(peer: Peer, text: str, room: str = "lobby", **more: object) -> int:
    answer = await peer.ask("send", room=room, text=text, **more)
    assert answer["type"] == "sent", answer
    offset: int = answer["offset"]
    return offset


async def shown(peer: Peer, room: str = "lobby") -> list[Event]:
    """Return the messages of a room that were not deleted."""
    page = await peer.ask("history", room=room, before=2**53 - 1, limit=100)
    assert page["type"] == "page", page
    return [message for message in page["messages"] if "deleted" not in message]


@asynccontextmanager
async def memory(_: Path) -> AsyncIterator[World]:
    async with running(quick(broker="memory"), tuning=_QUICK) as here:
        yield World(here.node, here.port)


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[World]:
    chosen = quick(broker="memory", archive_url=f"sqlite:///{folder}/a.sqlite")
    async with running(chosen, tuning=_QUICK) as here:
        yield World(here.node, here.port, None, [folder])


@contextmanager
def _postgres() -> Iterator[PostgresServer]:
    # A log that is not needed any more is removed, and not used again with what it had.
    with running_server(PostgresServer("-c", "wal_recycle=off", "-c", "min_wal_size=32MB")) as server:
        yield server


async def _free_postgres(server: PostgresServer, database: str) -> None:
    await execute(server.url_of(database), "VACUUM FULL entries", "VACUUM FULL searchable")
    for _ in range(2):
        await execute(server.url_of(database), "SELECT pg_switch_wal()", "CHECKPOINT")


@asynccontextmanager
async def redis_and_postgres(_: Path) -> AsyncIterator[World]:
    server = RedisServer("--appendonly", "yes", "--appendfsync", "always")
    with _postgres() as postgres, running_server(server):
        async with new_database(postgres) as database:

            async def clean() -> None:
                client = redis.asyncio.Redis(unix_socket_path=str(server.socket))
                await client.bgrewriteaof()
                # There is no event for it.
                while (await client.info("persistence"))["aof_rewrite_in_progress"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                await client.aclose()
                await _free_postgres(postgres, database)

            chosen = quick(broker="redis", redis_url=server.url, archive_url=url_of(postgres, database))
            async with running(chosen, tuning=_QUICK) as here:
                yield World(here.node, here.port, clean, [server.folder, postgres.data])


@asynccontextmanager
async def nats_and_postgres(_: Path) -> AsyncIterator[World]:
    with _postgres() as postgres, running_server(NatsServer()) as server:
        async with new_database(postgres) as database:
            chosen = quick(broker="nats", nats_url=server.url, archive_url=url_of(postgres, database))
            async with running(chosen, tuning=_QUICK) as here:

                async def clean() -> None:
                    await _free_postgres(postgres, database)
                    # NATS compacts the copies of last messages when enough of them were replaced.
                    for number in range(40):
                        await here.node.broker.publish("filler", bytes(256 * 1024), key=f"{number}")

                yield World(here.node, here.port, clean, [server.folder, postgres.data])


WORLDS: Final = {
    "memory": memory,
    "sqlite": sqlite,
    "redis": redis_and_postgres,
    "nats": nats_and_postgres,
}
__all__ = ["WORLDS", "World", "sent", "shown", "until"]
