"""Processes that start while their broker is unreachable wait for it, within a limit, and can be stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from hubbub_client import Client
from tests.e2e.backbones import NAMES, backbone, until_ready_says

ROOT: Final = Path(__file__).parents[2]
_ENDS_WITHIN: Final = 20.0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@asynccontextmanager
async def _process(port: int, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start `python -m service` on a port; kill it at the end of the block."""
    environment = {"PATH": os.environ["PATH"], "HUBBUB_PORT": str(port), "HUBBUB_BROKER_TIMEOUT": "2"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service",
        cwd=ROOT,
        env=environment | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _until_live(port: int) -> None:
    async with asyncio.timeout(_ENDS_WITHIN), httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/health/live")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)


def _sentences(said: bytes) -> list[str]:
    """Return the lines that are no log."""
    return [line for line in said.decode().splitlines() if not line.startswith("{")]


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("broker", NAMES)
async def test_a_node_is_live_while_it_waits_and_ready_when_the_broker_is(broker: str, workers: str) -> None:
    port = _free_port()
    with backbone(broker) as (server, settings):
        server.kill()
        async with _process(port, **settings, HUBBUB_WORKERS=workers) as process:
            await _until_live(port)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
                ready = await http.get("/health/ready")
                assert (ready.status_code, "waiting for the broker" in ready.text) == (503, True), ready.text
                async with Client(f"ws://127.0.0.1:{port}") as client:
                    joining = asyncio.create_task(client.join("lobby"))
                    await asyncio.to_thread(server.start)
                    async with asyncio.timeout(30):
                        await until_ready_says(port, 200)
                        await (await joining).send("hello")
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), _ENDS_WITHIN) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_signal_ends_the_wait_at_once(workers: str, number: signal.Signals) -> None:
    port = _free_port()
    settings = {"BROKER": "nats", "NATS_URL": "nats://127.0.0.1:1", "HUBBUB_WORKERS": workers}
    async with _process(port, **settings) as process:
        await _until_live(port)
        process.send_signal(number)
        _, said = await asyncio.wait_for(process.communicate(), _ENDS_WITHIN)
        assert process.returncode == 0, said
        assert _sentences(said) == []


@pytest.mark.parametrize("limit", ["0", "1.5"])
@pytest.mark.parametrize("workers", ["1", "2"])
async def test_the_limit_of_the_wait_ends_the_process_with_one_sentence(workers: str, limit: str) -> None:
    settings = {"BROKER": "redis", "REDIS_URL": "redis://127.0.0.1:1", "HUBBUB_WORKERS": workers}
    async with _process(_free_port(), **settings, HUBBUB_START_SECONDS=limit) as process:
        _, said = await asyncio.wait_for(process.communicate(), _ENDS_WITHIN)
        assert process.returncode == 1
        (sentence,) = _sentences(said)
        assert sentence.startswith("hubbub: ")
        assert "127.0.0.1:1" in sentence


async def test_a_wrong_setting_is_reported_without_a_wait() -> None:
    with backbone("nats") as (_, settings):
        broken = settings | {"NATS_URL": f"{settings['NATS_URL']}?replicas=3"}
        async with _process(_free_port(), **broken) as process:
            _, said = await asyncio.wait_for(process.communicate(), _ENDS_WITHIN)
            assert process.returncode == 1
            (sentence,) = _sentences(said)
            assert "replicas" in sentence
