"""Responses to failed requests, in JSON or as text."""

from __future__ import annotations

import pytest

from tests.service.http.site import BEARER, Site


async def test_an_unknown_route_below_api_is_answered_in_json(site: Site) -> None:
    for path in ("/api", "/api/", "/api/nothing", "/api/rooms/lobby"):
        missing = await site.get(path)
        assert (missing.status, missing.json["code"]) == (404, "unknown_type"), path
    _, rejected = await site.client.delete("/api/rooms", headers=BEARER)
    assert rejected is not None
    assert (rejected.status, rejected.json["code"]) == (405, "unknown_type")
    assert set(rejected.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_an_unknown_page_is_answered_in_text(site: Site) -> None:
    elsewhere = await site.get("/apiary")
    assert (elsewhere.status, elsewhere.content_type) == (404, "text/plain; charset=utf-8")
    assert elsewhere.text == "Requested URL /apiary not found\n"
    rejected = await site.post("/health/live", "")
    assert (rejected.status, rejected.text) == (405, "Method POST not allowed for URL /health/live\n")
    assert set(rejected.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_an_unexpected_error_on_a_page_shows_no_details(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(site.broker, "probe", fail)
    failed = await site.get("/health/ready")
    assert (failed.status, failed.text) == (500, "internal server error\n")


async def test_an_unexpected_error_below_api_is_answered_in_json_without_details(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(site.broker, "history", fail)
    failed = await site.get("/api/rooms/lobby/messages")
    assert (failed.status, failed.json) == (500, {"code": "internal", "message": "Internal server error."})
    assert "a secret" in caplog.text
