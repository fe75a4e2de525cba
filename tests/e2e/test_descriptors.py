"""A node under a limit of file descriptors."""

from __future__ import annotations

import asyncio
import json
import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.hubbub_cli.server import Server, started
from tests.service.framing import Op
from tests.service.peer import Peer

CLIENTS = 300
ALIVE_WITHIN = 1.0
NEEDED = 2 * CLIENTS


class Limited:
    """A node, and what it logs."""

    def __init__(self, server: Server, log: Path) -> None:
        self.server = server
        self._log = log

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]


@contextmanager
def limited(folder: Path, limit: str) -> Iterator[Limited]:
    """Run a node behind `ulimit`."""
    with ExitStack() as stack, (folder / "log").open("wb") as log:
        server = Server(
            {"HUBBUB_LOG_LEVEL": "info", "HUBBUB_LOG_FORMAT": "auto", "HUBBUB_CONNECTIONS": "1000"},
            stderr=log.fileno(),
            prefix=("sh", "-c", f'ulimit {limit} && exec "$@"', "sh"),
        )
        yield Limited(stack.enter_context(started(server)), folder / "log")


async def connect(server: Server) -> tuple[Peer, int | None]:
    """Open a websocket and join a room; return it with the close code, or None if the client is welcome."""
    peer = await Peer.connect(server.port)
    await peer.upgrade()
    await peer.command("hello")
    while (found := await peer.frame()).op not in {Op.TEXT, Op.CLOSE}:
        pass
    if found.op is Op.TEXT:
        # A full node closes guests that are in no room.
        await peer.command("join", room="lobby")
        return peer, None
    peer.disconnect()
    return peer, found.code


async def metrics_of(server: Server) -> str:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=ALIVE_WITHIN) as http:
        assert (await http.get("/health/live")).status_code == 200
        return (await http.get("/metrics")).text


@pytest.fixture(autouse=True)
def _enough_for_the_test() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > NEEDED, "the test needs more file descriptors"


async def test_a_low_soft_limit_is_raised_and_all_clients_are_served(tmp_path: Path) -> None:
    with limited(tmp_path, "-Sn 100") as node:
        opened = [await connect(node.server) for _ in range(CLIENTS)]
        assert {code for _, code in opened} == {None}
        assert "hubbub_connections_limit 1000.0" in await metrics_of(node.server)
        for peer, _ in opened:
            peer.disconnect()
        assert "descriptor_limit_low" not in {event["event"] for event in node.events()}


async def test_under_a_low_hard_limit_clients_receive_4001_and_health_is_answered(tmp_path: Path) -> None:
    with limited(tmp_path, "-n 100") as node:
        opened = [await connect(node.server) for _ in range(CLIENTS)]
        codes = [code for _, code in opened]
        assert codes == [None] * 51 + [4001] * (CLIENTS - 51)
        metrics = await metrics_of(node.server)
        assert "hubbub_connections_limit 51.0" in metrics
        assert f'hubbub_connections_closed_total{{code="4001"}} {CLIENTS - 51}.0' in metrics
        [warning] = [each for each in node.events() if each["event"] == "descriptor_limit_low"]
        assert (warning["limit"], warning["connections"]) == (100, 51)
        for peer, _ in opened:
            peer.disconnect()


async def test_a_flood_of_sockets_is_aborted_and_counted_and_logged_once_in_a_while(tmp_path: Path) -> None:
    with limited(tmp_path, "-n 100") as node:
        silent = [await Peer.connect(node.server.port) for _ in range(CLIENTS)]
        # Those above the limit are aborted; the others wait for the time limit of a request.
        ends = [asyncio.ensure_future(peer.rest()) for peer in silent]
        async with asyncio.timeout(20):
            while sum(end.done() for end in ends) < CLIENTS - 67:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED, timeout=0.05)
        metrics = await metrics_of(node.server)
        assert f"hubbub_sockets_aborted_total {CLIENTS - 67}.0" in metrics
        lines = [each for each in node.events() if each["event"] == "socket_limit_reached"]
        assert 1 <= len(lines) <= 10
        for end, peer in zip(ends, silent, strict=True):
            end.cancel()
            peer.disconnect()
        await asyncio.wait(ends)
