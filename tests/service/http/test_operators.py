"""What operators see, on a port of their own or from the same machine, and what everybody else sees."""

from __future__ import annotations

import asyncio
from math import ceil

import pytest

from service.http.health import Exposition
from service.runtime.metrics import FAMILIES_AT_ONCE
from service.transport.input_turns import InputTurns
from tests.bench.node import free_port
from tests.service.peer import Peer
from tests.service.serving import Served, serving


async def _get(
    served: Served, path: str, port: int | None = None, headers: str = "", peer: str = "127.0.0.1"
) -> str:
    """Return the whole response."""
    opened = await Peer.connect(port or served.port, address=peer)
    await opened.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n".encode())
    response = await opened.rest()
    opened.disconnect()
    return response.decode()


def _status(response: str) -> int:
    return int(response.split()[1])


async def test_without_a_port_for_operators_requests_from_this_machine_see_everything(served: Served) -> None:
    assert "hubbub_connections 0.0" in await _get(served, "/metrics")
    for path in ("/health/live", "/health/ready"):
        assert served.node.name in await _get(served, path)


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "Via: 1.1 proxy"]
)
async def test_what_passed_a_proxy_sees_a_status_and_no_metrics(served: Served, header: str) -> None:
    assert _status(await _get(served, "/metrics", headers=f"{header}\r\n")) == 404
    for path in ("/health/live", "/health/ready"):
        response = await _get(served, path, headers=f"{header}\r\n")
        assert response.endswith('\r\n\r\n{"status":"ok"}')


@pytest.mark.parametrize("path", ["/metrics/", "//metrics", "/health/ready/", "/%6detrics", "/METRICS"])
async def test_a_path_that_is_written_in_another_way_is_another_path(served: Served, path: str) -> None:
    assert _status(await _get(served, path)) == 404


async def test_with_a_port_for_operators_that_of_clients_shows_nothing_else() -> None:
    port = free_port()
    async with serving(operator_port=port) as served:
        assert _status(await _get(served, "/metrics")) == 404
        assert served.node.name not in await _get(served, "/health/ready")
        assert "hubbub_connections 0.0" in await _get(served, "/metrics", port)
        assert served.node.name in await _get(served, "/health/ready", port)
        for path in ("/", "/ws", "/api/rooms", "/metrics/"):
            assert _status(await _get(served, path, port)) == 404
        served.node.draining = True
        assert _status(await _get(served, "/health/ready", port)) == 503


async def test_a_reason_is_for_operators(served: Served) -> None:
    served.node.draining = True
    assert '"status":"draining"' in await _get(served, "/health/ready")
    response = await _get(served, "/health/ready", headers="X-Forwarded-For: 192.0.2.1\r\n")
    assert response.endswith('\r\n\r\n{"status":"unavailable"}')
    served.node.draining = False


async def test_metrics_that_take_long_to_render_are_rendered_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    now, rendered = [100.0], []

    async def render() -> bytes:
        rendered.append(now[0])
        now[0] += 0.25
        return b"%d" % len(rendered)

    monkeypatch.setattr("service.http.health.perf_counter", lambda: now[0])
    exposition = Exposition(render)
    texts = []
    for _ in range(120):
        texts.append(await exposition.read())
        now[0] += 0.25
    assert rendered == [100.0, 112.5, 125.0]
    assert texts[-1] == b"3"


async def test_the_metrics_are_rendered_once_for_all_that_ask_at_the_same_time() -> None:
    rendered: list[int] = []

    async def render() -> bytes:
        rendered.append(1)
        await asyncio.sleep(0)
        return b"text"

    exposition = Exposition(render)
    assert await asyncio.gather(*(exposition.read() for _ in range(5))) == [b"text"] * 5
    assert len(rendered) == 1


async def test_the_parts_of_the_metrics_have_a_turn_of_the_loop_each(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []

    async def wait() -> None:
        waits.append(1)

    monkeypatch.setattr(InputTurns, "wait", lambda _: wait())
    metrics = await _get(served, "/metrics")
    # One of them is that of the request.
    assert len(waits) - 1 == ceil(metrics.count("# TYPE ") / FAMILIES_AT_ONCE)
