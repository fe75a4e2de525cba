"""A push service on this machine, and browsers that subscribe to it and decrypt what it receives."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import struct
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from typing_extensions import override

from service.push.encryption import derive, public_key
from service.push.keys import decoded, encoded, point
from tests.brokers.certificates import Authority
from tests.service.peer import PATIENCE


class Received(NamedTuple):
    """A request that the push service received."""

    path: str
    headers: dict[str, str]
    body: bytes


class Browser:
    """The keys of one browser: only it can read what is pushed to it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._secret = os.urandom(16)

    def subscription(self, **more: object) -> dict[str, object]:
        """Return the body of the request that subscribes it."""
        keys = {"p256dh": encoded(point(self._key.public_key())), "auth": encoded(self._secret)}
        return {"endpoint": self.endpoint, **keys, **more}

    def read(self, received: Received) -> dict[str, Any]:
        """Decrypt a push, and decode its text."""
        return dict(json.loads(decrypt(received.body, self._key, self._secret)))


def decrypt(body: bytes, key: ec.EllipticCurvePrivateKey, secret: bytes) -> bytes:
    """Decrypt as a browser does (RFC 8291)."""
    salt, (size, length) = body[:16], struct.unpack(">IB", body[16:21])
    assert len(body) <= size
    sender = body[21 : 21 + length]
    shared = key.exchange(ec.ECDH(), public_key(sender))
    content, nonce = derive(shared, secret, salt, point(key.public_key()) + sender)
    plain = AESGCM(content).decrypt(nonce, body[21 + length :], None)
    assert plain.endswith(b"\x02")
    return plain[:-1]


def check_signature(received: Received, origin: str, public: str, subject: str) -> None:
    """Verify the signature of a push (RFC 8292)."""
    scheme, _, parameters = received.headers["Authorization"].partition(" ")
    given = dict(each.strip().split("=", 1) for each in parameters.split(","))
    assert (scheme, given["k"]) == ("vapid", public)
    claims = jwt.decode(given["t"], public_key(decoded(public)), algorithms=["ES256"], audience=origin)
    assert claims["sub"] == subject


class PushService:
    """Receives pushes.

    Attributes:
        received: what it has received.
        answers: the statuses and headers of the next answers; then 201.
    """

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.received: list[Received] = []
        self.answers: list[tuple[int, dict[str, str]]] = []

    @property
    def host(self) -> str:
        """The host and the port."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def other_host(self) -> str:
        """The same place by a name for which there is no certificate."""
        return f"localhost:{self._server.server_port}"

    @property
    def origin(self) -> str:
        """The origin."""
        return f"https://{self.host}"

    def browser(self, name: str = "one") -> Browser:
        """Return a new browser, with an endpoint here."""
        return Browser(f"{self.origin}/push/{name}")

    async def pushed(self, count: int = 1) -> list[Received]:
        """Wait for so many pushes, and return them."""
        async with asyncio.timeout(PATIENCE):
            while len(self.received) < count:  # noqa: ASYNC110 - its thread knows no event of the loop
                await asyncio.sleep(0.005)
        return self.received[:count]


@asynccontextmanager
async def push_service(folder: Path) -> AsyncIterator[PushService]:
    """Run a push service with a certificate for 127.0.0.1; `authority.pem` in the folder has issued it."""
    here: PushService

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            here.received.append(Received(self.path, dict(self.headers.items()), body))
            status, headers = here.answers.pop(0) if here.answers else (201, {})
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    server = await asyncio.to_thread(ThreadingHTTPServer, ("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*Authority(folder).issue("push"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    here = PushService(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield here
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        thread.join()
