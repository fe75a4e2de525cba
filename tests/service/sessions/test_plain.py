"""The plain codec: the tutorial's chat page, `wscat` and `websocat` are chat clients (PL1-PL4)."""

from __future__ import annotations

import json

import pytest

from service.settings.tuning import Tuning
from tests.faults.faulty import FaultyBroker
from tests.service.framing import Op, frame
from tests.service.peer import Peer
from tests.service.serving import Served, serving, until


async def hears(peer: Peer, *texts: str) -> None:
    """Hold what a participant is sent next against what it should be sent."""
    assert [await peer.next_text() for _ in texts] == [json.dumps(text) for text in texts]


async def test_each_message_reaches_every_participant_in_order_its_sender_too(served: Served) -> None:
    participants = [await served.plain() for _ in range(3)]
    await participants[0].text('"hello"')
    await participants[0].text('"how are you?"')
    for participant in participants:
        await hears(participant, "hello", "how are you?")


async def test_bare_text_is_taken_as_it_stands(served: Served) -> None:
    ann = await served.plain()
    for text in ("hello", '"half a string', "  spaces  ", "{}", "12", "null", '"two" "strings"'):
        await ann.text(text)
        await hears(ann, text)


async def test_texts_of_many_scripts_come_through(served: Served) -> None:
    ann = await served.plain()
    await ann.text("žluťoučký 🐎 \u2028 \x00")
    assert json.loads(await ann.next_text()) == "žluťoučký 🐎 \u2028 \x00"


async def test_empty_text_is_ignored(served: Served) -> None:
    ann = await served.plain()
    for text in ("", '""', " \t", '" "', "then"):
        await ann.text(text)
    await hears(ann, "then")


async def test_rooms_and_names_are_in_the_address(served: Served) -> None:
    ann = await served.plain("?room=caf%C3%A9&name=ann")
    other = await served.plain("?name=ann")
    bob, _ = await served.joined("bob", "café")
    await ann.text("hello")
    message = await bob.event("message")
    assert (message["room"], message["user"], message["text"]) == ("café", "ann", "hello")
    await other.text("elsewhere")
    await hears(other, "elsewhere")
    await hears(ann, "hello")


async def test_plain_participants_and_clients_chat_with_each_other(served: Served) -> None:
    ann, (bob, _) = await served.plain("?name=ann"), await served.joined("bob")
    await ann.text("hello")
    await hears(ann, "hello")
    assert (await bob.event("message"))["text"] == "hello"
    await bob.ask("send", room="lobby", text="hi")
    await hears(ann, "hi")


async def test_history_comes_first_if_it_is_asked_for(served: Served) -> None:
    ann = await served.plain()
    for text in ("one", "two", "three"):
        await ann.text(text)
    await hears(ann, "one", "two", "three")
    late = await served.plain("?history=2")
    await ann.text("four")
    await hears(late, "two", "three", "four")


@pytest.mark.parametrize(
    "query",
    ["?room=%20", "?room=" + "x" * 201, "?name=%07", "?history=201", "?history=-1", "?history=%C2%B2"],
)
async def test_an_address_that_makes_no_sense_is_refused(served: Served, query: str) -> None:
    assert await (await served.plain(query)).closed() == 1008


@pytest.mark.settings(text_characters=5)
async def test_text_that_is_too_long_ends_the_connection_with_the_reason(served: Served) -> None:
    ann = await served.plain()
    await ann.text("12345")
    await hears(ann, "12345")
    await ann.text("123456")
    assert (await ann.frame()).data[2:].decode() == "the text has 6 characters; 5 are allowed"
    await ann.leave(1008)


# The tutorial's three faults ----------------------------------------------------------------------


async def test_a_participant_that_goes_away_hurts_nobody(served: Served) -> None:
    ann, bob, eve = [await served.plain() for _ in range(3)]
    await eve.text("I'm off")
    for peer in (ann, bob, eve):
        await hears(peer, "I'm off")
    eve.reset()
    for text in ("is eve there?", "no"):
        await ann.text(text)
        for peer in (ann, bob):
            await hears(peer, text)


@pytest.mark.settings(text_characters=40_000, frame_bytes=500_000, history_bytes=64 << 20)
async def test_a_slow_participant_hurts_nobody(served: Served) -> None:
    slow = await served.peer(receive_buffer=4096)
    await slow.upgrade(protocol=None)
    ann = await served.plain()
    # More than the sockets' buffers hold.
    texts = [f"{number} ".ljust(40_000, "x") for number in range(300)]
    for text in texts:
        await ann.text(text)
        await hears(ann, text)
    assert served.node.metrics.sample()["slow_consumers"] == 1
    await hears(slow, *texts)


async def test_a_plain_get_of_the_route_hurts_nobody(served: Served) -> None:
    ann = await served.plain()
    visitor = await served.peer()
    await visitor.write(b"GET /ws HTTP/1.1\r\nHost: here\r\n\r\n")
    head = await visitor.head()
    assert head.startswith("HTTP/1.1 426 ")
    assert "upgrade: websocket\r\n" in head.lower()
    await ann.text("still here")
    await hears(ann, "still here")


# Nothing is dropped in silence --------------------------------------------------------------------


@pytest.mark.settings(sends_per_second=100, sends_burst=1)
async def test_a_client_that_sends_too_fast_is_read_more_slowly(served: Served) -> None:
    ann = await served.plain()
    texts = [f"{number}" for number in range(80)]
    await ann.write(b"".join(map(frame, texts)))
    await hears(ann, *texts)


async def test_messages_wait_while_the_broker_is_away() -> None:
    async with serving(FaultyBroker, tuning=Tuning(plain_first_wait=0.01)) as here:
        broker = here.node.broker
        assert isinstance(broker, FaultyBroker)
        ann = await here.plain()
        broker.cut()
        texts = [f"{number}" for number in range(100)]
        await ann.write(b"".join(map(frame, texts)))
        [connection] = here.node.connections
        await until(lambda: connection.reading_held)
        broker.mend()
        await hears(ann, *texts)


@pytest.mark.settings(ping_seconds=0.2)
async def test_pings_of_plain_participants_are_answered_by_their_tools(served: Served) -> None:
    ann = await served.plain()
    found = await ann.frame()
    assert found.op is Op.PING
    await ann.write(frame(found.data, Op.PONG))
    assert (await ann.frame()).op is Op.PING
