"""The environment of a dialogue: one node with the requested settings, on a broker that can fail."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Final

import jwt
import msgspec

from brokers.memory import MemoryBroker
from hubbub_protocol import Close
from service.moderation.actions import ModerationAction
from service.node import Node
from service.server import Running, running
from service.settings import Settings, load
from service.shutdown import drain
from tests.dialogue.matching import Json
from tests.faults.faulty import FaultyBroker

TOKEN_KEY: Final = "a secret of the tests, of at least 32 bytes"
TOKEN: Final = "$token:"

# JSON may encode one character as two escapes of six bytes each (service/settings/checks.py).
_FRAME_PER_CHARACTER: Final = 12
_FRAME_MARGIN: Final = 1024

_LIMITS: Final = {
    "frame": "HUBBUB_FRAME_BYTES",
    "text": "HUBBUB_TEXT_CHARACTERS",
    "rooms": "HUBBUB_ROOMS_PER_CONNECTION",
    "sends": "HUBBUB_SENDS_PER_SECOND",
    "burst": "HUBBUB_SENDS_BURST",
}
_ADMISSIONS: Final = {"second": "HUBBUB_ADMISSIONS_PER_SECOND", "burst": "HUBBUB_ADMISSIONS_BURST"}
_COMMANDS: Final = {"second": "HUBBUB_COMMANDS_PER_SECOND", "burst": "HUBBUB_COMMANDS_BURST"}
_GUESTS: Final = {"read": "HUBBUB_GUEST_READ", "write": "HUBBUB_GUEST_WRITE"}
_ADDRESS: Final = {"connections": "HUBBUB_CONNECTIONS_PER_ADDRESS", "names": "HUBBUB_NAMES_PER_ADDRESS"}
_NUMBERS: Final = {
    "new_rooms": "HUBBUB_NEW_ROOMS_PER_HOUR",
    "kept": "HUBBUB_HISTORY_ENTRIES",
    "large_room": "HUBBUB_PRESENCE_NAMES",
}
_GROUPS: Final = {
    "limits": _LIMITS,
    "admissions": _ADMISSIONS,
    "commands": _COMMANDS,
    "address": _ADDRESS,
}
_TIMES: Final = {
    "hello_timeout": "HUBBUB_HELLO_SECONDS",
    "ping": "HUBBUB_PING_SECONDS",
    "edits": "HUBBUB_EDIT_SECONDS",
    "flood": "HUBBUB_FLOOD_SECONDS",
}


class Stage:
    """A running node, and the faults that a dialogue can cause."""

    def __init__(self, here: Running, broker: FaultyBroker, forbidden: list[str]) -> None:
        self.port = here.port
        self.node: Node = here.node
        self._broker = broker
        self._forbidden = forbidden
        self._draining: asyncio.Task[None] | None = None

    def set_broker(self, where: str) -> None:
        if where == "away":
            self._broker.cut()
        else:
            self._broker.mend()

    async def moderate(self, action: Json) -> None:
        """Take an action of the operator."""
        assert isinstance(action, dict)
        taken = {"at": int(time.time() * 1000), "reason": "a reason", **action}
        await self.node.moderation.act(msgspec.convert(taken, ModerationAction))

    def drain(self) -> None:
        self._draining = asyncio.get_running_loop().create_task(drain(self.node))

    async def index(self) -> None:
        """Store the read marks, and index all that the archive has."""
        assert self.node.archiving is not None
        await self.node.archiving.marks.store()
        while await self.node.archiving.indexer.turn():
            pass

    async def end(self) -> None:
        """Finish a graceful shutdown as a node does: close the remaining connections."""
        if self._draining is not None:
            await self._draining
            self._draining = None
            for connection in list(self.node.connections):
                connection.close(Close.RESTART, "the node restarts")

    def token(self, word: str) -> str:
        """Create a token from `$token:<user>:<ms>[:<claim>=<value>]`; forbidden rooms are not readable."""
        user, left, *claimed = word.removeprefix(TOKEN).split(":")
        claims: dict[str, object] = {"sub": user, "exp": time.time() + int(left) / 1000}
        if self._forbidden:
            claims["rooms.read"] = ["lobby"]
        for claim, rooms in (each.split("=") for each in claimed):
            claims[claim] = rooms.split(",") if claim.startswith("rooms.") else rooms
        return jwt.encode(claims, TOKEN_KEY, algorithm="HS256")


def settings_of(wanted: Mapping[str, Json]) -> Settings:
    """Translate the settings of a dialogue to those of the service."""
    environ = {"HUBBUB_PORT": "0", "HUBBUB_LINGER_SECONDS": "0", "HUBBUB_DRAIN_SECONDS": "0.2"}
    for group, variables in _GROUPS.items():
        values = wanted.get(group, {})
        assert isinstance(values, dict)
        environ |= {variables[name]: str(value) for name, value in values.items()}
    environ |= {_NUMBERS[name]: str(wanted[name]) for name in _NUMBERS if name in wanted}
    for name, variable in _TIMES.items():
        value = wanted.get(name)
        if isinstance(value, int):
            environ[variable] = str(value / 1000)
    auth = {"token": "tokens", "both": "both"}.get(str(wanted.get("auth")))
    if auth is not None:
        environ |= {"HUBBUB_AUTH": auth, "HUBBUB_TOKEN_KEY": TOKEN_KEY, "HUBBUB_TOKEN_LEEWAY": "0"}
    guests = wanted.get("guests", {})
    assert isinstance(guests, dict)
    environ |= {
        _GUESTS[may]: ",".join(map(str, rooms)) for may, rooms in guests.items() if isinstance(rooms, list)
    }
    return load(environ)


@asynccontextmanager
async def stage(wanted: Mapping[str, Json]) -> AsyncIterator[Stage]:
    settings = settings_of(wanted)
    broker = FaultyBroker(MemoryBroker(settings.broker_options))
    forbidden = wanted.get("forbidden", [])
    assert isinstance(forbidden, list)
    async with AsyncExitStack() as stack:
        if wanted.get("archive"):
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            settings = replace(settings, archive_url="sqlite:///a.sqlite", data=folder)
        if wanted.get("files"):
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            settings = replace(settings, files_url="file:///files", data=folder)
        here = await stack.enter_async_context(running(settings, None if wanted.get("archive") else broker))
        yield Stage(here, broker, [str(room) for room in forbidden])
