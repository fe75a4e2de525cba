"""The plain codec: the tutorial's chat page, `wscat` and `websocat` are chat clients (PL1-PL4)."""

from __future__ import annotations

import json

import pytest

from service.sessions.plain import MAX_QUEUED
from service.settings.tuning import Tuning
from tests.faults.faulty import FaultyBroker
from tests.service.framing import Op, frame
from tests.service.peer import Peer
from tests.service.serving import Served, serving, until


async def expect(peer: Peer, *texts: str) -> None:
    """Compare the next texts of a participant with the expected ones."""
    assert [await peer.next_text() for _ in texts] == [json.dumps(text) for text in texts]


async def test_each_message_reaches_every_participant_in_order_and_its_sender(served: Served) -> None:
    participants = [await served.plain() for _ in range(3)]
    await participants[0].text('"hello"')
    await participants[0].text('"how are you?"')
    for participant in participants:
        await expect(participant, "hello", "how are you?")


async def test_bare_text_is_sent_unchanged(served: Served) -> None:
    ann = await served.plain()
    for text in ("hello", '"half a string', "  spaces  ", "{}", "12", "null", '"two" "strings"'):
        await ann.text(text)
        await expect(ann, text)


async def test_texts_of_many_scripts_are_delivered(served: Served) -> None:
    ann = await served.plain()
    await ann.text("žluťoučký 🐎 \u2028 \x00")
    assert json.loads(await ann.next_text()) == "žluťoučký 🐎 \u2028 \x00"


async def test_empty_text_is_ignored(served: Served) -> None:
    ann = await served.plain()
    for text in ("", '""', " \t", '" "', "then"):
        await ann.text(text)
    await expect(ann, "then")


async def test_the_query_names_the_room_and_the_user(served: Served) -> None:
    ann = await served.plain("?room=caf%C3%A9&name=ann")
    other = await served.plain("?name=ann")
    bob, _ = await served.joined("bob", "café")
    await ann.text("hello")
    message = await bob.event("message")
    assert (message["room"], message["user"], message["text"]) == ("café", "ann", "hello")
    await other.text("elsewhere")
    await expect(other, "elsewhere")
    await expect(ann, "hello")


async def test_plain_participants_and_clients_chat_with_each_other(served: Served) -> None:
    ann, (bob, _) = await served.plain("?name=ann"), await served.joined("bob")
    await ann.text("hello")
    await expect(ann, "hello")
    assert (await bob.event("message"))["text"] == "hello"
    await bob.ask("send", room="lobby", text="hi")
    await expect(ann, "hi")


async def test_requested_history_precedes_new_messages(served: Served) -> None:
    ann = await served.plain()
    for text in ("one", "two", "three"):
        await ann.text(text)
    await expect(ann, "one", "two", "three")
    late = await served.plain("?history=2")
    await ann.text("four")
    await expect(late, "two", "three", "four")


@pytest.mark.parametrize(
    "query",
    ["?room=%20", "?room=" + "x" * 201, "?name=%07", "?history=201", "?history=-1", "?history=%C2%B2"],
)
async def test_an_invalid_query_is_rejected_with_1008(served: Served, query: str) -> None:
    assert await (await served.plain(query)).closed() == 1008


async def test_a_new_room_that_looks_like_another_is_rejected_with_1008(served: Served) -> None:
    ann, _ = await served.joined("ann", room="lobby")
    assert (await ann.ask("send", room="lobby", text="hello"))["type"] == "sent"
    peer = await served.plain("?room=l%D0%BEbby")
    assert await peer.closed() == 1008


@pytest.mark.settings(text_characters=5)
async def test_a_text_that_is_too_long_closes_the_connection_with_the_reason(served: Served) -> None:
    ann = await served.plain()
    await ann.text("12345")
    await expect(ann, "12345")
    await ann.text("123456")
    reason = (await ann.frame()).data[2:].decode()
    assert reason == "The text is too long: it has 6 characters, 5 are allowed."
    await ann.leave(1008)


# The tutorial's three bugs -----------------------------------------------------------------------


