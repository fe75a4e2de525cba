"""Streams that are restored to an earlier time are detected: no offset is used twice in one epoch."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokers.base import BrokerOptions, Retention
from brokers.testing.recorder import BrokerNode, Recorder, chained
from tests.brokers.nats.nodes import node, options
from tests.contract.nats_server import NatsServer
from tests.contract.server import running


@pytest.fixture
def server() -> Iterator[NatsServer]:
    with running(NatsServer()) as started:
        yield started


class Backup:
    """A copy of the folders of both streams, taken while the server is down."""

    def __init__(self, server: NatsServer, prefix: str, folder: Path) -> None:
        self._server = server
        self._streams = server.folder / "jetstream" / "$G" / "streams"
        self._names = {name: f"{prefix}_{name}" for name in ("entries", "heads")}
        self._folder = folder
        server.kill()
        for name in self._names.values():
            shutil.copytree(self._streams / name, folder / name)
        server.start()

    def restore(self, *streams: str) -> None:
        """Put some streams back as they were, while the server is down."""
        self._server.kill()
        for name in (self._names[stream] for stream in streams):
            shutil.rmtree(self._streams / name)
            shutil.copytree(self._folder / name, self._streams / name)
        self._server.start()


def _times(received: Recorder, count: int) -> bool:
    return received.states == ["lost", "restored"] * count


async def _publish(here: BrokerNode, *texts: str) -> None:
    for text in texts:
        await here.broker.publish("room", text.encode(), key=text)


@pytest.mark.parametrize("streams", [("entries",), ("entries", "heads")])
async def test_a_running_node_begins_a_new_epoch_and_stores_again_what_was_lost(
    server: NatsServer, tmp_path: Path, streams: tuple[str, ...]
) -> None:
    async with node(options(server)) as here:
        await here.broker.subscribe("room")
        await _publish(here, "a", "b")
        backup = Backup(server, here.broker.options.prefix, tmp_path)
        await here.received.until(lambda received: _times(received, 1))
        lost = await here.broker.publish("room", b"c", key="c")
        await here.received.count(3)
        backup.restore(*streams)
        await here.received.until(lambda received: _times(received, 2))
        again = await here.broker.publish("room", b"c", key="c")
        assert not again.duplicate
        assert again.epoch != lost.epoch
        kept = await here.full_history("room")
        assert [entry.payload for entry in kept] == [b"a", b"b", b"c"]
        assert {entry.epoch for entry in kept} == {again.epoch}
        assert (await here.broker.heads(["room"]))["room"] == (again.epoch, again.offset)
        async with node(here.broker.options) as there:
            assert (await there.broker.subscribe("room")).epoch == again.epoch


async def test_another_entry_at_a_known_offset_is_noticed(server: NatsServer, tmp_path: Path) -> None:
    shared = options(server)
    async with node(shared) as here, node(shared) as there:
        await here.broker.subscribe("room")
        await _publish(there, "a")
        await here.received.count(1)
        backup = Backup(server, shared.prefix, tmp_path)
        for each in (here, there):
            await each.received.until(lambda received: _times(received, 1))
        await _publish(there, "b")
        await here.received.count(2)
        known = here.received.entries[-1].epoch
        await there.broker.close()
        backup.restore("entries", "heads")
        # The server can't know: this node finds its own entry replaced.
        async with node(shared) as other:
            await _publish(other, "other", "another")
            await here.received.until(lambda received: _times(received, 2))
            await here.broker.publish("room", b"b", key="b")
            assert [entry.payload for entry in await here.full_history("room")][-1] == b"b"
            assert (await here.broker.heads(["room"]))["room"].epoch != known


async def test_a_node_that_starts_finds_entries_that_are_older_than_the_heads(
    server: NatsServer, tmp_path: Path
) -> None:
    shared = options(server)
    async with node(shared) as here:
        await _publish(here, "a")
        backup = Backup(server, shared.prefix, tmp_path)
    async with node(shared) as here:
        lost = await here.broker.publish("room", b"b", key="b")
    backup.restore("entries")
    async with node(shared) as here:
        head = await here.broker.subscribe("room")
        assert (head.epoch != lost.epoch, head.offset) == (True, lost.offset - 1)
        await _publish(here, "c")
        assert [entry.payload for entry in await here.full_history("room")] == [b"a", b"c"]
        assert chained(await here.full_history("room"))
    async with node(shared) as here:
        assert (await here.broker.subscribe("room")).epoch == head.epoch, "one restore is one new epoch"


async def test_a_second_restore_to_a_time_before_the_first_is_another_epoch(
    server: NatsServer, tmp_path: Path
) -> None:
    async with node(options(server)) as here:
        await _publish(here, "a")
        backup = Backup(server, here.broker.options.prefix, tmp_path)
        await here.received.until(lambda received: _times(received, 1))
        epochs = []
        for round_ in range(3):
            receipt = await here.broker.publish("room", b"b", key=f"b{round_}")
            epochs.append(receipt.epoch)
            backup.restore("entries", "heads")
            await here.received.until(lambda received, times=round_ + 2: _times(received, times))  # type: ignore[misc]
        assert len(set(epochs)) == 3


@pytest.mark.parametrize("count", [3, 1200])
async def test_heads_that_are_older_than_the_entries_hide_no_gap(
    server: NatsServer, tmp_path: Path, count: int
) -> None:
    shared = options(server, retention=Retention(entries=2000, age=3.0))
    async with node(shared) as here:
        await _publish(here, "a")
        backup = Backup(server, shared.prefix, tmp_path)
    async with node(shared) as here:
        await _publish(here, *map(str, range(count)))
        [last] = await here.send("room", b"last")
        other = await here.broker.publish("other", b"", key="other")
    backup.restore("heads")
    await _expires(shared)
    async with node(shared) as here:
        page = await here.broker.history("room", after=1, limit=10)
        assert page.head.epoch == last.epoch
        assert (page.trimmed, page.head.offset >= last.offset) == (True, True)
        [next_] = await here.send("room", b"next")
        assert next_.offset > other.offset
        page = await here.broker.history("room", after=1, limit=10)
        assert (page.trimmed, [entry.payload for entry in page.entries]) == (True, [b"next"])


async def _expires(shared: BrokerOptions) -> None:
    """Start a node while the entries are still stored, and wait until they have expired."""
    async with node(shared) as here:
        while (await here.broker.history("room", limit=1)).entries:  # noqa: ASYNC110 - expiry is not reported
            await asyncio.sleep(0.05)
