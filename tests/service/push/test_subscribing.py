"""`/api/push` and `/api/me/push`: the browsers of users, and how many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from service.push.keys import decoded
from tests.service.push.pushing import KEY, TUNING, Pushing, pushing, token
from tests.service.serving import serving, until

SESSION = "Guest " + "x" * 22
BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pushing]:
    async with pushing(tmp_path, monkeypatch) as started:
        yield started


async def stored(here: Pushing, *users: str) -> list[str]:
    archiving = here.node().archiving
    assert archiving is not None
    return sorted(each.endpoint for each in await archiving.archive.subscriptions.of(users, since=0))


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_the_key_and_the_feature_are_offered(here: Pushing) -> None:
    _, welcome = await here.joined("ann")
    assert "push" in welcome["features"]
    async with here.http() as client:
        answer = await client.get("/api/push")
    assert answer.json() == {"key": here.public}
    assert len(decoded(here.public)) == 65


async def test_without_a_key_nothing_is_offered() -> None:
    async with serving() as served, httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}") as client:
        peer = await served.upgraded()
        assert "push" not in (await peer.ask("hello"))["features"]
        for answer in (await client.get("/api/push"), await client.put("/api/me/push", json={})):
            assert answer.status_code == 404


async def test_a_browser_is_stored_and_removed(here: Pushing) -> None:
    browser = here.service.browser()
    own = f"Bearer {token('ann')}"
    answer = await here.subscribe(browser, own)
    assert (answer.status_code, answer.json()) == (200, {"expires": 30 * 86_400_000})
    assert await stored(here, "ann") == [browser.endpoint]
    async with here.http() as client:
        for credentials, left in ((SESSION, 1), (own, 0), (own, 0)):
            headers = {"Authorization": credentials}
            removed = await client.request(
                "DELETE", "/api/me/push", json={"endpoint": browser.endpoint}, headers=headers
            )
            assert removed.status_code == 200, removed.text
            assert len(await stored(here, "ann")) == left


async def test_a_program_and_a_user_without_credentials_are_rejected(here: Pushing) -> None:
    browser = here.service.browser()
    assert refusal(await here.subscribe(browser, f"Bearer {KEY}")) == (403, "forbidden")
    for credentials in ("", "Guest short", "Bearer wrong", "Basic x"):
        assert refusal(await here.subscribe(browser, credentials)) == (401, "bad_token")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"endpoint": "https://127.0.0.1:1/"}, "HUBBUB_PUSH_HOSTS"),
        ({"endpoint": "http://localhost/"}, "https"),
        ({"endpoint": "x" * 2_000}, "length <= 1024"),
        ({"p256dh": "AAAA"}, "`p256dh`"),
        ({"p256dh": "a"}, "`p256dh`"),
        ({"auth": "AAAA"}, "3 bytes, 16 are allowed"),
        ({"muted": ["room"] * 201}, "length <= 200"),
        ({"other": 1}, "unknown field"),
    ],
)
async def test_what_is_wrong_is_refused_with_the_reason(
    here: Pushing, fields: dict[str, object], reason: str
) -> None:
    answer = await here.subscribe(here.service.browser(), SESSION, 0, **fields)
    assert refusal(answer) == (400, "invalid")
    assert reason in answer.json()["message"]


async def test_a_browser_beyond_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pushing(tmp_path, monkeypatch, push_subscriptions=2, push_per_user=1) as here:
        one, two, three = map(here.service.browser, ("one", "two", "three"))
        for browser in (one, two):
            assert (await here.subscribe(browser, f"Bearer {token('ann')}")).status_code == 200
        assert await stored(here, "ann") == [two.endpoint]
        assert (await here.subscribe(one, SESSION)).status_code == 200
        answer = await here.subscribe(three, f"Bearer {token('bob')}")
        assert refusal(answer) == (503, "unavailable")
        assert "HUBBUB_PUSH_SUBSCRIPTIONS" in answer.json()["message"]


async def test_changes_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tuning = replace(TUNING, push_changes_burst=1)
    async with pushing(tmp_path, monkeypatch, tuning=tuning) as here:
        browser = here.service.browser()
        assert (await here.subscribe(browser, SESSION)).status_code == 200
        answer = await here.subscribe(browser, "Guest " + "y" * 22)
        assert refusal(answer) == (429, "rate_limited")
        assert int(answer.headers["retry-after"]) >= 1
        assert (await here.subscribe(browser, f"Bearer {token('ann')}")).status_code == 200


async def test_new_browsers_are_limited_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tuning = replace(TUNING, push_changes_burst=2, push_changes_rate=1e6, push_additions_rate=1e-6)
    async with pushing(tmp_path, monkeypatch, tuning=tuning) as here:
        one, two, three = map(here.service.browser, ("one", "two", "three"))
        statuses = [(await here.subscribe(each, SESSION)).status_code for each in (one, two, one, three, two)]
        assert statuses == [200, 200, 200, 429, 200]


async def test_where_guests_are_not_allowed_none_subscribes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pushing(tmp_path, monkeypatch, auth="tokens", guest_read=(), guest_write=()) as here:
        assert refusal(await here.subscribe(here.service.browser(), SESSION)) == (401, "bad_token")


async def test_a_banned_guest_is_rejected(here: Pushing) -> None:
    browser, credentials = await here.absent()
    async with here.http() as client:
        page = await client.get("/api/rooms/lobby/messages", headers=BEARER)
        ban = {"action": "ban", "user": page.json()["messages"][0]["user_id"], "reason": "spam"}
        assert (await client.post("/api/moderation", json=ban, headers=BEARER)).status_code < 300
    assert refusal(await here.subscribe(browser, credentials)) == (403, "banned")


async def test_erasing_a_user_removes_the_browsers(here: Pushing) -> None:
    await here.subscribe(here.service.browser(), f"Bearer {token('ann')}")
    async with here.http() as client:
        for selected, left in (({"user": "ann", "room": "lobby"}, 1), ({"user": "ann"}, 0)):
            begun = await client.post("/api/erasures", json={**selected, "reason": "asked"}, headers=BEARER)
            assert begun.status_code == 202, begun.text
            await until(lambda: "erase" not in {task.get_name() for task in asyncio.all_tasks()})
            assert len(await stored(here, "ann")) == left
