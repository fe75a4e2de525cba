"""The address at the other end of a socket."""

from __future__ import annotations

import asyncio


def peer_address(transport: asyncio.BaseTransport) -> str:
    """Return the address at the other end of a socket; empty if it is gone already."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else ""
