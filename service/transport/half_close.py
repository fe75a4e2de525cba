"""End the sending side of a TCP connection."""

from __future__ import annotations

import asyncio


def end_sending(transport: asyncio.Transport) -> bool:
    """End the sending side, as the server must do first (RFC 6455, 7.1.1); return whether input may follow.

    Only that side, if the transport supports it. A full close would reset the connection when more input
    arrives, and the peer might never read the close frame.
    """
    try:
        if transport.can_write_eof():
            transport.write_eof()
            return True
        transport.close()
    except OSError:
        # The peer has reset the connection.
        transport.abort()
    return False
