"""What is erased is gone: for clients, for search, and in the files of the broker and the archive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from time import time

import pytest
import pytest_asyncio

from tests.service.erasing.worlds import WORLDS, World, sent, shown

SECRET = "Xylophonkasten"


@pytest_asyncio.fixture(params=WORLDS.values(), ids=list(WORLDS))
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with request.param(tmp_path) as opened:
        yield opened


async def test_a_message_is_gone_with_its_edits_and_clients_drop_it(world: World) -> None:
    async with world.client("Ann") as ann, world.client("Bob") as bob:
        await sent(ann, "before")
        offset = await sent(ann, f"the {SECRET}")
        await sent(ann, "after")
        assert (await ann.ask("edit", room="lobby", target=offset, text=f"{SECRET}2"))["type"] == "sent"
        assert (await bob.ask("react", room="lobby", target=offset, emoji="🎉"))["type"] == "sent"
        await world.indexed()
        done = await world.erase(room="lobby", messages=(offset,))
        assert (done.rooms, done.entries) == (1, 2)
        change = await bob.event("change")
        while change["change"] != "delete":
            change = await bob.event("change")
        assert (change["target"], change["user"]) == (offset, "operator")
        async with world.client("Eve") as eve:
            assert [message["text"] for message in await shown(eve)] == ["before", "after"]
            assert await sent(eve, "next") > offset
            if world.node.archiving is not None:
                await world.indexed()
                hits = await eve.ask("search", room="lobby", query=SECRET)
                assert (hits["type"], hits["hits"]) == ("found", [])
    assert await world.found_in_files(SECRET) == []


async def test_a_client_that_was_away_resumes_across_what_was_erased(world: World) -> None:
    async with world.client("Ann") as ann, world.client("Bob") as bob:
        offsets = [await sent(ann, f"{SECRET} {number}") for number in range(6)]
        joined = await bob.ask("join", room="other")
        assert joined["type"] == "joined"
        epoch = (await ann.ask("join", room="lobby"))["epoch"]
        await world.erase(room="lobby", messages=tuple(offsets[1:4]))
        for offset in offsets:
            async with world.client("Eve", "other") as eve:
                since = {"epoch": epoch, "offset": offset}
                resumed = await eve.ask("join", room="lobby", since=since)
                assert resumed["recovered"], resumed
                entries = list(resumed["messages"])
                while not entries or entries[-1]["offset"] < offsets[-1] + 3:
                    entries.append(await eve.event("message", "change"))
                chain = [offset, *(entry["offset"] for entry in entries)]
                assert [entry["prev"] for entry in entries] == chain[:-1]
                texts = [entry["text"] for entry in entries if entry.get("text")]
                assert texts == [f"{SECRET} {n}" for n in (4, 5) if offsets[n] > offset]


async def test_a_user_is_erased_everywhere_and_others_stay(world: World) -> None:
    if world.node.archiving is None:
        pytest.skip("without an archive the rooms are not known")
    async with world.client("Ann") as ann, world.client("Bob") as bob:
        await ann.ask("join", room="other")
        theirs = await sent(bob, "hello")
        await sent(ann, f"{SECRET} 1")
        await sent(ann, f"{SECRET} 2", room="other")
        await ann.ask("react", room="lobby", target=theirs, emoji="🎉")
        await world.indexed()
        [message] = [each for each in await shown(bob) if each["user"] == "Ann"]
        done = await world.erase(user=message["user_id"])
        assert done.entries == 3
        [left] = await shown(bob)
        assert left["text"] == "hello"
        assert "reactions" not in left
        async with world.client("Eve", "other") as eve:
            assert await shown(eve, "other") == []
    assert await world.found_in_files(SECRET) == []
    assert await world.found_in_files(message["user_id"]) == []


async def test_a_room_and_what_is_older_than_a_time_are_erased(world: World) -> None:
    async with world.client("Ann") as ann:
        for number in range(3):
            await sent(ann, f"{SECRET} {number}")
        await world.indexed()
        assert (await world.erase(room="lobby", before=1)).entries == 0
        assert len(await shown(ann)) == 3
        assert (await world.erase(room="lobby", before=int(time() * 1000) + 1000)).entries == 3
        await sent(ann, f"{SECRET} again")
        await world.erase(room="lobby")
        assert await shown(ann) == []
        # Only the deletions of before are left.
        await world.erase(room="lobby")
        assert (await world.erase(room="lobby")).entries == 0
    assert await world.found_in_files(SECRET) == []


async def test_more_than_clients_are_told_about_is_erased(world: World) -> None:
    async with world.client("Ann") as ann:
        for number in range(40):
            await sent(ann, f"{SECRET} {number}")
        done = await world.erase(room="lobby")
        assert done.entries == 40
        assert await shown(ann) == []
