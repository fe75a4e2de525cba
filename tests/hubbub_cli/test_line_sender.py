"""A line that was sent is finished by its receipt, and not by its arrival in the room."""

import pytest

from hubbub_cli.errors import NoReply, RejectedByServer
from hubbub_cli.line_sender import LineSender
from hubbub_cli.settings import Given, load
from hubbub_client import SendFailed, TimedOut


class Lobby:
    """A room whose replies are prepared; None is a receipt."""

    name = "lobby"

    def __init__(self, *replies: Exception | None) -> None:
        self._replies = list(replies)
        self.sent: list[tuple[str, str]] = []

    async def send(self, text: str, key: str, /, *, within: float) -> None:
        assert within
        self.sent.append((text, key))
        if reply := self._replies.pop(0):
            raise reply


async def test_the_end_waits_for_the_receipt_of_what_timed_out() -> None:
    lobby, sender = Lobby(TimedOut("no receipt"), None), LineSender(load(Given()))
    with pytest.raises(NoReply):
        await sender.send(lobby, "hello", "k1")
    await sender.finish({"lobby"})
    await sender.finish({"lobby"})
    assert lobby.sent == [("hello", "k1"), ("hello", "k1")]


async def test_what_was_rejected_is_not_sent_again() -> None:
    lobby, sender = Lobby(SendFailed("k1", "too_long", "The text is too long.")), LineSender(load(Given()))
    with pytest.raises(RejectedByServer):
        await sender.send(lobby, "hello", "k1")
    await sender.finish({"lobby"})
    assert lobby.sent == [("hello", "k1")]


async def test_a_room_that_was_left_gets_no_more_messages() -> None:
    lobby, sender = Lobby(TimedOut("no receipt")), LineSender(load(Given()))
    with pytest.raises(NoReply):
        await sender.send(lobby, "hello", "k1")
    await sender.finish(set())
    assert lobby.sent == [("hello", "k1")]
