"""The operator's part of the HTTP API."""

from __future__ import annotations

from time import time

import jwt
import pytest

from service.wire.messages import MessagePayload, encode_stored
from tests.service.http.site import Site

SPAM = MessagePayload(key="k1", user="ann", user_id="u1", kind="guest", text="spam", at=1)
SECRET = "a shared secret of more than thirty-two bytes"


async def test_a_room_is_closed_to_new_messages_and_reopened(site: Site) -> None:
    taken = await site.post("/api/moderation", '{"action": "close", "room": "lobby", "reason": "a break"}')
    assert (taken.status, taken.json["action"], taken.json["target"]) == (201, "close", "lobby")
    refused = await site.post("/api/rooms/lobby/messages", '{"text": "hello"}')
    assert (refused.status, refused.json["code"]) == (403, "room_closed")
    assert refused.json["message"] == "The operator closed this room: a break."
    listed = await site.get("/api/moderation")
    assert [action["target"] for action in listed.json["actions"]] == ["lobby"]
    await site.post("/api/moderation", '{"action": "reopen", "room": "lobby", "reason": "it is over"}')
    assert (await site.post("/api/rooms/lobby/messages", '{"text": "hello"}')).status == 201
    assert (await site.get("/api/moderation")).json["actions"] == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("nope", "malformed"),
        ('{"action": "ban", "user": "u1"}', "reason"),
        ('{"action": "ban", "user": "u1", "reason": ""}', "reason"),
        ('{"action": "mute", "user": "u1", "reason": "x"}', "action"),
        ('{"action": "ban", "room": "lobby", "reason": "x"}', "`ban` needs `user` or `address` or `token`"),
        ('{"action": "close", "user": "u1", "reason": "x"}', "`close` needs `room`"),
        ('{"action": "ban", "user": "u1", "token": "t1", "reason": "x"}', "no other target"),
        ('{"action": "ban", "address": "192.0.2.1:80", "reason": "x"}', "without a port"),
        ('{"action": "ban", "user": "u1", "offset": 1, "reason": "x"}', "no `offset`"),
        ('{"action": "delete", "user": "u1", "offset": 1, "reason": "x"}', "`delete` needs `room`"),
        ('{"action": "delete", "room": "lobby", "reason": "x"}', "`delete` needs `offset`"),
        ('{"action": "delete", "room": "lobby", "offset": 0, "reason": "x"}', "offset"),
        ('{"action": "close", "room": " ", "reason": "x"}', "room name"),
        ('{"action": "ban", "user": "u1", "reason": "x", "seconds": 0}', "seconds"),
        ('{"action": "ban", "user": "u1", "reason": "x", "minutes": 5}', "minutes"),
    ],
)
async def test_an_invalid_action_is_rejected_with_the_reason(site: Site, body: str, reason: str) -> None:
    rejected = await site.post("/api/moderation", body)
    assert rejected.status == 400
    assert reason in rejected.json["message"]
    assert (await site.get("/api/moderation")).json["actions"] == []


@pytest.mark.parametrize(
    ("given", "banned"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1:2", "2001:db8::/64"),
        ("2001:db8::/64", "2001:db8::/64"),
    ],
)
async def test_an_address_is_banned_as_it_is_limited(site: Site, given: str, banned: str) -> None:
    taken = await site.post("/api/moderation", f'{{"action": "ban", "address": "{given}", "reason": "x"}}')
    assert (taken.status, taken.json["kind"], taken.json["target"]) == (201, "address", banned)
    await site.post("/api/moderation", f'{{"action": "unban", "address": "{given}", "reason": "x"}}')
    assert (await site.get("/api/moderation")).json["actions"] == []


async def test_the_operator_deletes_the_message_of_anybody(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    await site.node.broker.publish("lobby", encode_stored(SPAM), key="1")
    await site.post("/api/moderation", '{"action": "close", "room": "lobby", "reason": "spam"}')
    delete = '{"action": "delete", "room": "lobby", "offset": 1, "reason": "spam"}'
    deleted = await site.post("/api/moderation", delete)
    assert (deleted.status, deleted.json["target"], deleted.json["offset"]) == (201, "lobby", 1)
    [message] = (await site.get("/api/rooms/lobby/messages")).json["messages"]
    assert (message["text"], message["deleted"]["user"]) == ("", "operator")
    [line] = [vars(record) for record in caplog.records if vars(record).get("action") == "delete"]
    assert (line["target"], line["offset"], line["reason"]) == ("lobby", 1, "spam")
    again = await site.post("/api/moderation", delete)
    assert (again.status, again.json["code"]) == (404, "not_kept")


@pytest.mark.settings(auth="both", token_algorithm="HS256", token_key=SECRET)
async def test_a_banned_token_is_refused(site: Site) -> None:
    await site.post("/api/moderation", '{"action": "ban", "token": "t1", "reason": "stolen"}')
    claims = {"sub": "ann", "exp": time() + 600}
    stolen, other = (jwt.encode(claims | {"jti": each}, SECRET, "HS256") for each in ("t1", "t2"))
    refused = await site.get("/api/rooms/lobby/messages", Authorization=f"Bearer {stolen}")
    assert (refused.status, refused.json["code"]) == (403, "banned")
    assert (await site.get("/api/rooms/lobby/messages", Authorization=f"Bearer {other}")).status == 200


async def test_moderation_needs_the_api_key(site: Site) -> None:
    for credentials in ("", "Bearer wrong"):
        refused = await site.post("/api/moderation", "{}", Authorization=credentials)
        assert refused.status == 401
