"""After an import, rooms behind a broker continue after the imported messages, or the import is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from archive.base import ArchivedEntry, ArchiveOptions
from archive.postgres import PostgresArchive
from archive.sqlite import SqliteArchive
from service.runtime.process import FAILED, USAGE
from service.server import running
from service.transfer import command
from service.wire.messages import MessagePayload, encode_stored
from tests.archive.postgres_storage import new_database, url_of
from tests.contract.postgres_server import shared_postgres
from tests.contract.redis_server import shared_redis
from tests.service.archiving.test_copy_archiving import QUICK
from tests.service.peer import Peer
from tests.service.serving import quick

AT = 1_700_000_000_000


@pytest.fixture
async def settings(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Any]]:
    """Return the settings of a node on Redis and PostgreSQL, which the command reads too."""
    redis = await asyncio.to_thread(shared_redis)
    postgres = await asyncio.to_thread(shared_postgres)
    async with new_database(postgres) as database:
        chosen = {"redis_url": redis.url, "archive_url": url_of(postgres, database)}
        chosen |= {"broker": "redis", "prefix": f"test-{token_hex(4)}"}
        names = {"redis_url": "REDIS_URL", "archive_url": "ARCHIVE_URL", "broker": "BROKER"}
        for name, value in chosen.items():
            monkeypatch.setenv(names.get(name, "HUBBUB_PREFIX"), value)
        yield chosen


def message(offset: int, text: str) -> ArchivedEntry:
    payload = MessagePayload(f"k{offset}", "Ann", "g:1", "guest", text, AT + offset)
    return ArchivedEntry(
        "lobby", "imported", offset - 1, offset, AT + offset, payload.key, encode_stored(payload)
    )


async def exported(folder: Path) -> Path:
    """Export a room with 30 messages from an archive in SQLite."""
    archive = SqliteArchive(ArchiveOptions(url=f"sqlite:///{folder}/a.sqlite"))
    await archive.start()
    await archive.append([message(offset, f"old {offset}") for offset in range(1, 31)])
    await archive.close()
    file = folder / "out.ndjson"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHIVE_URL", f"sqlite:///{folder}/a.sqlite")
        patch.setenv("HUBBUB_DATA", str(folder))
        patch.setenv("BROKER", "memory")
        assert await asyncio.to_thread(command.main, ["export", "--out", str(file)]) == 0
    return file


async def texts(peer: Peer) -> list[str]:
    """Read the whole history of the room in pages."""
    read: list[str] = []
    before = 2**53 - 1
    while True:
        page = await peer.ask("history", room="lobby", before=before, limit=7)
        assert page["type"] == "page", page
        read[:0] = [each["text"] for each in page["messages"]]
        if not page["more"]:
            return read
        before = page["before"]


async def test_pages_go_back_to_imported_messages(settings: dict[str, Any], tmp_path: Path) -> None:
    file = await exported(tmp_path)
    for _ in range(2):
        assert await asyncio.to_thread(command.main, ["import", str(file)]) == 0
    old = [f"old {offset}" for offset in range(1, 31)]
    for number in range(2):
        async with running(quick(**settings), tuning=QUICK) as here:
            peer = await Peer.connect(here.port)
            await peer.upgrade()
            await peer.ask("hello")
            joined = await peer.ask("join", room="lobby", limit=2)
            assert (joined["epoch"], joined["head"]) == ("imported", 30 + 10 * number)
            assert await texts(peer) == [*old, *(f"new {each}" for each in range(10 * number))]
            for each in range(10):
                answer = await peer.ask("send", room="lobby", text=f"new {10 * number + each}")
                assert (answer["epoch"], answer["offset"]) == ("imported", 31 + 10 * number + each)
            assert await texts(peer) == [*old, *(f"new {each}" for each in range(10 * number + 10))]
            peer.disconnect()
    # The file is older than the room by now, and is not in the way.
    assert await asyncio.to_thread(command.main, ["import", str(file)]) == 0


async def test_a_room_that_is_open_and_empty_continues_after_the_imported_messages(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    file = await exported(tmp_path)
    async with running(quick(**settings), tuning=QUICK) as here:
        peer = await Peer.connect(here.port)
        await peer.upgrade()
        await peer.ask("hello")
        joined = await peer.ask("join", room="lobby")
        assert joined["head"] == 0
        assert await asyncio.to_thread(command.main, ["import", str(file)]) == 0
        answer = await peer.ask("send", room="lobby", text="new")
        assert (answer["epoch"], answer["offset"]) == ("imported", 31)
        while (await peer.event("message"))["text"] != "new":
            pass
        assert await texts(peer) == [*(f"old {offset}" for offset in range(1, 31)), "new"]
        peer.disconnect()


async def test_a_room_that_has_other_messages_is_refused_ahead_of_its_import(
    settings: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = await exported(tmp_path)
    async with running(quick(**settings | {"archive_url": ""}), tuning=QUICK) as here:
        await here.node.broker.publish("lobby", message(1, "first").payload, key="k")
    assert await asyncio.to_thread(command.main, ["import", str(file)]) == FAILED
    assert "the room 'lobby' has other messages in redis" in capsys.readouterr().err
    archive = PostgresArchive(ArchiveOptions(url=settings["archive_url"]))
    await archive.start()
    assert await archive.rooms(limit=9) == []
    assert await asyncio.to_thread(command.main, ["import", str(file), "--archive-only"]) == 0
    assert await archive.rooms(limit=9) == ["lobby"]
    await archive.close()


async def test_without_a_broker_the_import_says_what_is_missing(
    settings: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = await exported(tmp_path)
    monkeypatch.delenv("BROKER")
    assert await asyncio.to_thread(command.main, ["import", str(file)]) == USAGE
    assert "Set BROKER to redis or nats" in capsys.readouterr().err
    assert settings["broker"] == "redis"


async def test_nats_can_not_continue_rooms_and_says_so(
    settings: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = await exported(tmp_path)
    monkeypatch.setenv("BROKER", "nats")
    assert await asyncio.to_thread(command.main, ["import", str(file)]) == FAILED
    assert "with BROKER=nats the history of a room can't go back" in capsys.readouterr().err
    assert await asyncio.to_thread(command.main, ["import", str(file), "--archive-only"]) == 0
    assert settings["broker"] == "redis"
