"""The routes for programs and operators: the HTTP API, health, metrics and the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sanic import Sanic
from sanic_testing import testing

from brokers.memory import MemoryBroker
from service.app import make_app
from service.gateway.admission import Admission
from service.gateway.gateway import Gateway
from service.http import page
from service.node import Node
from tests.faults.faulty import FaultyBroker
from tests.service.serving import quick

KEY = "the-key-of-the-programs"
BEARER = {"Authorization": f"Bearer {KEY}"}


@dataclass(frozen=True)
class Site:
    """A node's app without a socket, its broker, and a client of it."""

    node: Node
    broker: FaultyBroker
    client: testing.SanicASGITestClient

    async def get(self, path: str, **headers: str) -> testing.TestingResponse:
        _, response = await self.client.get(path, headers=BEARER | headers)
        assert response is not None
        return response

    async def post(self, path: str, body: str, **headers: str) -> testing.TestingResponse:
        _, response = await self.client.post(path, content=body.encode(), headers=BEARER | headers)
        assert response is not None
        return response


@pytest.fixture
async def site(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    mark: pytest.Mark | None = request.node.get_closest_marker("settings")
    settings = quick(api_key=KEY, **(mark.kwargs if mark else {}))
    broker = FaultyBroker(MemoryBroker(settings.broker_options))
    async with Node(settings, broker) as node:
        app = make_app(Gateway(node, Admission(settings, node.metrics)))
        yield Site(node, broker, testing.SanicASGITestClient(app))
        Sanic.unregister_app(app)


async def test_a_posted_message_is_stored_once_for_its_key(site: Site) -> None:
    body = '{"text": "build passed", "user": "ci", "key": "build-17"}'
    first = await site.post("/api/rooms/lobby/messages", body)
    again = await site.post("/api/rooms/lobby/messages", body)
    assert (first.status, first.json["duplicate"]) == (201, False)
    assert (again.status, again.json["duplicate"]) == (200, True)
    assert first.json["offset"] == again.json["offset"]
    history = await site.get("/api/rooms/lobby/messages")
    assert [(message["user"], message["text"]) for message in history.json["messages"]] == [
        ("ci", "build passed")
    ]


async def test_a_room_of_any_name_is_reached_by_its_quoted_path(site: Site) -> None:
    for quoted in ("caf%C3%A9%20%F0%9F%A6%86", "a%2Fb", "%2A.%3E", "..."):
        stored = await site.post(f"/api/rooms/{quoted}/messages", '{"text": "hello"}')
        assert stored.status == 201, quoted
        read = await site.get(f"/api/rooms/{quoted}/messages")
        assert [message["text"] for message in read.json["messages"]] == ["hello"]


async def test_history_is_read_in_pages_both_ways(site: Site) -> None:
    for number in range(1, 6):
        await site.post("/api/rooms/lobby/messages", f'{{"text": "{number}"}}')

    async def texts(query: str) -> tuple[list[str], bool]:
        page = (await site.get(f"/api/rooms/lobby/messages?{query}")).json
        return [message["text"] for message in page["messages"]], page["more"]

    assert await texts("limit=2") == (["4", "5"], True)
    assert await texts("before=4&limit=2") == (["2", "3"], True)
    assert await texts("before=2") == (["1"], False)
    assert await texts("after=3&limit=5") == (["4", "5"], False)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("nope", "malformed"),
        ("[]", "object"),
        ("{}", "text"),
        ('{"text": 7}', "text"),
        ('{"text": "  "}', "no text"),
        ('{"text": "x", "user": " "}', "user"),
        ('{"text": "x", "key": "a b"}', "key"),
    ],
)
async def test_what_cant_be_posted_is_refused_with_the_reason(site: Site, body: str, words: str) -> None:
    refused = await site.post("/api/rooms/lobby/messages", body)
    assert refused.status == 400
    assert words in refused.json["message"]


@pytest.mark.settings(sends_per_second=0.001, sends_burst=2)
async def test_who_posts_too_fast_is_told_how_long_to_wait(site: Site) -> None:
    statuses = [(await site.post("/api/rooms/lobby/messages", '{"text": "x"}')).status for _ in range(2)]
    refused = await site.post("/api/rooms/lobby/messages", '{"text": "x"}')
    assert statuses == [201, 201]
    assert (refused.status, refused.json["code"]) == (429, "rate_limited")
    assert refused.headers["retry-after"] == "1000"
    assert site.node.metrics.error_responses.counts == {"rate_limited": 1}


async def test_a_post_is_counted_once_it_is_stored(site: Site) -> None:
    await site.post("/api/rooms/lobby/messages", '{"text": " "}')
    assert site.node.metrics.messages_in == 0
    await site.post("/api/rooms/lobby/messages", '{"text": "hello"}')
    assert site.node.metrics.messages_in == 1
    assert sum(site.node.metrics.publish_seconds.counts) == 1


