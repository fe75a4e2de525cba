"""Connections are cut and servers die while users chat: nothing is lost, or a gap is reported."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from hubbub_client import Message
from tests.e2e.cable import cable
from tests.e2e.crowd import Crowd, User, crowd
from tests.hubbub_cli.server import serving

USERS = 6
EACH = 40


def positions(user: User) -> list[tuple[str, int]]:
    return [(message.position.epoch, message.position.offset) for message in user.messages()]


def check_order(users: list[User]) -> None:
    for user in users:
        received = positions(user)
        assert len(set(received)) == len(received)
        for before, after in pairwise(received):
            assert before[0] != after[0] or before[1] < after[1]


def check_same_texts(users: list[User]) -> None:
    texts: dict[tuple[str, int], str] = {}
    for user in users:
        for message in user.messages():
            at = (message.position.epoch, message.position.offset)
            assert texts.setdefault(at, message.text) == message.text


async def chat(gathered: Crowd, faults: asyncio.Task[None]) -> None:
    """Let all users send while faults happen, and wait until all messages are stored."""
    async with asyncio.timeout(50), asyncio.TaskGroup() as group:
        for user in gathered.users:
            group.create_task(user.send_numbered(EACH))
    await faults


@pytest.mark.timeout(120)
async def test_cut_connections_lose_and_duplicate_nothing() -> None:
    with serving() as server:
        async with cable(server.port) as proxy, crowd(f"ws://127.0.0.1:{proxy.port}", USERS) as gathered:

            async def cut_now_and_then() -> None:
                for cuts in range(1, 6):
                    await gathered.until_received(cuts * USERS * EACH)
                    proxy.cut()
                    proxy.restore()

            faults = asyncio.get_running_loop().create_task(cut_now_and_then())
            await chat(gathered, faults)
            total = USERS * EACH
            await gathered.until(lambda: all(len(user.received) >= total for user in gathered.users))
        check_order(gathered.users)
        check_same_texts(gathered.users)
        sent = {f"p{number} {count}" for number in range(USERS) for count in range(EACH)}
        for user in gathered.users:
            assert None not in user.received, "a gap where nothing was trimmed"
            assert [message.text for message in user.messages() if message.user == "p0"] == [
                f"p0 {count}" for count in range(EACH)
            ]
            assert {message.text for message in user.messages()} == sent
            assert len(user.received) == total


@pytest.mark.timeout(120)
async def test_a_killed_server_is_reported_as_a_gap_and_clients_resume() -> None:
    with serving() as server:
        async with crowd(server.url, USERS) as gathered:

            async def kill_now_and_then() -> None:
                for kills in range(1, 3):
                    await gathered.until_received(kills * USERS * EACH)
                    await asyncio.to_thread(server.restart)

            faults = asyncio.get_running_loop().create_task(kill_now_and_then())
            await chat(gathered, faults)
            last = await gathered.users[0].room.send("the end")
            await gathered.until(lambda: all(ended(user) for user in gathered.users))
        check_order(gathered.users)
        check_same_texts(gathered.users)
        for user in gathered.users:
            epochs = list(dict.fromkeys(message.position.epoch for message in user.messages()))
            assert epochs[-1] == last.position.epoch
            assert user.received.count(None) >= len(epochs) - 1, "a new epoch without a gap"
            acknowledged = {text for text, got in user.receipts.items() if got.position.epoch == epochs[-1]}
            own = {message.text for message in user.messages() if message.position.epoch == epochs[-1]}
            assert acknowledged <= own


def ended(user: User) -> bool:
    last = user.received[-1] if user.received else None
    return isinstance(last, Message) and last.text == "the end"
