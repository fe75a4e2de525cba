"""The broadcast of websockets' documentation ("Broadcasting"), with a set of connections for each room."""

from __future__ import annotations

import asyncio
import sys
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, broadcast, serve

ROOMS: dict[str, set[ServerConnection]] = {}


async def handler(websocket: ServerConnection) -> None:
    """Hand on what a member says to all members of its room."""
    assert websocket.request is not None
    room = parse_qs(urlsplit(websocket.request.path).query)["room"][0]
    members = ROOMS.setdefault(room, set())
    members.add(websocket)
    try:
        async for message in websocket:
            broadcast(members, message)
    finally:
        members.remove(websocket)


async def main() -> None:
    """Serve until the process is ended."""
    async with serve(handler, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()


asyncio.run(main())
