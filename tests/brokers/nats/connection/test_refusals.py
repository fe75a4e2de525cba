"""A refusal is attributed to what was refused, and everything else on the connection lives on."""

from __future__ import annotations

import pytest

from brokers.nats.connection.refusals import Fences, Refusal, read_refusal


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            'nats: permissions violation for publish to "a.in.=20b"',
            (True, "a.in.=20b"),
        ),
        ('\'Permissions Violation for Subscription to "A.out.b" using queue "q"\'', (False, "a.out.b")),
        ("'maximum subscriptions exceeded'", (False, "")),
    ],
)
def test_a_refusal_of_one_request_is_read(text: str, refusal: tuple[bool, str]) -> None:
    assert read_refusal(text) == Refusal(*refusal, text)


@pytest.mark.parametrize(
    "text", ["'stale connection'", "'maximum payload violation'", "'authorization violation'"]
)
def test_an_error_that_ends_the_connection_is_no_refusal(text: str) -> None:
    assert read_refusal(text) is None


async def test_a_refusal_belongs_to_the_first_group_whose_pong_is_missing() -> None:
    fences, refused = Fences(), list[str]()
    first, second = (
        fences.expect(refused.append),
        fences.expect(lambda reason: refused.append(f"2 {reason}")),
    )
    assert fences.refuse("a")
    first.set_result(True)
    assert fences.refuse("b")
    assert fences.refuse("c")
    second.set_result(True)
    assert not fences.refuse("nothing is due")
    assert refused == ["a", "2 b", "2 c"]
