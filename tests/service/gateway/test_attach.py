"""Handshakes without a host, and the parameters of plain connections."""

from __future__ import annotations

import pytest

from tests.service.peer import Peer
from tests.service.serving import Served


async def code_for(served: Served, handshake: bytes) -> int:
    """Connect without a subprotocol; return the close code, 1000 for an accepted connection."""
    peer = await served.peer()
    await peer.write(handshake)
    assert (await peer.head()).startswith("HTTP/1.1 101 ")
    # An accepted connection answers our close frame; the server closes the others first.
    return await peer.leave()


@pytest.mark.parametrize("origin", ["null", "", "http://here"])
@pytest.mark.parametrize("host", [b"", b"Host: \r\n"])
async def test_a_page_without_a_host_is_rejected_if_the_request_has_no_host_either(
    served: Served, origin: str, host: bytes
) -> None:
    peer = await served.peer()
    await peer.write(Peer.handshake(headers={"Origin": origin}).replace(b"Host: 127.0.0.1\r\n", host))
    assert (await peer.head()).startswith("HTTP/1.1 400 ")


@pytest.mark.parametrize("history", ["200", "000"])
async def test_history_up_to_the_limit_of_plain_connections_is_allowed(served: Served, history: str) -> None:
    assert await code_for(served, Peer.handshake(f"/ws?history={history}", protocol=None)) == 1000


@pytest.mark.parametrize("history", ["201", "-1", "x", "\u0663", pytest.param("9" * 5000, id="long")])
async def test_invalid_history_parameters_are_rejected(served: Served, history: str) -> None:
    query = history if history.isascii() else "%D9%A3"
    assert await code_for(served, Peer.handshake(f"/ws?history={query}", protocol=None)) == 1008
