"""The HTTP API: edits, deletions and reactions."""

from __future__ import annotations

import pytest
from sanic_testing import testing

from service.wire.messages import MessagePayload, encode_stored
from tests.service.http.site import BEARER, Site

THUMB = "%F0%9F%91%8D"
MESSAGES = "/api/rooms/lobby/messages"


async def request(site: Site, method: str, path: str, body: str = "") -> testing.TestingResponse:
    _, response = await site.client.request(method, path, content=body.encode(), headers=BEARER)
    assert response is not None
    return response


async def messages(site: Site) -> list[dict[str, object]]:
    return list((await site.get(MESSAGES)).json["messages"])


@pytest.fixture
async def post(site: Site) -> str:
    """Post a message; return its path."""
    posted = await site.post(MESSAGES, '{"text": "hello", "user": "ci"}')
    return f"{MESSAGES}/{posted.json['offset']}"


async def test_a_message_is_edited_once_for_its_key(site: Site, post: str) -> None:
    first = await request(site, "PATCH", post, '{"text": "hallo", "user": "ci", "key": "e1"}')
    again = await request(site, "PATCH", post, '{"text": "hallo", "user": "ci", "key": "e1"}')
    assert (first.status, first.json["duplicate"]) == (201, False)
    assert (again.status, again.json["offset"]) == (200, first.json["offset"])
    [message] = await messages(site)
    assert (message["text"], message["changed"]) == ("hallo", first.json["offset"])


async def test_reactions_are_added_and_taken_back(site: Site, post: str) -> None:
    assert (await request(site, "PUT", f"{post}/reactions/{THUMB}?user=ci")).status == 201
    assert (await request(site, "PUT", f"{post}/reactions/:tada:?key=r2")).status == 201
    [message] = await messages(site)
    assert message["reactions"] == [
        {"emoji": "\U0001f44d", "users": [{"user": "ci", "user_id": "bot:api"}]},
        {"emoji": ":tada:", "users": [{"user": "bot", "user_id": "bot:api"}]},
    ]
    assert (await request(site, "DELETE", f"{post}/reactions/{THUMB}")).status == 201
    [message] = await messages(site)
    assert message["reactions"] == [{"emoji": ":tada:", "users": [{"user": "bot", "user_id": "bot:api"}]}]


async def test_the_text_of_a_deleted_message_is_in_no_answer(site: Site, post: str) -> None:
    await request(site, "PATCH", post, '{"text": "secret"}')
    assert (await request(site, "DELETE", post)).status == 201
    await site.post(MESSAGES, '{"text": "after"}')
    for query in ("", "?limit=1", "?after=0", "?before=3", "?after=0&limit=1"):
        text = (await site.get(f"{MESSAGES}{query}")).text
        assert "secret" not in text
        assert "hello" not in text
    deleted, after = await messages(site)
    assert (deleted["text"], after["text"]) == ("", "after")


async def test_pages_continue_where_they_say_whatever_lies_between(site: Site, post: str) -> None:
    for emoji in (":a:", ":b:", ":c:"):
        await request(site, "PUT", f"{post}/reactions/{emoji}")
    await site.post(MESSAGES, '{"text": "two"}')

    async def page(query: str) -> tuple[list[int], bool, int, int]:
        read = (await site.get(f"{MESSAGES}?limit=1{query}")).json
        return [each["offset"] for each in read["messages"]], read["more"], read["before"], read["after"]

    assert await page("") == ([5], True, 5, 5)
    assert await page("&before=5") == ([1], False, 1, 4)
    assert await page("&after=0") == ([1], True, 1, 1)
    assert await page("&after=1") == ([5], False, 2, 5)


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"),
    [
        ("PATCH", f"{MESSAGES}/7", '{"text": "x"}', (404, "not_kept")),
        ("PATCH", f"{MESSAGES}/0", '{"text": "x"}', (400, "invalid")),
        ("PATCH", f"{MESSAGES}/one", '{"text": "x"}', (400, "invalid")),
        ("PATCH", f"{MESSAGES}/1", '{"text": " "}', (400, "empty")),
        ("PATCH", f"{MESSAGES}/1", '{"text": 7}', (400, "invalid")),
        ("PATCH", f"{MESSAGES}/1", "nope", (400, "invalid")),
        ("PATCH", f"{MESSAGES}/1?key=k", '{"text": "x"}', (400, "invalid")),
        ("PATCH", f"{MESSAGES}/1", '{"text": "x", "epoch": "another"}', (404, "not_kept")),
        ("DELETE", f"{MESSAGES}/1?key=a%20b", "", (400, "invalid")),
        ("DELETE", f"{MESSAGES}/1?user=%20", "", (400, "invalid")),
        ("DELETE", f"{MESSAGES}/1?colour=red", "", (400, "invalid")),
        ("PUT", f"{MESSAGES}/1/reactions/nice", "", (400, "invalid")),
        ("PUT", f"{MESSAGES}/7/reactions/{THUMB}", "", (404, "not_kept")),
    ],
)
async def test_what_is_wrong_with_a_change_is_answered(
    site: Site, post: str, *, method: str, path: str, body: str, answer: tuple[int, str]
) -> None:
    assert post == f"{MESSAGES}/1"
    rejected = await request(site, method, path, body)
    assert (rejected.status, rejected.json["code"]) == answer


async def test_a_message_of_another_user_is_not_edited(site: Site) -> None:
    stored = MessagePayload(key="k", user="ann", user_id="u1", kind="verified", text="hello", at=4 * 10**12)
    await site.node.broker.publish("lobby", encode_stored(stored), key="k")
    for method, body in (("PATCH", '{"text": "x", "user": "ann"}'), ("DELETE", "")):
        rejected = await request(site, method, f"{MESSAGES}/1", body)
        assert (rejected.status, rejected.json["code"]) == (403, "forbidden")
    assert (await request(site, "PUT", f"{MESSAGES}/1/reactions/{THUMB}")).status == 201


async def test_while_the_broker_is_away_changes_are_refused(site: Site, post: str) -> None:
    site.broker.cut()
    rejected = await request(site, "DELETE", post)
    assert (rejected.status, rejected.json["code"]) == (503, "unavailable")
