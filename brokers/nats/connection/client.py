"""Extend the client of nats-py: faster header parsing, and TLS that can't be downgraded."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from nats.aio.client import Client
from nats.errors import Error as NatsError
from typing_extensions import override

from brokers.nats.connection.refusals import read_refusal

PING_PROTO: Final = b"PING\r\n"


def read_headers(raw: bytes) -> dict[str, str]:
    """Parse the headers of a message; the status of a reply becomes `Status`.

    Only headers written by NATS and this package are parsed: one line each, in ASCII.
    """
    first, *lines = raw.decode("utf-8", "replace").split("\r\n")
    _, _, status = first.partition(" ")
    headers = {"Status": status[:3]} if status else {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name] = value.strip()
    return headers


class ClientCertificateRequired(NatsError):
    """The server requires a client certificate, and none is configured. It would just disconnect."""


class NatsClient(Client):
    """A client that refuses a connection without TLS if `encrypted`; `known` says that it has a certificate.

    nats-py falls back to plain text if the server does not ask for TLS, whatever the URL says, so a man in
    the middle could read the password. The overridden methods are private to nats-py. If a version no longer
    calls them, headers are only parsed more slowly, but `nats/connection/test_credentials.py` fails.
    """

    def __init__(self, *, encrypted: bool, known: bool) -> None:
        super().__init__()
        self._encrypted = encrypted
        self._known = known

    @override
    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        if self._encrypted and initial_connection:
            info["tls_required"] = True
        if info.get("tls_verify") and not self._known:
            raise ClientCertificateRequired
        await super()._process_info(info, initial_connection)
        # The limit of an account or a user follows in a later INFO, which nats-py ignores.
        self._max_payload = info.get("max_payload", self._max_payload)

    @override
    async def _process_err(self, err_msg: str) -> None:
        # nats-py would close the connection for one subscription too many. The server does not.
        if read_refusal(err_msg):
            await self._error_cb(NatsError(err_msg.strip("'")))
        else:
            await super()._process_err(err_msg)

    @override
    async def _send_ping(self, future: asyncio.Future[Any] | None = None) -> None:
        """Send a PING after all earlier commands; nats-py lets it overtake them."""
        self._pongs.append(future or asyncio.get_running_loop().create_future())
        await self._send_command(PING_PROTO)
        await self._flush_pending()

    async def fence(self, passed: asyncio.Future[bool]) -> None:
        """Set the result of a future when the server has handled all that was sent before."""
        await self._send_ping(passed)

    @override
    async def _process_headers(self, headers: bytes | None) -> dict[str, str] | None:
        return read_headers(headers) if headers else None