async def test_a_participant_that_disconnects_does_not_disturb_the_others(served: Served) -> None:
    ann, bob, eve = [await served.plain() for _ in range(3)]
    await eve.text("I'm off")
    for peer in (ann, bob, eve):
        await expect(peer, "I'm off")
    eve.reset()
    for text in ("is eve there?", "no"):
        await ann.text(text)
        for peer in (ann, bob):
            await expect(peer, text)


@pytest.mark.settings(text_characters=40_000, frame_bytes=500_000, history_bytes=64 << 20)
async def test_a_slow_participant_does_not_disturb_the_others(served: Served) -> None:
    slow = await served.peer(receive_buffer=4096)
    await slow.upgrade(protocol=None)
    ann = await served.plain()
    # More than the sockets' buffers hold.
    texts = [f"{number} ".ljust(40_000, "x") for number in range(300)]
    for text in texts:
        await ann.text(text)
        await expect(ann, text)
    assert served.node.metrics.sample()["slow_consumers"] == 1
    await expect(slow, *texts)


async def test_a_plain_get_of_the_route_does_not_disturb_the_others(served: Served) -> None:
    ann = await served.plain()
    visitor = await served.peer()
    await visitor.write(b"GET /ws HTTP/1.1\r\nHost: here\r\n\r\n")
    head = await visitor.head()
    assert head.startswith("HTTP/1.1 426 ")
    assert "upgrade: websocket\r\n" in head.lower()
    await ann.text("still here")
    await expect(ann, "still here")


# Nothing is dropped in silence --------------------------------------------------------------------


@pytest.mark.settings(sends_per_second=100, sends_burst=1)
async def test_a_client_above_the_rate_limit_is_slowed_by_backpressure(served: Served) -> None:
    ann = await served.plain()
    texts = [f"{number}" for number in range(80)]
    await ann.write(b"".join(map(frame, texts)))
    await expect(ann, *texts)


async def test_messages_are_queued_while_the_broker_is_unreachable() -> None:
    async with serving(FaultyBroker, tuning=Tuning(plain_first_wait=0.01)) as here:
        broker = here.node.broker
        assert isinstance(broker, FaultyBroker)
        ann = await here.plain()
        broker.cut()
        texts = [f"{number}" for number in range(100)]
        await ann.write(b"".join(map(frame, texts)))
        [connection] = here.node.connections
        await until(lambda: connection.input_paused)
        broker.mend()
        await expect(ann, *texts)


@pytest.mark.settings(ping_seconds=0.2)
async def test_plain_participants_are_pinged(served: Served) -> None:
    ann = await served.plain()
    found = await ann.frame()
    assert found.op is Op.PING
    await ann.write(frame(found.data, Op.PONG))
    assert (await ann.frame()).op is Op.PING


@pytest.mark.settings(sends_per_second=20, sends_burst=1)
async def test_the_queue_of_a_plain_client_is_bounded_and_its_name_held_until_it_is_stored(
    served: Served,
) -> None:
    pat = await served.plain("?name=pat")
    many = 5_000
    await pat.write(frame("x") * many)
    (connection,) = served.node.connections
    await until(lambda: connection.input_paused)
    assert served.node.metrics.backpressure > 0
    pat.disconnect()
    await until(lambda: not served.node.connections)
    assert len(served.node.user_names) == 1, "the name is still in use"
    served.node.draining = True
    await until(lambda: not served.node.user_names)
    stored = served.hub.head("lobby").offset
    assert MAX_QUEUED <= stored < many / 2


@pytest.mark.settings(sends_per_second=20, sends_burst=1)
@pytest.mark.tuning(plain_grace=0.0)
async def test_queued_messages_of_a_lost_plain_client_are_dropped_in_time_and_counted(served: Served) -> None:
    pat = await served.plain("?name=pat")
    await pat.write(frame("x") * 50)
    await until(lambda: served.hub.head("lobby").offset > 0)
    pat.disconnect()
    await until(lambda: not served.node.user_names)
    assert served.hub.head("lobby").offset + served.node.metrics.plain_messages_dropped == 50
    assert served.node.metrics.plain_messages_dropped > 0
