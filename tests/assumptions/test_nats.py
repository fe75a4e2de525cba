"""nats-py: the private methods that `NATS_CLIENT` overrides, and the private values that are read."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.assumptions.claims import assumes
from tests.assumptions.places import NATS_CLIENT, NATS_CONNECTION
from tests.contract.nats_server import shared_nats


async def connected(kind: type | None = None) -> Any:
    from nats.aio.client import Client

    client = (kind or Client)()
    await asyncio.to_thread(shared_nats)
    await client.connect(servers=[shared_nats().url], allow_reconnect=False)
    return client


@assumes(
    "nats-py",
    "Client._process_info",
    where=NATS_CLIENT,
    breaks="a server, or a man in the middle, that asks for no TLS is sent the password in the clear",
)
async def test_process_info_may_ask_for_tls_ahead_of_the_password() -> None:
    """`_process_info(info, True)` is awaited with the first INFO ahead of all that is sent, and
    `tls_required` that is set in it makes the client speak TLS.
    """
    from nats.aio.client import Client

    first: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    class Encrypted(Client):
        async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
            assert initial_connection
            info["tls_required"] = True
            await super()._process_info(info, initial_connection)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"a","version":"2.11.0","max_payload":1024,"headers":true}\r\n')
        first.set_result(await reader.read(1))
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = Encrypted()
    connecting = asyncio.create_task(
        client.connect(servers=[f"nats://a:secret@127.0.0.1:{port}"], allow_reconnect=False)
    )
    await first
    connecting.cancel()
    await asyncio.gather(connecting, return_exceptions=True)
    server.close()
    assert first.result() == b"\x16"  # a TLS record; `CONNECT {…}` would begin with C


@assumes(
    "nats-py",
    "Client._process_info",
    where=NATS_CLIENT,
    breaks="a server that wants a certificate is asked again and again, and the operator reads no reason",
)
async def test_what_process_info_raises_at_first_ends_the_attempt() -> None:
    """An error that `_process_info` raises for the first INFO reaches `error_cb`, or `connect` raises it."""
    from nats.aio.client import Client
    from nats.errors import Error

    class Wanted(Error):
        pass

    class Refusing(Client):
        async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
            raise Wanted

    reported: list[Exception] = []

    async def failed(error: Exception) -> None:
        reported.append(error)

    await asyncio.to_thread(shared_nats)
    client = Refusing()
    try:
        await client.connect(
            servers=[shared_nats().url],
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            error_cb=failed,
        )
    except Error as error:
        reported.append(error)
    await client.close()
    assert any(isinstance(error, Wanted) for error in reported)


@assumes(
    "nats-py",
    "Client._process_headers",
    where=NATS_CLIENT,
    breaks="each message costs a parse by `email.parser`, and a status of JetStream's is read otherwise",
)
async def test_process_headers_makes_the_headers_of_a_message() -> None:
    """`_process_headers(bytes or None)` is awaited for each message, and what it returns is `Msg.headers`."""
    from nats.aio.client import Client

    raws: list[bytes | None] = []

    class Lean(Client):
        async def _process_headers(self, headers: bytes | None) -> dict[str, str] | None:
            raws.append(headers)
            return {"ours": "yes"}

    client = await connected(Lean)
    subject = client.new_inbox()
    subscription = await client.subscribe(subject)
    await client.publish(subject, b"a", headers={"A": "1"})
    await client.publish(subject, b"b")
    messages = [await subscription.next_msg(timeout=5), await subscription.next_msg(timeout=5)]
    await client.close()
    assert [message.headers for message in messages] == [{"ours": "yes"}] * 2
    assert raws[0] is not None
    assert raws[0].startswith(b"NATS/1.0")
    assert b"A: 1\r\n" in raws[0]
    assert not raws[1]


@assumes(
    "nats-py",
    "Client._server_info",
    where=NATS_CONNECTION,
    breaks="a server of a cluster is taken for a single one, and rooms are read from the wrong replica",
)
async def test_server_info_is_what_the_server_reported() -> None:
    """`_server_info` is the dict of the first INFO; it names a `cluster` where there is one."""
    client = await connected()
    info = client._server_info
    await client.close()
    assert isinstance(info, dict)
    assert info["server_id"]
    assert not info.get("cluster")


@assumes(
    "nats-py",
    "Client._transport",
    "TcpTransport._io_writer",
    where=NATS_CONNECTION,
    breaks="closing waits for a server that hangs, and its socket stays open",
)
async def test_a_connection_can_be_aborted_by_its_transport() -> None:
    """`_transport._io_writer` is a StreamWriter, whose transport ends the connection by `abort`."""
    client = await connected()
    writer = client._transport._io_writer
    assert isinstance(writer, asyncio.StreamWriter)
    writer.transport.abort()
    assert writer.transport.is_closing()
    await client.close()


@assumes(
    "nats-py",
    "Client.subscribe(future)",
    "Subscription._future",
    where=NATS_CONNECTION,
    breaks="only the first message of each subscription arrives, or a slow node drops messages unseen",
)
async def test_the_future_of_a_subscription_takes_each_message_at_once() -> None:
    """`subscribe(future=…)` calls `set_result` of the future with every message, and queues none."""
    from nats.aio.msg import Msg

    enough = asyncio.Event()
    taken: list[bytes] = []

    class Inlet(asyncio.Future[Msg]):
        def set_result(self, result: Msg, /) -> None:
            taken.append(result.data)
            if len(taken) == 3:
                enough.set()

    client = await connected()
    subject = client.new_inbox()
    subscription = await client.subscribe(subject, future=Inlet())
    for number in range(3):
        await client.publish(subject, b"%d" % number)
    await enough.wait()
    assert subscription.pending_msgs == 0
    await client.close()
    assert taken == [b"0", b"1", b"2"]


@assumes(
    "nats-py",
    "Client.pending_data_size",
    "Client.max_payload",
    "Client.connected_server_version",
    "Client.discovered_servers",
    "Client.servers",
    where=NATS_CONNECTION,
    breaks="messages that are too large end the connection, or a cluster's other servers are not tried",
)
async def test_a_client_has_the_information_of_its_server() -> None:
    """A connected client gives the server's version, its largest payload and its addresses, and how many
    bytes wait to be written.
    """
    client = await connected()
    assert client.pending_data_size == 0
    assert client.max_payload == 1024 * 1024
    assert client.connected_server_version.major >= 2
    assert [server.netloc for server in client.servers] == [shared_nats().url.removeprefix("nats://")]
    assert client.discovered_servers == []
    await client.close()
