"""`GET /api/search`: messages are found by what they say now, in the rooms that the user may read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import Queue
from threading import Event
from typing import Any

import httpx
import jwt
import pytest

from archive.errors import ArchiveUnavailable
from archive.sqlite.searching import Searcher
from service.archiving.searches import OF_ONE_USER, PAUSE, Searches
from service.server import running
from service.settings.tuning import DEFAULTS
from tests.service.http.site import BEARER, KEY
from tests.service.http.site import Site as _Site
from tests.service.serving import quick

SECRET = "a secret of at least 32 bytes, for tests"
TUNING = replace(DEFAULTS, index_rest=0.01, archive_longest_wait=0.01)


class Searching:
    """A node with an archive, and a client of its API."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def post(self, room: str, *texts: str, user: str = "bot") -> None:
        for text in texts:
            body = {"text": text, "user": user}
            answer = await self._client.post(f"/api/rooms/{room}/messages", json=body, headers=BEARER)
            assert answer.status_code == 201

    async def search(self, *, headers: Mapping[str, str] = BEARER, **query: Any) -> httpx.Response:  # noqa: ANN401 - as for httpx
        return await self._client.get("/api/search", params=query, headers=headers)

    async def texts(self, q: str, **query: Any) -> list[str]:  # noqa: ANN401 - as for httpx
        answer = await self.search(q=q, **query)
        assert answer.status_code == 200, answer.text
        return [hit["message"]["text"] for hit in answer.json()["hits"]]

    async def until_found(self, q: str, count: int) -> list[str]:
        """Wait until so many messages are indexed."""
        async with asyncio.timeout(10):
            while len(found := await self.texts(q, limit=200)) < count:  # noqa: ASYNC110 - no event for it
                await asyncio.sleep(0.01)
        return found


@asynccontextmanager
async def node(folder: Path, **settings: Any) -> AsyncIterator[Searching]:  # noqa: ANN401 - as for `quick`
    chosen = quick(archive_url="sqlite:///a.sqlite", data=str(folder), api_key=KEY, **settings)
    async with (
        running(chosen, tuning=TUNING) as here,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{here.port}") as client,
    ):
        yield Searching(client)


async def test_messages_are_found_newest_first_in_pages(tmp_path: Path) -> None:
    async with node(tmp_path) as here:
        await here.post("lobby", *(f"word {number}" for number in range(5)))
        await here.post("other", "another word", user="ann")
        assert await here.until_found("word", 6) == [
            "another word",
            *(f"word {number}" for number in range(4, -1, -1)),
        ]
        first = (await here.search(q="word", limit=4)).json()
        assert len(first["hits"]) == 4
        assert await here.texts("word", limit=4, before=first["more"]) == ["word 1", "word 0"]
        [hit] = (await here.search(q="from:ann in:other word")).json()["hits"]
        assert hit["message"]["type"] == "message"
        assert (hit["message"]["room"], hit["message"]["offset"], hit["message"]["user"]) == (
            "other",
            1,
            "ann",
        )
        assert hit["epoch"]


async def test_what_was_said_before_a_restart_is_found(tmp_path: Path) -> None:
    async with node(tmp_path) as here:
        await here.post("lobby", "東京タワー")
    async with node(tmp_path) as here:
        assert await here.until_found("東京", 1) == ["東京タワー"]


async def test_only_rooms_that_the_user_may_read_are_searched(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"auth": "both", "token_key": SECRET, "token_algorithm": "HS256"}
    async with node(tmp_path, **settings) as here:
        for number in range(6):
            await here.post("secret", f"word {number}")
        await here.post("open", "word of all")
        for number in range(6):
            await here.post("secret", f"word {number}")
        await here.until_found("word", 13)
        claims = {"sub": "ann", "exp": int(time.time()) + 60, "rooms.read": ["open"]}
        headers = {"Authorization": f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"}
        answer = (await here.search(headers=headers, q="word", limit=2)).json()
        assert [hit["message"]["text"] for hit in answer["hits"]] == ["word of all"]
        assert (await here.search(headers=headers, q="in:secret word")).json()["hits"] == []
        assert (await here.search(headers={}, q="word")).status_code == 401


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"q": ""}, "no word and no filter"),
        ({"q": '"'}, "no word and no filter"),
        ({"q": "x" * 501}, "501 characters, 500 are allowed"),
        ({"q": "x", "before": "y"}, "'y' is not a place in a search"),
        ({"q": "x", "limit": "0"}, "Invalid `limit` 0"),
        ({"q": "x", "room": "y"}, "Unknown parameter `room`"),
    ],
)
async def test_an_invalid_query_is_an_error_that_says_why(
    tmp_path: Path, query: dict[str, Any], reason: str
) -> None:
    async with node(tmp_path) as here:
        answer = await here.search(**query)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert reason in answer.json()["message"]


