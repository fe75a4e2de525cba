"""The Redis broker recovers from cut connections, and from servers that crash, hang or are unreachable."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from brokers.base import BrokerOptions, Entry, Receipt
from brokers.errors import BrokerError, Misconfigured, Unavailable
from brokers.redis import RedisBroker
from brokers.testing.recorder import BrokerNode, Recorder, chained
from tests.brokers.redis.stage import own_server, stage
from tests.contract.redis_server import shared_redis

SOON = BrokerOptions(timeout=1.0)


def back(received: Recorder) -> bool:
    return received.states == ["lost", "restored"]


async def test_a_node_whose_subscriber_connection_is_killed_repeatedly_misses_nothing() -> None:
    async with stage() as on:
        await on.here.broker.subscribe("room")

        async def talk() -> None:
            for number in range(300):
                await on.there.send("room", b"%d" % number)

        async with asyncio.TaskGroup() as tasks:
            talking = tasks.create_task(talk())
            while not talking.done():
                before = len(on.here.received.states)
                await on.kill_listener(on.here)
                await on.here.received.until(lambda now, before=before: len(now.states) >= before + 2)  # type: ignore[misc]
        await on.here.received.until(lambda received: received.states[-1] == "restored")
        head = (await on.here.broker.heads(["room"]))["room"]
        kept = await on.here.full_history("room")
        assert (kept[-1].epoch, kept[-1].offset, len(kept)) == (*head, 300)
        assert chained(kept)
        assert set(on.here.received.entries) <= set(kept)
        [last] = await on.there.send("room", b"last")
        await on.here.received.until(lambda received: received.entries[-1].payload == b"last")
        assert on.here.received.entries[-1].prev == last.offset - 1


async def test_after_a_disconnect_hundreds_of_rooms_are_subscribed_again() -> None:
    async with stage() as on:
        rooms = [f"room {number}" for number in range(1200)]
        await asyncio.gather(*(on.here.broker.subscribe(room) for room in rooms))
        await on.kill_listener(on.here)
        await on.here.received.until(back)
        await asyncio.gather(*(on.there.send(room, b"text") for room in rooms))
        await on.here.received.count(1200)
        assert sorted(entry.room for entry in on.here.received.entries) == sorted(rooms)
        assert on.here.broker.stats()["subscriptions"] == 1200


async def test_a_failed_subscriber_task_does_not_count_as_cancelled() -> None:
    async with stage() as on:
        await on.kill_listener(on.here)
        await on.here.received.until(back)
        listening = [task for task in asyncio.all_tasks() if task.get_name() == "redis: listen"]
        # Before Python 3.11.3 the next timeout ends a task that counts as cancelled.
        assert [task.cancelling() for task in listening] == [0] * len(listening) != []


async def test_publishing_works_while_the_subscriber_connection_is_down() -> None:
    async with stage() as on:
        await on.kill_listener(on.here)
        receipts = await on.here.send("room", b"one", b"two")
        assert [receipt.offset for receipt in receipts] == [1, 2]


async def test_subscribed_means_that_redis_has_the_subscription() -> None:
    async with stage() as on:
        rooms = [f"room {number}" for number in range(50)]

        async def check(room: str) -> None:
            await on.here.broker.subscribe(room)
            [(_, listeners)] = await on.redis.pubsub_numsub(on.keyspace.channel(room))
            assert listeners == 1

        await asyncio.gather(*map(check, rooms))


async def test_a_restarted_server_has_what_was_acknowledged() -> None:
    with own_server() as server:
        async with stage(SOON, server=server) as on:
            await on.there.broker.subscribe("room")
            before = [await on.here.broker.publish("room", b"%d" % n, key=f"{n}") for n in range(5)]
            server.kill()
            for node in (on.here, on.there):
                await node.received.until(lambda received: received.states == ["lost"])
            with pytest.raises(Unavailable):
                await on.here.broker.publish("room", b"away", key="away")
            await asyncio.to_thread(server.start)
            for node in (on.here, on.there):
                await node.received.until(back)
            again = [await on.there.broker.publish("room", b"%d" % n, key=f"{n}") for n in range(5)]
            assert again == [receipt._replace(duplicate=True) for receipt in before]
            await on.here.broker.publish("room", b"away", key="away")
            await on.there.received.until(lambda received: received.payloads("room")[-1:] == [b"away"])
            kept = await on.here.full_history("room")
            assert [entry.payload for entry in kept] == [b"0", b"1", b"2", b"3", b"4", b"away"]
            assert set(on.there.received.entries) <= set(
                kept
            )  # the last entry before the outage may be missing


async def test_a_server_that_restarts_empty_starts_new_epochs() -> None:
    with own_server("--appendonly", "no") as server:
        async with stage(SOON, server=server) as on:
            [before] = await on.here.send("room", b"lost")
            await on.there.broker.subscribe("room")
            server.kill()
            await asyncio.to_thread(server.start)
            for node in (on.here, on.there):
                await node.received.until(back)
            assert (await on.here.broker.heads(["room"]))["room"].epoch != before.epoch
            [after] = await on.here.send("room", b"new")
            assert (after.epoch != before.epoch, after.offset) == (True, 1)
            await on.there.received.count(1)


async def test_a_server_that_hangs_is_detected_by_probes_and_reconnected() -> None:
    with own_server() as server:
        async with stage(SOON, server=server) as on:
            await on.here.broker.subscribe("room")
            await on.here.send("room", b"before")
            server.freeze()
            hanging = [on.there.broker.publish("room", b"%d" % n, key=f"{n}") for n in range(3)]
            for node in (on.here, on.there):
                await node.received.until(lambda received: received.states == ["lost"])
            server.thaw()
            for node in (on.here, on.there):
                await node.received.until(back)
            outcomes = await asyncio.gather(*hanging, return_exceptions=True)
            assert all(isinstance(answer, Unavailable | Receipt) for answer in outcomes)
            # A hanging publish may have been stored or not: the key resolves it.
            for n in range(3):
                await on.there.broker.publish("room", b"%d" % n, key=f"{n}")
            kept = [entry.payload for entry in await on.here.full_history("room")]
            assert kept == [b"before", b"0", b"1", b"2"]


async def test_no_call_outlasts_its_time_limit_on_a_server_that_hangs() -> None:
    with own_server() as server:
        async with stage(SOON, server=server) as on:
            server.freeze()
            loop = asyncio.get_running_loop()
            began = loop.time()
            calls = (
                *(on.here.broker.publish("room", b"text", key=f"{n}") for n in range(600)),
                on.here.broker.subscribe("room"),
                on.here.broker.heads(["room"]),
                *(on.here.broker.history("room", limit=1) for _ in range(20)),
                on.here.broker.probe(),
            )
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert loop.time() - began < 2.5 * SOON.timeout, (
                "600 publishes are three batches, one after another"
            )
            assert {type(answer) for answer in outcomes} == {Unavailable}
            server.thaw()


async def test_a_node_can_be_closed_while_the_server_hangs_and_much_is_unsent() -> None:
    with own_server() as server:
        async with stage(SOON, server=server) as on:
            await on.here.broker.subscribe("room")
            server.freeze()
            answers = [on.here.broker.publish("room", b"x" * 1_000_000, key=f"{n}") for n in range(10)]
            await asyncio.sleep(0)
            async with asyncio.timeout(2.5 * SOON.timeout):
                await on.here.broker.close()
            outcomes = await asyncio.gather(*answers, return_exceptions=True)
            assert {type(answer) for answer in outcomes} == {Unavailable}
            assert on.here.received.states == []
            server.thaw()


async def test_a_missing_password_is_explained() -> None:
    with own_server("--requirepass", "secret") as server:
        for url in (server.url, server.url.replace("unix://", "unix://:wrong@")):
            broker = RedisBroker(replace(SOON, url=url))
            with pytest.raises(Misconfigured, match=r".*(assword|uthentication)"):
                await broker.start(Recorder())
        node = BrokerNode(
            RedisBroker(replace(SOON, url=server.url.replace("unix://", "unix://:secret@"))), Recorder()
        )
        await node.broker.start(node.received)
        await node.send("room", b"text")
        await node.broker.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "localhost:6379",
        "redis+cluster://localhost/1",
        "redis+sentinel://localhost",
        "redis://:x",
    ],
)
async def test_an_address_that_is_none_of_redis_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"\w+ \w+"):
        await RedisBroker(BrokerOptions(url=url)).start(Recorder())


async def test_a_start_without_a_server_fails_and_can_be_retried() -> None:
    with own_server() as server:
        server.kill()
        broker = RedisBroker(replace(SOON, url=server.url))
        with pytest.raises(BrokerError, match="unreachable"):
            await broker.start(Recorder())
        await asyncio.to_thread(server.start)
        await broker.start(Recorder())
        await broker.probe()
        await broker.close()


async def test_a_replica_is_refused() -> None:
    with own_server("--replicaof", "127.0.0.1", "1") as server, pytest.raises(Misconfigured, match="replica"):
        await RedisBroker(replace(SOON, url=server.url)).start(Recorder())


async def test_invalid_messages_and_listeners_that_raise_stop_nothing() -> None:
    async with stage() as on:
        await on.here.broker.subscribe("room")
        for data in (b"", b"xyz", b"e1 2\n", b"e\xff \xff \xff\n"):
            await on.redis.publish(on.keyspace.channel("room"), data)

        def fall_over(entry: Entry) -> None:
            raise RuntimeError(entry.payload)

        on.here.received.react = fall_over
        await on.there.send("room", b"one", b"two")
        await on.here.received.count(2)
        assert on.here.received.states == []
        assert on.here.broker.stats()["invalid_messages"] == 4
        assert on.here.received.signals == []


async def test_a_server_without_the_required_replicas_confirms_no_room() -> None:
    """As a primary that was replaced, and has not found out yet."""
    async with stage(SOON, url=f"{shared_redis().url}?replicas=1") as on:
        with pytest.raises(Unavailable, match="0 of 1 required replicas"):
            await on.here.broker.confirm("room")
        # Reads work.
        assert (await on.here.broker.heads(["room"]))["room"].offset == 0
