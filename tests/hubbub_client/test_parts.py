"""Addresses and idempotency keys."""

import pytest

from hubbub_client import BadUrl, Message, Position, derived_key, new_key
from hubbub_client.url import websocket_url


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("ws://chat.example.org/ws", "ws://chat.example.org/ws"),
        ("http://chat.example.org", "ws://chat.example.org/ws"),
        ("https://chat.example.org/", "wss://chat.example.org/ws"),
        ("https://chat.example.org/chat/ws?x=1", "wss://chat.example.org/chat/ws?x=1"),
        ("WSS://Chat.example.org:8443", "wss://Chat.example.org:8443/ws"),
        ("localhost:8000", "ws://localhost:8000/ws"),
        ("127.0.0.1:8000/ws", "ws://127.0.0.1:8000/ws"),
        ("[::1]:8000", "ws://[::1]:8000/ws"),
        ("chat.example.org", "wss://chat.example.org/ws"),
        (" ws://a ", "ws://a/ws"),
    ],
)
def test_an_address_becomes_a_url(address: str, url: str) -> None:
    assert websocket_url(address) == url


@pytest.mark.parametrize(
    "address", ["", "ftp://a", "ws://", "ws://a:b", "ws://a:99999", "ws://a:0", "ws://["]
)
def test_an_invalid_address_is_rejected(address: str) -> None:
    with pytest.raises(BadUrl):
        websocket_url(address)


def test_a_key_is_a_ulid() -> None:
    # The example of the ULID specification has this time part.
    assert new_key(lambda: 1469918176.385, lambda _: 0) == "01ARYZ6S41" + "0" * 16
    assert new_key(lambda: 0.0, lambda bits: 2**bits - 1) == "0" * 10 + "Z" * 16


def test_keys_sort_by_time_and_differ() -> None:
    early, late = new_key(lambda: 1.0), new_key(lambda: 2.0)
    assert early < late
    assert len({new_key() for _ in range(100)}) == 100


def test_a_derived_key_is_the_same_for_the_same_message_and_purpose() -> None:
    def said(offset: int) -> Message:
        position = Position("a.0", offset)
        return Message(room="lobby", position=position, key="k", user="ann", text="hi", at=0)

    keys = [derived_key(said(1), "reply"), derived_key(said(2), "reply"), derived_key(said(1), "other")]
    assert len(set(keys)) == 3
    assert derived_key(said(1), "reply") == keys[0]
    assert all(len(key) <= 64 and key.isalnum() for key in keys)