async def test_without_an_archive_there_is_no_search(site: _Site) -> None:
    answer = await site.get("/api/search?q=word")
    assert (answer.status, answer.json["code"]) == (400, "unknown_type")
    assert "no archive" in answer.json["message"]


async def test_a_search_that_takes_too_long_is_cancelled_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.sqlite.archive.Searcher", partial(Searcher, steps=1))
    async with node(tmp_path) as here:
        await here.post("lobby", *(f"word {number}" for number in range(30)))
        await here.until_found("word", 30)
        slow = Searcher.search
        monkeypatch.setattr(
            Searcher, "search", lambda *args, **more: slow(*args, **{**more, "seconds": -1.0})
        )
        answer = await here.search(q="word")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "took too long" in answer.json()["message"]
        assert "Retry-After" in answer.headers


async def test_one_search_of_a_user_runs_and_so_many_wait() -> None:
    here, begin, begun = Searches(None), asyncio.Event(), list[str]()  # type: ignore[arg-type]

    async def search(user: str) -> None:
        async with here.turn(user):
            begun.append(user)
            await begin.wait()

    users = [*["ann"] * (OF_ONE_USER + 2), "bob"]
    asked = [asyncio.get_running_loop().create_task(search(user)) for user in users]
    await asyncio.sleep(0)
    assert begun == ["ann", "bob"]
    assert here.metrics.archive_searches_refused.counts == {"overloaded": 2}
    begin.set()
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert [result is None for result in results] == [True] * OF_ONE_USER + [False, False, True]


async def test_a_search_pauses_the_next_one_of_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    here, waits = Searches(None), list[float]()  # type: ignore[arg-type]

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("service.runtime.paced_queue.asyncio.sleep", sleep)
    monkeypatch.setattr(
        "service.runtime.paced_queue.perf_counter", iter([0.0, 0.2, 0.3, 1.0, 2.0, 2.0]).__next__
    )
    for user in ("ann", "ann", "bob"):
        async with here.turn(user):
            pass
    assert waits == [pytest.approx(0.2 + 0.2 * PAUSE - 0.3)]


async def test_a_search_whose_client_is_gone_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.sqlite.archive.Searcher", partial(Searcher, steps=1))
    begun, interrupted = Event(), Queue[Exception]()
    search = Searcher.search

    def slow(*args: Any, cancelled: Event, **more: Any) -> object:  # noqa: ANN401 - those of `search`
        begun.set()
        assert cancelled.wait(10)
        try:
            return search(*args, cancelled=cancelled, **more)
        except Exception as error:
            interrupted.put(error)
            raise

    async with node(tmp_path) as here:
        await here.post("lobby", *(f"word {number}" for number in range(30)))
        await here.until_found("word", 30)
        monkeypatch.setattr(Searcher, "search", slow)
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(here.search(q="word"))
            assert await asyncio.to_thread(begun.wait, 10)
            asked.cancel()
        assert str(await asyncio.to_thread(interrupted.get, timeout=10)) == "interrupted"


async def test_so_many_searches_wait_and_the_next_is_refused() -> None:
    begin = asyncio.Event()

    class Slow:
        async def search(self, *_: object, **__: object) -> str:
            await begin.wait()
            return "page"

    here = Searches(Slow(), waiting=3)  # type: ignore[arg-type]
    asked = [
        asyncio.get_running_loop().create_task(here.search(None, before=None, limit=1))  # type: ignore[arg-type]
        for _ in range(7)
    ]
    await asyncio.sleep(0)
    begin.set()
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(result, ArchiveUnavailable) for result in results] == [False] * 5 + [True] * 2
    assert here.metrics.archive_searches_refused.counts == {"overloaded": 2}
