"""A fault of ours in one connection's input ends that connection, and no other."""

from __future__ import annotations

import pytest

from hubbub_protocol import Close, decode_command
from hubbub_protocol.commands import Command
from service.sessions import commands
from tests.service.framing import frame
from tests.service.peer import Peer
from tests.service.serving import Served, serving

WRONG = '{"type":"leave","id":1,"room":"wrong"}'


@pytest.fixture(autouse=True)
def fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(text: str) -> Command:
        if "wrong" in text:
            raise RuntimeError("a fault that was planted")
        return decode_command(text)

    monkeypatch.setattr(commands, "decode_command", decode)


async def fails(served: Served, peer: Peer) -> None:
    assert await peer.closed() == Close.INTERNAL
    ann, _ = await served.joined("ann")
    assert (await ann.ask("send", room="lobby", text="still here"))["type"] == "sent"


async def test_as_it_comes_in() -> None:
    async with serving() as served:
        peer = await served.welcomed("bob")
        await peer.write(frame(WRONG))
        await fails(served, peer)


async def test_among_what_waited_while_the_session_had_enough_to_do() -> None:
    async with serving() as served:
        peer = await served.welcomed("bob")
        join = frame('{"type":"join","id":2,"room":"lobby","limit":0}')
        await peer.write(join * 500 + frame(WRONG))
        await fails(served, peer)
