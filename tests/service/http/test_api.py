"""The HTTP API: posts, history, rooms and members."""

from __future__ import annotations

import time
from time import monotonic
from typing import Final
from urllib.parse import quote

import jwt
import pytest

from service.http.access import MOST_PARAMETERS
from tests.service.http.site import BEARER, KEY, Site

TOKEN_KEY: Final = "a secret of the tests, of at least 32 bytes"


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


async def test_the_same_key_of_another_author_is_another_message(site: Site) -> None:
    for user in ("ci", "CI", "deploy"):
        body = f'{{"text": "done", "user": "{user}", "key": "build-17"}}'
        posted = await site.post("/api/rooms/lobby/messages", body)
        assert (posted.status, posted.json["duplicate"]) == (201, False)
    history = await site.get("/api/rooms/lobby/messages")
    assert [
        (message["user"], message["user_id"], message["kind"]) for message in history.json["messages"]
    ] == [
        ("ci", "bot:api", "bot"),
        ("CI", "bot:api", "bot"),
        ("deploy", "bot:api", "bot"),
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
    ("body", "reason"),
    [
        ("nope", "malformed"),
        ("[]", "object"),
        ("{}", "text"),
        ('{"text": 7}', "text"),
        ('{"text": "  "}', "empty"),
        ('{"text": "x", "user": " "}', "user"),
        ('{"text": "x", "key": "a b"}', "key"),
        ('{"text": "x", "colour": "red"}', "colour"),
    ],
)
async def test_an_invalid_post_is_rejected_with_the_reason(site: Site, body: str, reason: str) -> None:
    rejected = await site.post("/api/rooms/lobby/messages", body)
    assert rejected.status == 400
    assert reason in rejected.json["message"]


@pytest.mark.settings(sends_per_second=0.001, sends_burst=2)
async def test_a_post_above_the_rate_limit_receives_429_with_retry_after(site: Site) -> None:
    started = monotonic()
    statuses = [(await site.post("/api/rooms/lobby/messages", '{"text": "x"}')).status for _ in range(2)]
    rejected = await site.post("/api/rooms/lobby/messages", '{"text": "x"}')
    assert statuses == [201, 201]
    assert (rejected.status, rejected.json["code"]) == (429, "rate_limited")
    # A token takes 1,000 s, of which some have passed since the first message.
    assert 1000 - (monotonic() - started) <= int(rejected.headers["retry-after"]) <= 1000
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
async def test_invalid_query_parameters_are_rejected(site: Site, query: str) -> None:
    rejected = await site.get(f"/api/rooms/lobby/messages?{query}")
    assert (rejected.status, rejected.json["code"]) == (400, "invalid")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_of_the_credentials_is_not_case_sensitive(site: Site, scheme: str) -> None:
    assert (await site.get("/api/rooms", Authorization=f"{scheme} {KEY}")).status == 200


async def test_a_body_that_is_nested_too_deeply_is_rejected(site: Site) -> None:
    for body in ('{"text":' + "[" * 30_000, "[" * 30_000, '{"x":' * 10_000):
        rejected = await site.post("/api/rooms/lobby/messages", body)
        assert (rejected.status, rejected.json["code"]) == (400, "invalid")


async def test_a_content_type_is_not_looked_at(site: Site) -> None:
    _, posted = await site.client.post(
        "/api/rooms/lobby/messages", content='{"text":"x"}', headers={**BEARER, "Content-Type": "None"}
    )
    assert posted is not None
    assert posted.status == 201


@pytest.mark.parametrize(
    "header",
    ["", "Bearer wrong", "Basic YTpi", "Bearer", KEY, f"Token {KEY}", f"Bearer{KEY}", f"Bearer {KEY} x"],
)
async def test_requests_without_valid_credentials_are_rejected(site: Site, header: str) -> None:
    for path in ("/api/rooms", "/api/rooms/lobby/messages", "/api/rooms/lobby/members"):
        rejected = await site.get(path, Authorization=header)
        assert (rejected.status, rejected.json["code"]) == (401, "bad_token")
        assert rejected.headers["www-authenticate"] == 'Bearer realm="hubbub"'


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/rooms?after=x&colour=red", "allowed are: `prefix`, `after`, `limit`"),
        ("/api/rooms?room=lobby", "allowed are: `prefix`, `after`, `limit`"),
        ("/api/rooms/lobby/members?limit=3", "allowed are: `after`"),
        ("/api/rooms/lobby/messages?since=3", "allowed are: `before`, `after`, `limit`, `thread`"),
        (f"/api/rooms/lobby/messages?{'x' * 5000}=3", "allowed are: `before`, `after`, `limit`, `thread`"),
    ],
)
async def test_an_unknown_parameter_is_rejected_with_the_allowed_ones(
    site: Site, path: str, allowed: str
) -> None:
    rejected = await site.get(path)
    assert (rejected.status, rejected.json["code"]) == (400, "invalid")
    assert rejected.json["message"].endswith(f"{allowed}.")
    assert len(rejected.json["message"]) < 200


