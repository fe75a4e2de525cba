"""The changes of messages are found wherever the room's log ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from typing_extensions import override

from brokers.base import BrokerOptions, Entry, Retention
from brokers.memory import MemoryBroker
from hubbub_protocol import events
from service.rooms.changes import ChangeReader
from service.rooms.log import RoomLog
from service.rooms.registry import RoomRegistry
from service.rooms.replies import Replies
from service.settings.tuning import DEFAULTS
from service.wire.messages import decode_change, decode_message
from tests.service.rooms.changing import delete, edit, message, react, reply

ENTRIES = [
    message(1, "one"),
    message(2, "secret"),
    edit(3, 1, "uno"),
    edit(4, 2, "secret too"),
    message(5, "three"),
    react(6, 1),
    delete(7, 2),
    react(8, 1, user="bob"),
]


class Listener(RoomRegistry):
    """Receives nothing: these tests read only."""

    def __init__(self) -> None: ...


@pytest.fixture
async def broker() -> AsyncIterator[MemoryBroker]:
    broker = MemoryBroker(BrokerOptions(retention=Retention(entries=100_000)))
    await broker.start(Listener())
    for entry in ENTRIES:
        await broker.publish("room", entry.payload, key=f"{entry.offset}")
    yield broker
    await broker.close()


async def entries(broker: MemoryBroker, after: int = 0, limit: int = 99) -> list[Entry]:
    return list((await broker.history("room", after=after, limit=limit)).entries)


async def log_from(broker: MemoryBroker, base: int) -> RoomLog:
    """Make a log of the room that begins behind an offset."""
    log = RoomLog(b'"room"', max_entries=100, max_bytes=1 << 20)
    kept = await entries(broker, base)
    log.restart(kept[0].epoch if kept else "e", base)
    for entry in kept:
        log.append(entry)
    return log


def shown(folded: list[Entry]) -> list[events.Message | None]:
    return [decode_message(entry) for entry in folded]


@pytest.mark.parametrize("base", [None, 0, 1, 3, 6, 8])
async def test_a_page_is_folded_wherever_the_log_begins(broker: MemoryBroker, base: int | None) -> None:
    log = None if base is None else await log_from(broker, base)
    reader = ChangeReader("room", broker, log)
    one, two = shown(await reader.fold(await entries(broker, limit=2)))
    assert one is not None
    assert (one.text, one.changed) == ("uno", 8)
    assert [[user.user for user in each.users] for each in one.reactions or []] == [["ann", "bob"]]
    assert two is not None
    assert (two.text, two.changed) == ("", 7)


@pytest.mark.parametrize("base", [None, 3, 8])
async def test_what_recovers_has_no_text_of_deleted_messages(broker: MemoryBroker, base: int | None) -> None:
    log = None if base is None else await log_from(broker, base)
    page: list[Entry] = []
    for limit in (2, 4):
        page = await ChangeReader("room", broker, log).redact(await entries(broker, limit=limit))
        assert b"secret" not in b"".join(entry.payload for entry in page)
        assert [entry.offset for entry in page] == list(range(1, limit + 1))
    changed = decode_change(page[3])
    assert changed is not None
    assert (changed.change, changed.text) == ("edit", None)


class Unwalked(list[int]):
    """Offsets of which only some are looked at."""

    @override
    def __iter__(self) -> Iterator[int]:
        raise AssertionError("there may be thousands")


@pytest.mark.parametrize("base", [None, 0, 8, 20, 58])
async def test_the_replies_of_a_long_thread_are_counted_without_a_walk(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch, base: int | None
) -> None:
    for offset in range(9, 59):
        await broker.publish("room", reply(offset, 1).payload, key=f"{offset}")
    log = None if base is None else await log_from(broker, base)
    if log is not None:
        offsets = log.replies.of
        monkeypatch.setattr(Replies, "of", lambda _, root: Unwalked(offsets(root)))
    # The page has some of the replies itself.
    folded = await ChangeReader("room", broker, log).fold(await entries(broker, limit=30))
    found = decode_message(folded[0])
    assert found is not None
    assert found.replies is not None
    assert (found.replies.count, found.replies.last) == (50, 58)


async def test_a_target_is_found_with_its_changes(broker: MemoryBroker) -> None:
    reader = ChangeReader("room", broker, await log_from(broker, 4))
    assert reader.target_at_once(2) is None, "the log does not reach it"
    found = await reader.target(1, None)
    assert found is not None
    assert found.message is not None
    assert (found.message.text, [one.offset for one in found.changes]) == ("uno", [3, 6, 8])
    at_once = reader.target_at_once(5)
    assert at_once is not None
    assert at_once.message is not None
    assert at_once.message.text == "three"
    change = await reader.target(3, None)
    assert change is not None
    assert change.message is None
    assert await reader.target(99, None) is None
    assert await reader.target(1, "another") is None


async def test_a_message_too_far_back_is_not_changed(broker: MemoryBroker) -> None:
    reader = ChangeReader("room", broker, None)
    for number in range(DEFAULTS.change_window - 7):
        broker.publish("room", message(9, "x").payload, key=f"more {number}")
    assert await reader.target(1, None) is not None
    await broker.publish("room", message(9, "x").payload, key="the last")
    assert await reader.target(1, None) is None
    assert await reader.target(2, None) is not None
