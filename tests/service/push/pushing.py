"""Nodes that push to a push service on this machine."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx
import jwt
import pytest

from service.node import Node
from service.push.keys import PushKey, make_private_key
from service.server import Running, running
from service.settings.tuning import DEFAULTS, Tuning
from tests.service.peer import Event, Peer
from tests.service.push.push_service import Browser, PushService, push_service
from tests.service.serving import quick

TOKEN_KEY: Final = "a secret of at least 32 bytes, for tests"
KEY: Final = "the-key-of-the-programs"
SUBJECT: Final = "mailto:admin@example.org"
TUNING: Final = replace(DEFAULTS, push_private=True, push_first_wait=0.01, push_longest_wait=0.05)


def token(user: str, **claims: object) -> str:
    return jwt.encode({"sub": user, "name": user, "exp": time.time() + 600, **claims}, TOKEN_KEY, "HS256")


class Pushing:
    """Running nodes, and their push service."""

    def __init__(self, service: PushService, nodes: list[Running], public: str) -> None:
        self.service = service
        self.public = public
        self._nodes = nodes
        self._peers: list[Peer] = []

    def node(self, number: int = 0) -> Node:
        return self._nodes[number].node

    def count(self, result: str, number: int = 0) -> int:
        """Return how many pushes ended so on a node."""
        return self.node(number).metrics.pushes.counts.get(result, 0)

    def http(self, number: int = 0) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._nodes[number].port}")

    async def joined(
        self, user: str, number: int = 0, *, room: str = "lobby", **hello: object
    ) -> tuple[Peer, Event]:
        """Connect a user, a guest if `hello` has no token; return the answer to `hello` too."""
        peer = await Peer.connect(self._nodes[number].port)
        self._peers.append(peer)
        await peer.upgrade()
        welcome = await peer.ask("hello", **(hello or {"name": user}))
        assert welcome["type"] == "welcome", welcome
        joined = await peer.ask("join", room=room)
        assert joined["type"] == "joined", joined
        return peer, welcome

    async def subscribe(
        self, browser: Browser, credentials: str, number: int = 0, **more: object
    ) -> httpx.Response:
        async with self.http(number) as client:
            return await client.put(
                "/api/me/push", json=browser.subscription(**more), headers={"Authorization": credentials}
            )

    async def absent(self, name: str = "ann", number: int = 0, **more: object) -> tuple[Browser, str]:
        """Return the browser of a guest who has written in the lobby and left, and its credentials."""
        peer, welcome = await self.joined(name, number)
        await peer.ask("send", room="lobby", text=f"I am {name}")
        browser, credentials = self.service.browser(name), f"Guest {welcome['session']}"
        answer = await self.subscribe(browser, credentials, number, name=name, **more)
        assert answer.status_code == 200, answer.text
        peer.disconnect()
        return browser, credentials

    def close(self) -> None:
        for peer in self._peers:
            peer.disconnect()


@asynccontextmanager
async def pushing(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    nodes: Mapping[int, Mapping[str, Any]] | None = None,
    *,
    tuning: Tuning = TUNING,
    **settings: Any,  # noqa: ANN401 - each setting has its own type
) -> AsyncIterator[Pushing]:
    """Run nodes with a key for pushes; by default one, with an SQLite archive."""
    private = make_private_key()
    async with push_service(folder) as service, AsyncExitStack() as stack:
        # The authorities that the TLS library trusts.
        monkeypatch.setenv("SSL_CERT_FILE", str(folder / "authority.pem"))
        shared = {
            "push_private_key": private,
            "push_subject": SUBJECT,
            "push_hosts": (service.host, service.other_host),
            "auth": "both",
            "token_key": TOKEN_KEY,
            "guest_read": ("*",),
            "guest_write": ("*",),
            "api_key": KEY,
            **settings,
        }
        started = []
        for own in (nodes or {0: {"archive_url": "sqlite:///archive.sqlite", "data": str(folder)}}).values():
            chosen = quick(**{**shared, **own})
            started.append(await stack.enter_async_context(running(chosen, tuning=tuning)))
        here = Pushing(service, started, PushKey(private, SUBJECT).public)
        stack.callback(here.close)
        yield here
