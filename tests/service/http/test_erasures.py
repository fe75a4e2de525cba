"""The operator erases over HTTP."""

from __future__ import annotations

import asyncio

import pytest
from typing_extensions import override

from brokers.base import Entry
from service.erasing.eraser import Erased, Eraser
from service.erasing.erasures import ErasureRunning, Erasures
from service.erasing.selection import Selection
from service.http.erasures import MAX_MESSAGES
from tests.service.http.site import Site
from tests.service.serving import until


class Waiting(Eraser):
    """Never ends."""

    def __init__(self) -> None:
        """Need nothing."""

    @override
    async def erase(self, selection: Selection, done: Erased) -> None:
        await asyncio.Event().wait()


async def post(site: Site, text: str, user: str = "ci") -> int:
    answer = await site.post("/api/rooms/lobby/messages", f'{{"text": "{text}", "user": "{user}"}}')
    assert answer.status == 201, answer.text
    offset: int = answer.json["offset"]
    return offset


async def stored(site: Site) -> list[Entry]:
    return list((await site.broker.history("lobby", after=0, limit=100)).entries)


async def ended(site: Site) -> dict[str, object]:
    """Wait until the last erasure is done, and return its status."""
    await until(lambda: "erase" not in {task.get_name() for task in asyncio.all_tasks()})
    status: dict[str, object] = (await site.get("/api/erasures")).json
    return status


async def test_messages_are_erased_and_the_record_says_who_what_and_why(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = [await post(site, text) for text in ("a secret", "another")]
    assert (await site.get("/api/erasures")).status == 404
    body = f'{{"room": "lobby", "messages": [{first}], "reason": "asked for by its author"}}'
    begun = await site.post("/api/erasures", body)
    assert (begun.status, begun.json["state"]) == (202, "running")
    assert await ended(site) == {
        "selection": {"room": "lobby", "messages": [first]},
        "reason": "asked for by its author",
        "done": {"rooms": 1, "entries": 1},
        "state": "done",
    }
    texts = b"".join(entry.payload for entry in await stored(site))
    assert b"a secret" not in texts
    assert b"another" in texts
    read = (await site.get("/api/rooms/lobby/messages")).json["messages"]
    assert [message["offset"] for message in read] == [second]
    logged = [record for record in caplog.records if record.msg in {"moderation", "erased"}]
    assert [vars(record)["reason"] for record in logged] == ["asked for by its author"] * 2
    assert vars(logged[0])["target"] == f"messages {first}; room lobby"
    [record] = (await site.broker.history("\x01moderation", after=0, limit=9)).entries
    assert b'"action":"erase"' in record.payload
    assert b"asked for by its author" in record.payload
    assert (await site.get("/api/moderation")).json["actions"] == []


async def test_a_failure_is_reported_and_may_be_repeated(site: Site) -> None:
    await post(site, "a secret")
    site.broker.lose_answers(1)
    assert (await site.post("/api/erasures", '{"room": "lobby", "reason": "x"}')).status == 503
    assert (await site.get("/api/erasures")).status == 404
    await site.post("/api/erasures", '{"room": "lobby", "reason": "x"}')
    site.broker.lose_answers(1)
    failed = await ended(site)
    assert (failed["state"], bool(failed["error"])) == ("failed", True)
    await site.post("/api/erasures", '{"room": "lobby", "reason": "x"}')
    assert (await ended(site))["state"] == "done"
    assert b"a secret" not in b"".join(entry.payload for entry in await stored(site))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("nope", "malformed"),
        ('{"room": "lobby"}', "reason"),
        ('{"reason": "x"}', "Nothing is selected"),
        ('{"reason": "x", "user": "u1"}', "Without an archive"),
        ('{"reason": "x", "messages": [1]}', "Nothing is selected"),
        ('{"reason": "x", "user": "u1", "messages": [1]}', "`messages` needs `room`"),
        ('{"reason": "x", "room": "lobby", "messages": []}', "messages"),
        ('{"reason": "x", "room": "lobby", "messages": [0]}', "messages"),
        ('{"reason": "x", "room": " "}', "room name"),
        ('{"reason": "x", "room": "lobby", "before": 0}', "before"),
        ('{"reason": "x", "room": "lobby", "after": 1}', "after"),
    ],
)
async def test_an_invalid_erasure_is_rejected_with_the_reason(site: Site, body: str, reason: str) -> None:
    rejected = await site.post("/api/erasures", body)
    assert rejected.status == 400
    assert reason in rejected.json["message"]


async def test_one_erasure_runs_at_a_time(site: Site) -> None:
    await post(site, "a secret")
    erasures = Erasures(Waiting(), site.node.moderation, site.node.tasks)
    await erasures.begin(Selection(room="lobby"), "x")
    with pytest.raises(ErasureRunning, match=r"an erasure is running"):
        await erasures.begin(Selection(room="lobby"), "x")
    many = ", ".join(map(str, range(1, MAX_MESSAGES + 2)))
    rejected = await site.post("/api/erasures", f'{{"reason": "x", "room": "lobby", "messages": [{many}]}}')
    assert (rejected.status, "1000" in rejected.json["message"]) == (400, True)


async def test_erasing_needs_the_api_key(site: Site) -> None:
    refused = await site.post("/api/erasures", "{}", Authorization="Bearer wrong")
    assert refused.status == 401
