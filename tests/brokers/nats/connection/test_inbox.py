"""Replies resolve the requests that they belong to, and every request has a time limit."""

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


async def test_requests_time_out_in_order() -> None:
    inbox = ReplyInbox(0.01)
    _, first = inbox.expect(lambda message: message.data)
    _, second = inbox.expect(lambda message: message.data)
    with pytest.raises(Unavailable, match=r"0\.01 s"):
        await second
    assert first.done()
    assert isinstance(first.exception(), Unavailable)
    assert len(inbox) == 0


async def test_a_late_or_unknown_reply_is_ignored() -> None:
    inbox = ReplyInbox(0.01)
    token, answer = inbox.expect(lambda message: message.data)
    with pytest.raises(Unavailable):
        await answer
    inbox.take(token, _message(b"late"))
    inbox.take("unknown", _message(b"text"))


async def test_a_reply_to_a_cancelled_request_is_ignored() -> None:
    inbox = ReplyInbox(1.0)
    token, answer = inbox.expect(lambda message: message.data)
    answer.cancel()
    inbox.take(token, _message(b"text"))
    inbox.end(Unavailable())
    with pytest.raises(asyncio.CancelledError):
        await answer


@pytest.mark.parametrize(
    ("raised", "expected"),
    [(BrokerRefused("no"), BrokerRefused), (ValueError("x"), Unavailable), (KeyError("x"), Unavailable)],
)
async def test_errors_in_a_reply_are_converted_to_those_of_the_contract(
    raised: Exception, expected: type[Exception]
) -> None:
    def fail(_: Msg) -> bytes:
        raise raised

    inbox = ReplyInbox(1.0)
    token, answer = inbox.expect(fail)
    inbox.take(token, _message(b"text"))
    with pytest.raises(expected):
        await answer
    inbox.end(Unavailable())


async def test_pending_requests_fail_with_the_reason_of_the_end() -> None:
    inbox = ReplyInbox(1.0)
    answers = [inbox.expect(lambda message: message.data)[1] for _ in range(3)]
    inbox.end(Unavailable("gone"))
    for answer in answers:
        with pytest.raises(Unavailable, match="gone"):
            await answer
