"""A node with a folder of files, and clients that upload."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from service.files.files import Files
from service.settings.tuning import DEFAULTS, Tuning
from tests.service.peer import Event, Peer
from tests.service.serving import Served, serving, until

KEY = "the-key-of-the-programs"
PROGRAM = {"Authorization": f"Bearer {KEY}"}
HTML = b"<script>alert(1)</script>"


def png(width: int = 640, height: int = 480, rest: bytes = b"") -> bytes:
    """Return the beginning of a PNG."""
    return (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
        + width.to_bytes(4)
        + height.to_bytes(4)
        + b"\x08\x06\0\0\0cyc!"
        + rest
    )


class Uploading:
    """A running node with files."""

    def __init__(self, served: Served, http: httpx.AsyncClient, folder: Path) -> None:
        self.served = served
        self.http = http
        self.folder = folder

    async def ticket(self, peer: Peer, name: str = "a.png", size: int = 33, **fields: object) -> str:
        answer = await peer.ask("upload", **{"room": "lobby", "name": name, "size": size, **fields})
        assert answer["type"] == "ticket", answer
        return str(answer["file"])

    async def put(self, ticket: str, content: bytes) -> httpx.Response:
        return await self.http.put(f"/api/files/{ticket}", content=content)

    async def uploaded(self, peer: Peer, content: bytes | None = None, name: str = "a.png") -> str:
        """Upload a file; return its id."""
        content = png() if content is None else content
        ticket = await self.ticket(peer, name, len(content), media="image/png")
        answer = await self.put(ticket, content)
        assert answer.status_code == 201, answer.text
        return ticket

    async def sent(self, peer: Peer, *files: str, **fields: object) -> Event:
        return await peer.ask("send", **{"room": "lobby", "text": "", "files": list(files), **fields})

    async def get(self, file_id: str, name: str = "a.png", **headers: str) -> httpx.Response:
        return await self.http.get(f"/files/{file_id}/{name}", headers=headers)

    async def stored(self) -> list[str]:
        """Return the names of all files in the folder."""
        return await asyncio.to_thread(
            lambda: sorted(path.name for path in self.folder.rglob("*") if path.is_file())
        )


def files_of(here: Uploading) -> Files:
    assert here.served.node.files is not None
    return here.served.node.files


async def removed(here: Uploading) -> None:
    await until(lambda: not files_of(here).attachments.waiting)


@asynccontextmanager
async def uploading(folder: Path, *, tuning: Tuning = DEFAULTS, **settings: Any) -> AsyncIterator[Uploading]:  # noqa: ANN401
    """Run a node with files in a folder."""
    async with (
        serving(tuning=tuning, files_url=f"file:///{folder}", api_key=KEY, **settings) as served,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}") as http,
    ):
        yield Uploading(served, http, folder)