@pytest.mark.parametrize(
    "query",
    [
        "before=x",
        "after=-1",
        "limit=201",
        "limit=0",
        "limit=",
        "limit=1&limit=2",
        "max=3",
        "limit=1&token=secret",
        "before=1&after=1",
        pytest.param(f"before={'9' * 5000}", id="long"),
    ],
)
async def test_a_page_that_makes_no_sense_is_refused(site: Site, query: str) -> None:
    refused = await site.get(f"/api/rooms/lobby/messages?{query}")
    assert (refused.status, refused.json["code"]) == (400, "invalid")


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic YTpi", "Bearer"])
async def test_without_the_key_nothing_is_told(site: Site, header: str) -> None:
    for path in ("/api/rooms", "/api/rooms/lobby/messages", "/api/rooms/lobby/members"):
        refused = await site.get(path, Authorization=header)
        assert (refused.status, refused.json["code"]) == (401, "bad_token")


async def test_what_is_no_route_of_the_api_is_said_in_json(site: Site) -> None:
    for path in ("/api", "/api/", "/api/nothing", "/api/rooms/lobby"):
        missing = await site.get(path)
        assert (missing.status, missing.json["code"]) == (404, "unknown_type"), path
    _, refused = await site.client.delete("/api/rooms", headers=BEARER)
    assert refused is not None
    assert (refused.status, refused.json["code"]) == (405, "unknown_type")
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_what_is_no_page_is_said_in_one_sentence(site: Site) -> None:
    elsewhere = await site.get("/apiary")
    assert (elsewhere.status, elsewhere.content_type) == (404, "text/plain; charset=utf-8")
    assert elsewhere.text == "Requested URL /apiary not found\n"
    refused = await site.post("/health/live", "")
    assert (refused.status, refused.text) == (405, "Method POST not allowed for URL /health/live\n")
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_a_fault_on_a_page_is_not_explained(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail() -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(site.broker, "probe", fail)
    failed = await site.get("/health/ready")
    assert (failed.status, failed.text) == (500, "the server failed\n")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/rooms?after=x&colour=red", "known are `after`"),
        ("/api/rooms?room=lobby", "known are `after`"),
        ("/api/rooms/lobby/members?limit=3", "known are `after`"),
        ("/api/rooms/lobby/messages?since=3", "known are `before`, `after`, `limit`"),
        (f"/api/rooms/lobby/messages?{'x' * 5000}=3", "known are `before`, `after`, `limit`"),
    ],
)
async def test_a_parameter_that_is_not_known_is_said_with_those_that_are(
    site: Site, path: str, allowed: str
) -> None:
    refused = await site.get(path)
    assert (refused.status, refused.json["code"]) == (400, "invalid")
    assert refused.json["message"].endswith(allowed)
    assert len(refused.json["message"]) < 200


async def test_a_fault_of_ours_is_said_in_json_and_not_explained(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(site.broker, "history", fail)
    failed = await site.get("/api/rooms/lobby/messages")
    assert (failed.status, failed.json) == (500, {"code": "internal", "message": "the server failed"})
    assert "a secret" in caplog.text


async def test_rooms_and_members_of_the_node_are_listed(site: Site) -> None:
    assert (await site.get("/api/rooms")).json == {"rooms": [], "more": False, "complete": True}
    async with site.node.rooms.open("lobby") as room:
        room.presence.add("ann")
        listed = (await site.get("/api/rooms")).json
        assert listed == {"rooms": [{"room": "lobby", "members": 1}], "more": False, "complete": True}
        assert (await site.get("/api/rooms?after=lobby")).json["rooms"] == []
        members = (await site.get("/api/rooms/lobby/members")).json
        assert members == {"room": "lobby", "count": 1, "names": ["ann"], "more": False}


async def test_while_the_broker_is_away_programs_and_probes_are_told(site: Site) -> None:
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


async def test_a_node_that_drains_is_not_ready(site: Site) -> None:
    site.node.draining = True
    assert (await site.get("/health/ready")).status == 503


async def test_the_page_is_served_with_headers_that_keep_it_safe(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>hubbub</title>", encoding="utf-8")
    (tmp_path / "assets" / "x-1.js").write_text("1", encoding="utf-8")
    app = Sanic("page-of-a-test", configure_logging=False)
    page.add_routes(app, tmp_path)
    client = testing.SanicASGITestClient(app)
    _, index = await client.get("/")
    _, script = await client.get("/assets/x-1.js")
    _, unchanged = await client.get(
        "/assets/x-1.js", headers={"If-Modified-Since": "Fri, 31 Dec 9999 00:00:00 GMT"}
    )
    assert index is not None
    assert script is not None
    assert unchanged is not None
    assert "default-src 'self'" in index.headers["content-security-policy"]
    assert index.headers.get_list("cache-control") == ["no-cache"]
    assert "immutable" in script.headers["cache-control"]
    assert unchanged.status == 304
    assert "immutable" in unchanged.headers["cache-control"]
    for name in ("..%2Findex.html", "", "gone-1.js", "%00", "x" * 1000):
        _, missing = await client.get(f"/assets/{name}")
        assert missing is not None
        assert missing.status == 404, name
        assert "cache-control" not in missing.headers, "it may be there tomorrow"
    Sanic.unregister_app(app)
