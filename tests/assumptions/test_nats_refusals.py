"""nats-py: how refusals of the server are attributed to what was refused, on a connection that lives on."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.assumptions.claims import assumes
from tests.assumptions.places import NATS_CLIENT
from tests.assumptions.test_nats import connected


@assumes(
    "nats-py",
    "Client._send_ping",
    "Client._send_command",
    "Client._flush_pending",
    "Client._pongs",
    where=NATS_CLIENT,
    breaks="a subscription that the server refuses is attributed to another room",
)
async def test_pongs_come_in_the_order_of_what_was_queued() -> None:
    """`_send_command` queues behind the commands that were sent before, `_flush_pending` has them written,
    each
    PONG calls `set_result` of the first future in `_pongs`, and nats-py sends each of its PINGs by
    `_send_ping`.
    """
    from nats.aio.client import Client

    pings = 0

    class Counted(Client):
        async def _send_ping(self, future: asyncio.Future[Any] | None = None) -> None:
            nonlocal pings
            pings += 1
            self._pongs.append(future or asyncio.get_running_loop().create_future())
            await self._send_command(b"PING\r\n")
            await self._flush_pending()

    client = await connected(Counted)
    subject = client.new_inbox()
    arrived: list[str] = []

    class Passed(asyncio.Future[Any]):
        def set_result(self, result: Any, /) -> None:
            arrived.append("message" if not isinstance(result, bool) else "pong")

    await client.subscribe(subject, future=Passed())
    await client.publish(subject, b"")
    await client._send_ping(Passed())
    await client.flush()
    await client.close()
    assert arrived == ["message", "pong"]
    assert pings == 2  # `flush` uses it as well


@assumes(
    "nats-py",
    "Client._process_err",
    "Client._error_cb",
    where=NATS_CLIENT,
    breaks="one room too many, or one permission that is missing, ends the connection of the whole node",
)
async def test_process_err_is_awaited_with_each_error_of_the_server_in_its_place() -> None:
    """`_process_err` is awaited with the text of each `-ERR`, in lower case, ahead of what follows it, and
    `_error_cb` is the `error_cb` of `connect`.
    """
    from nats.aio.client import Client

    seen: list[str] = []

    class Listening(Client):
        async def _process_err(self, err_msg: str) -> None:
            seen.append(err_msg)
            await self._error_cb(ValueError(err_msg))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"a","version":"2.11.0","max_payload":1024,"headers":true}\r\n')
        answers = iter((b"PONG\r\n", b"-ERR 'Maximum Subscriptions Exceeded'\r\nPONG\r\n"))
        while line := await reader.readline():
            if line == b"PING\r\n":
                writer.write(next(answers))
        writer.close()

    async def failed(error: Exception) -> None:
        seen.append(type(error).__name__)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = Listening()
    await client.connect(servers=[f"nats://127.0.0.1:{port}"], allow_reconnect=False, error_cb=failed)
    await client.flush()
    assert client.is_connected
    await client.close()
    server.close()
    assert seen == ["'maximum subscriptions exceeded'", "ValueError"]


@assumes(
    "nats-py",
    "Client._max_payload",
    where=NATS_CLIENT,
    breaks="a message that is too large for the account or the user ends the connection each time it is sent",
)
async def test_max_payload_is_what_was_set_last() -> None:
    """`_max_payload` is what `max_payload` returns, and a connected client changes it no more."""
    client = await connected()
    client._max_payload = 7
    await client.flush()
    assert client.max_payload == 7
    await client.close()
