"""`GET /api/me/rooms` and `PUT /api/rooms/{room}/mark`: up to where a user has read."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import jwt

from service.server import running
from tests.service.http.site import BEARER, KEY
from tests.service.serving import quick, until

SECRET = "a secret of at least 32 bytes, for tests"


async def test_marks_are_moved_and_listed_over_http(tmp_path: Path) -> None:
    chosen = quick(
        archive_url="sqlite:///a.sqlite", data=str(tmp_path), api_key=KEY, auth="both", token_key=SECRET
    )
    own = {"Authorization": f"Bearer {jwt.encode({'sub': 'ann', 'exp': time.time() + 60}, SECRET, 'HS256')}"}
    async with (
        running(chosen) as here,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{here.port}") as client,
    ):
        for room in ("lobby", "lobby", "den"):
            await client.post(f"/api/rooms/{room}/messages", json={"text": "hello"}, headers=BEARER)
        moved = await client.put("/api/rooms/lobby/mark", json={"offset": 1}, headers=own)
        assert (moved.status_code, moved.json()["offset"], moved.json()["unread"]) == (200, 1, 1)
        listed = (await client.get("/api/me/rooms", headers=own)).json()
        assert [(room["room"], room["offset"]) for room in listed["rooms"]] == [("lobby", 1)]
        assert listed["more"] is False
        selected = {"user": "ann", "room": "lobby", "reason": "asked for"}
        begun = await client.post("/api/erasures", json=selected, headers=BEARER)
        assert begun.status_code == 202
        await until(lambda: "erase" not in {task.get_name() for task in asyncio.all_tasks()})
        assert (await client.get("/api/me/rooms", headers=own)).json()["rooms"] == [], "nor her marks"
        beyond = await client.put("/api/rooms/lobby/mark", json={"offset": 9}, headers=own)
        assert (beyond.status_code, beyond.json()["code"]) == (400, "invalid")
        more = await client.put("/api/rooms/lobby/mark", json={"offset": 1, "at": 2}, headers=own)
        assert (more.status_code, "unknown field `at`" in more.json()["message"]) == (400, True)
        wrong = await client.put("/api/rooms/lobby/mark", json={"offset": -1}, headers=own)
        assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid")
        for answer in (
            await client.put("/api/rooms/lobby/mark", json={"offset": 1}, headers=BEARER),
            await client.get("/api/me/rooms", headers=BEARER),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
            assert "sign in with a token" in answer.json()["message"]