async def test_so_many_parameters_are_read(site: Site) -> None:
    rejected = await site.get(f"/api/rooms?{'a&' * MOST_PARAMETERS}")
    assert (rejected.status, rejected.json["message"]) == (400, "Too many parameters: 20 are allowed.")


async def test_rooms_and_members_of_the_node_are_listed(site: Site) -> None:
    assert (await site.get("/api/rooms")).json == {"rooms": [], "more": False, "complete": True}
    async with site.node.rooms.open("lobby") as room:
        room.presence.add("ann")
        listed = (await site.get("/api/rooms")).json
        assert listed == {"rooms": [{"room": "lobby", "members": 1}], "more": False, "complete": True}
        assert (await site.get("/api/rooms?after=lobby")).json["rooms"] == []
        members = (await site.get("/api/rooms/lobby/members")).json
        assert members == {"room": "lobby", "count": 1, "names": ["ann"], "more": False, "away": []}


@pytest.mark.settings(auth="both", token_key=TOKEN_KEY)
async def test_a_new_room_that_looks_like_another_is_rejected(site: Site) -> None:
    await site.post("/api/rooms/lobby/messages", '{"text": "hello"}')
    token = jwt.encode({"sub": "ann", "exp": time.time() + 60}, TOKEN_KEY, "HS256")
    look_alike = quote("l\u043ebby")
    path = f"/api/rooms/{look_alike}/messages"
    rejected = await site.post(path, '{"text": "x"}', Authorization=f"Bearer {token}")
    assert (rejected.status, rejected.json["code"]) == (400, "invalid")
    assert "looks like another room" in rejected.json["message"]


@pytest.mark.settings(auth="both", token_key=TOKEN_KEY)
async def test_a_new_room_that_looks_like_one_in_other_letters_is_rejected(site: Site) -> None:
    token = jwt.encode({"sub": "ann", "exp": time.time() + 60}, TOKEN_KEY, "HS256")
    greek, cyrillic = (quote(name) for name in ("\u03c1\u03b1\u03c1\u03b1", "\u0440\u0430\u0440\u0430"))
    for name, status in ((greek, 201), (cyrillic, 400), (greek, 201)):
        path = f"/api/rooms/{name}/messages"
        answer = await site.post(path, '{"text": "x"}', Authorization=f"Bearer {token}")
        assert answer.status == status


@pytest.mark.settings(auth="both", token_key=TOKEN_KEY, new_rooms_per_hour=1.0)
async def test_a_user_with_a_token_begins_so_many_rooms(site: Site) -> None:
    token = jwt.encode({"sub": "ann", "exp": time.time() + 60}, TOKEN_KEY, algorithm="HS256")
    own = {"Authorization": f"Bearer {token}"}

    async def post(room: str, **headers: str) -> tuple[int, str]:
        posted = await site.post(f"/api/rooms/{room}/messages", '{"text": "x"}', **headers)
        return posted.status, posted.json.get("code", "")

    assert await post("one", **own) == (201, "")
    assert await post("two", **own) == (429, "too_many_new_rooms")
    assert await post("one", **own) == (201, ""), "it has messages"
    assert await post("two") == (201, ""), "programs with the API key have no quota"
    assert await post("two", **own) == (201, "")


@pytest.mark.settings(commands_per_second=1.0, commands_burst=12)
async def test_reads_are_limited_by_what_they_return(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.http.api.monotonic", lambda: 100.0)
    await site.post("/api/rooms/lobby/messages", '{"text": "x"}')
    statuses = [(await site.get("/api/rooms/lobby/messages?limit=200")).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    for path in ("/api/rooms", "/api/rooms/lobby/members", "/api/rooms/lobby/messages?limit=100"):
        rejected = await site.get(path)
        assert (rejected.status, rejected.json["code"]) == (429, "rate_limited")
        assert int(rejected.headers["retry-after"]) >= 1
    assert (await site.post("/api/rooms/lobby/messages", '{"text": "y"}')).status == 201


@pytest.mark.settings(auth="both", token_key=TOKEN_KEY)
async def test_rejected_credentials_are_limited_and_the_api_key_is_not(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.http.credentials.monotonic", lambda: 100.0)
    wrong = {"Authorization": "Bearer wrong"}
    statuses = [(await site.get("/api/rooms", **wrong)).status for _ in range(21)]
    assert statuses == [401] * 20 + [429]
    token = jwt.encode({"sub": "ann", "exp": time.time() + 60}, TOKEN_KEY, algorithm="HS256")
    refused = await site.get("/api/rooms", Authorization=f"Bearer {token}")
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert (await site.get("/api/rooms")).status == 200
