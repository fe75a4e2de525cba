"""A Sanic app that posts: each request to /alerts becomes a message.

python sanic_app.py ws://localhost:8000 alerts 8001
curl -X POST -d "the disk is full" -H "Idempotency-Key: disk-1" http://localhost:8001/alerts
"""

import sys
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import TypeAlias

from sanic import Config, Request, Sanic
from sanic.response import HTTPResponse, json

from hubbub_client import Client, Options, SendFailed

App: TypeAlias = "Sanic[Config, SimpleNamespace]"

# It is in no list of members.
QUIET = Options(about="alerts", listener=True)


def posting_app(url: str, name: str) -> App:
    """Return an app that posts to a room."""
    app = Sanic("alerts", configure_logging=False)

    @app.before_server_start
    async def connect(app: App) -> None:
        app.ctx.stack = AsyncExitStack()
        chat = await app.ctx.stack.enter_async_context(Client(url, name="alerts", options=QUIET))
        app.ctx.room = await chat.join(name)

    @app.after_server_stop
    async def disconnect(app: App) -> None:
        await app.ctx.stack.aclose()

    @app.post("/alerts")
    async def alert(request: Request) -> HTTPResponse:
        try:
            receipt = await request.app.ctx.room.send(
                request.body.decode(), request.headers.get("Idempotency-Key")
            )
        except SendFailed as error:
            return json({"error": error.code, "message": str(error)}, status=422)
        return json({"offset": receipt.position.offset, "duplicate": receipt.duplicate}, status=201)

    return app


if __name__ == "__main__":
    _, server, room, port = sys.argv
    posting_app(server, room).run("127.0.0.1", int(port), single_process=True, motd=False, access_log=False)
