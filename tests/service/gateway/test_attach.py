"""Who may come in: where the page is from, and what a plain connection asks for."""

from __future__ import annotations

import pytest

from tests.service.peer import Peer
from tests.service.serving import Served


async def code_for(served: Served, handshake: bytes) -> int:
    """Knock without a subprotocol; return the code of the close, 0 if the door opened."""
    peer = await served.peer()
    await peer.write(handshake)
    assert (await peer.head()).startswith("HTTP/1.1 101 ")
    # Whoever is let in sees what it says itself; the others are closed ahead of it.
    return await peer.leave()


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://here", "here"),
        ("https://HERE:8443", "here:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
async def test_a_page_of_the_same_host_comes_in(served: Served, origin: str, host: str) -> None:
    knock = Peer.handshake(headers={"Origin": origin, "Host": host})
    assert await code_for(served, knock) == 1000


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://elsewhere", "here"),
        ("http://here.elsewhere", "here"),
        ("null", "here"),
        ("http://[", "here"),
        ("http://here", "["),
        ("http://[", "["),
        ("", "["),
        ("null", "["),
    ],
)
async def test_a_page_of_another_host_or_of_none_is_refused(served: Served, origin: str, host: str) -> None:
    knock = Peer.handshake(headers={"Origin": origin, "Host": host})
    assert await code_for(served, knock) == 4502


@pytest.mark.parametrize("origin", ["null", "", "http://here"])
@pytest.mark.parametrize("host", [b"", b"Host: \r\n"])
async def test_a_page_of_no_host_is_refused_where_the_server_has_no_name_either(
    served: Served, origin: str, host: bytes
) -> None:
    peer = await served.peer()
    await peer.write(Peer.handshake(headers={"Origin": origin}).replace(b"Host: 127.0.0.1\r\n", host))
    assert (await peer.head()).startswith("HTTP/1.1 400 ")


@pytest.mark.parametrize("history", ["200", "000"])
async def test_as_much_history_as_is_kept_for_plain_connections_is_given(
    served: Served, history: str
) -> None:
    assert await code_for(served, Peer.handshake(f"/ws?history={history}", protocol=None)) == 1000


@pytest.mark.parametrize("history", ["201", "-1", "x", "\u0663", pytest.param("9" * 5000, id="long")])
async def test_more_history_than_there_may_be_is_refused(served: Served, history: str) -> None:
    query = history if history.isascii() else "%D9%A3"
    assert await code_for(served, Peer.handshake(f"/ws?history={query}", protocol=None)) == 1008
