"""Liveness, readiness and metrics."""

from __future__ import annotations

import pytest

from brokers.errors import WritesRefused
from tests.service.http.site import Site


async def test_while_the_broker_is_unreachable_posts_and_readiness_fail(site: Site) -> None:
    assert (await site.get("/health/ready")).status == 200
    site.broker.cut()
    posted = await site.post("/api/rooms/lobby/messages", '{"text": "hello"}')
    assert (posted.status, posted.json["code"]) == (503, "unavailable")
    ready = await site.get("/health/ready")
    assert ready.status == 503
    assert "broker" in ready.json["status"]
    assert (await site.get("/health/live")).status == 200
    assert "hubbub_broker_up 0.0" in (await site.get("/metrics")).text
    site.broker.mend()
    assert (await site.get("/health/ready")).status == 200


async def test_a_broker_that_refuses_writes_makes_the_node_unready_with_the_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse() -> None:
        raise WritesRefused("the disk is full")

    monkeypatch.setattr(site.broker, "probe", refuse)
    ready = await site.get("/health/ready")
    assert (ready.status, ready.json["status"]) == (503, "the broker refuses writes: the disk is full")
    assert (await site.get("/api/rooms/lobby/messages")).status == 200


async def test_a_draining_node_is_not_ready(site: Site) -> None:
    site.node.draining = True
    assert (await site.get("/health/ready")).status == 503
