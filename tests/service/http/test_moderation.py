"""The operator's part of the HTTP API."""

from __future__ import annotations

import pytest

from tests.service.http.site import Site


async def test_a_room_is_closed_to_new_messages_and_reopened(site: Site) -> None:
    taken = await site.post("/api/moderation", '{"action": "close", "room": "lobby", "reason": "a break"}')
    assert (taken.status, taken.json["action"], taken.json["target"]) == (201, "close", "lobby")
    refused = await site.post("/api/rooms/lobby/messages", '{"text": "hello"}')
    assert (refused.status, refused.json["code"]) == (403, "room_closed")
    assert refused.json["message"] == "the operator closed this room: a break"
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
        ('{"action": "ban", "room": "lobby", "reason": "x"}', "`ban` needs `user`"),
        ('{"action": "close", "user": "u1", "reason": "x"}', "`close` needs `room`"),
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


async def test_moderation_needs_the_api_key(site: Site) -> None:
    for credentials in ("", "Bearer wrong"):
        refused = await site.post("/api/moderation", "{}", Authorization=credentials)
        assert refused.status == 401
