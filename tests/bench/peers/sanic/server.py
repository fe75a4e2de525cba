"""Sanic's documented websocket handler: `await ws.send` to each member of the room."""

from __future__ import annotations

import sys

from sanic import Request, Sanic, Websocket

app = Sanic("peer")
ROOMS: dict[str, set[Websocket]] = {}


@app.websocket("/ws")  # type: ignore[untyped-decorator]
async def handler(request: Request, ws: Websocket) -> None:
    """Hand on what a member says to all members of its room."""
    members = ROOMS.setdefault(request.args["room"][0], set())
    members.add(ws)
    try:
        async for message in ws:
            for member in list(members):
                await member.send(message)
    finally:
        members.remove(ws)


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), single_process=True, access_log=False)
