"""Answers reach whoever waits for them, and nobody waits for ever."""

from __future__ import annotations

import asyncio

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from brokers.errors import BrokerRefused, Unavailable
from brokers.nats.connection.inbox import ReplyInbox


def _message(data: bytes) -> Msg:
    return Msg(Client(), data=data)


async def test_an_answer_reaches_its_question() -> None:
    inbox = ReplyInbox(1.0)
    one, first = inbox.expect(lambda message: message.data)
    two, second = inbox.expect(lambda message: message.data)
    inbox.take(two, _message(b"two"))
    inbox.take(one, _message(b"one"))
    assert (await first, await second, len(inbox)) == (b"one", b"two", 0)
    inbox.end(Unavailable())


async def test_answers_of_several_parts_end_with_the_last() -> None:
    parts: list[bytes] = []

    def collect(message: Msg) -> list[bytes] | None:
        parts.append(message.data)
        return None if message.data else parts

    inbox = ReplyInbox(1.0)
    token, answer = inbox.expect(collect)
    for part in (b"one", b"two", b""):
        assert not answer.done()
        inbox.take(token, _message(part))
    assert await answer == [b"one", b"two", b""]
    inbox.end(Unavailable())


async def test_nobody_waits_longer_than_the_time_limit_and_the_oldest_gives_up_first() -> None:
    inbox = ReplyInbox(0.01)
    _, first = inbox.expect(lambda message: message.data)
    _, second = inbox.expect(lambda message: message.data)
    with pytest.raises(Unavailable, match=r"0\.01 s"):
        await second
    assert first.done()
    assert isinstance(first.exception(), Unavailable)
    assert len(inbox) == 0


async def test_a_late_or_unknown_answer_harms_nobody() -> None:
    inbox = ReplyInbox(0.01)
    token, answer = inbox.expect(lambda message: message.data)
    with pytest.raises(Unavailable):
        await answer
    inbox.take(token, _message(b"late"))
    inbox.take("unknown", _message(b"text"))


async def test_who_gave_up_waiting_is_not_told() -> None:
    inbox = ReplyInbox(1.0)
    token, answer = inbox.expect(lambda message: message.data)
    answer.cancel()
    inbox.take(token, _message(b"text"))
    inbox.end(Unavailable())
    with pytest.raises(asyncio.CancelledError):
        await answer


@pytest.mark.parametrize(
    ("raised", "told"),
    [(BrokerRefused("no"), BrokerRefused), (ValueError("x"), Unavailable), (KeyError("x"), Unavailable)],
)
async def test_what_an_answer_raises_is_told_in_the_words_of_the_contract(
    raised: Exception, told: type[Exception]
) -> None:
    def fail(_: Msg) -> bytes:
        raise raised

    inbox = ReplyInbox(1.0)
    token, answer = inbox.expect(fail)
    inbox.take(token, _message(b"text"))
    with pytest.raises(told):
        await answer
    inbox.end(Unavailable())


async def test_when_it_ends_all_who_wait_are_told_why() -> None:
    inbox = ReplyInbox(1.0)
    answers = [inbox.expect(lambda message: message.data)[1] for _ in range(3)]
    inbox.end(Unavailable("gone"))
    for answer in answers:
        with pytest.raises(Unavailable, match="gone"):
            await answer
