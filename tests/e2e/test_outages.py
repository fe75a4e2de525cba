"""Cables are pulled and servers die while people chat: nothing is lost, or it's said so."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from hubbub_client import Message
from tests.e2e.cable import cable
from tests.e2e.crowd import Crowd, Person, crowd
from tests.hubbub_cli.server import serving

PEOPLE = 6
EACH = 40


def positions(person: Person) -> list[tuple[str, int]]:
    return [(message.position.epoch, message.position.offset) for message in person.messages()]


def nothing_doubled_or_out_of_order(people: list[Person]) -> None:
    for person in people:
        seen = positions(person)
        assert len(set(seen)) == len(seen)
        for before, after in pairwise(seen):
            assert before[0] != after[0] or before[1] < after[1]


def same_for_everybody(people: list[Person]) -> None:
    texts: dict[tuple[str, int], str] = {}
    for person in people:
        for message in person.messages():
            at = (message.position.epoch, message.position.offset)
            assert texts.setdefault(at, message.text) == message.text


async def chat(gathered: Crowd, faults: asyncio.Task[None]) -> None:
    """Let everybody talk while things go wrong, and wait until all is stored."""
    async with asyncio.timeout(50), asyncio.TaskGroup() as group:
        for person in gathered.people:
            group.create_task(person.talk(EACH))
    await faults


@pytest.mark.timeout(120)
async def test_cut_connections_lose_and_duplicate_nothing() -> None:
    with serving() as server:
        async with cable(server.port) as laid, crowd(f"ws://127.0.0.1:{laid.port}", PEOPLE) as gathered:

            async def pull_now_and_then() -> None:
                for pulled in range(1, 6):
                    await gathered.seen(pulled * PEOPLE * EACH)
                    laid.pull()
                    laid.plug_in()

            faults = asyncio.get_running_loop().create_task(pull_now_and_then())
            await chat(gathered, faults)
            everything = PEOPLE * EACH
            await gathered.until(lambda: all(len(person.seen) >= everything for person in gathered.people))
        nothing_doubled_or_out_of_order(gathered.people)
        same_for_everybody(gathered.people)
        said = {f"p{number} {count}" for number in range(PEOPLE) for count in range(EACH)}
        for person in gathered.people:
            assert None not in person.seen, "a gap where nothing was trimmed"
            assert [message.text for message in person.messages() if message.user == "p0"] == [
                f"p0 {count}" for count in range(EACH)
            ]
            assert {message.text for message in person.messages()} == said
            assert len(person.seen) == everything


@pytest.mark.timeout(120)
async def test_a_killed_server_is_reported_as_a_gap_and_clients_resume() -> None:
    with serving() as server:
        async with crowd(server.url, PEOPLE) as gathered:

            async def kill_now_and_then() -> None:
                for killed in range(1, 3):
                    await gathered.seen(killed * PEOPLE * EACH)
                    await asyncio.to_thread(server.restart)

            faults = asyncio.get_running_loop().create_task(kill_now_and_then())
            await chat(gathered, faults)
            last = await gathered.people[0].room.send("the end")
            await gathered.until(lambda: all(ended(person) for person in gathered.people))
        nothing_doubled_or_out_of_order(gathered.people)
        same_for_everybody(gathered.people)
        for person in gathered.people:
            epochs = list(dict.fromkeys(message.position.epoch for message in person.messages()))
            assert epochs[-1] == last.position.epoch
            assert person.seen.count(None) >= len(epochs) - 1, "a new epoch that was papered over"
            acknowledged = {text for text, got in person.receipts.items() if got.position.epoch == epochs[-1]}
            mine = {message.text for message in person.messages() if message.position.epoch == epochs[-1]}
            assert acknowledged <= mine


def ended(person: Person) -> bool:
    last = person.seen[-1] if person.seen else None
    return isinstance(last, Message) and last.text == "the end"
