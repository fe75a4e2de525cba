"""Actions of the operator: on all nodes, over restarts, and after the broker has lost its history."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from time import time
from typing import Any, TypeAlias, cast

import msgspec
import pytest

from brokers.base import Broker, Entry, Page, Position
from brokers.memory import Hub
from service.moderation.actions import Kind, ModerationAction
from service.moderation.moderation import ROOM, Moderation, TooManyActions
from service.server import running
from tests.service.peer import Peer
from tests.service.serving import Served, quick, started, until

Greet: TypeAlias = Callable[..., Awaitable[tuple[Peer, dict[str, Any]]]]

# What the operator is promised (seconds).
IN_FORCE: int = 2


def action(what: Any, target: str, seconds: int | None = None, kind: Kind = "user") -> ModerationAction:  # noqa: ANN401 - a literal
    now = int(time() * 1000)
    return ModerationAction(
        what, target, now, "spam", None if seconds is None else now + seconds * 1000, kind
    )


@pytest.fixture
def greet() -> Iterator[Greet]:
    peers: list[Peer] = []

    async def greet(port: int, session: str | None = None) -> tuple[Peer, dict[str, Any]]:
        peer = await Peer.connect(port)
        peers.append(peer)
        await peer.upgrade()
        return peer, await peer.ask("hello", **({} if session is None else {"session": session}))

    yield greet
    for peer in peers:
        peer.disconnect()


async def test_a_ban_closes_the_connections_of_all_nodes_within_two_seconds(greet: Greet) -> None:
    hub = Hub(quick().broker_options)
    async with started(hub) as here, started(hub) as there:
        banned, welcome = await greet(there.port)
        other, _ = await greet(there.port)
        await here.node.moderation.act(action("ban", welcome["user_id"]))
        async with asyncio.timeout(IN_FORCE):
            assert await banned.closed() == 4504
        again, answer = await greet(there.port, welcome["session"])
        assert (answer["type"], answer["code"], answer["retry"]) == ("error", "banned", False)
        assert await again.closed() == 4504
        await other.ask("join", room="lobby")


async def test_a_node_that_starts_knows_the_bans(tmp_path: Path, greet: Greet) -> None:
    settings = quick(archive_url="sqlite:///a.sqlite", data=str(tmp_path))
    async with running(settings) as first:
        peer, welcome = await greet(first.port)
        await first.node.moderation.act(action("ban", welcome["user_id"], seconds=3600))
        assert await peer.closed() == 4504
    async with running(settings) as second:
        peer, answer = await greet(second.port, welcome["session"])
        assert answer["code"] == "banned"
        assert await peer.closed() == 4504


async def test_a_kicked_user_may_return(served: Served, greet: Greet) -> None:
    peer, welcome = await greet(served.port)
    await served.node.moderation.act(action("kick", welcome["user_id"]))
    assert await peer.closed() == 4504
    peer, again = await greet(served.port, welcome["session"])
    assert again["user_id"] == welcome["user_id"]


async def test_a_plain_connection_of_a_banned_user_is_closed(served: Served) -> None:
    peer = await served.plain()
    await until(lambda: any(one.receiver is not None for one in served.node.connections))
    [user] = {one.receiver.user_id for one in served.node.connections if one.receiver is not None}
    await served.node.moderation.act(action("ban", str(user)))
    assert await peer.closed() == 4504


async def test_a_ban_of_an_address_closes_all_of_its_connections_and_no_others(served: Served) -> None:
    waiting, other = await served.peer(), await served.peer(address="127.0.0.2")
    plain = await served.plain()
    for peer in (waiting, other):
        await peer.upgrade()
    await served.node.moderation.act(action("ban", "127.0.0.1", kind="address"))
    assert [await peer.closed() for peer in (waiting, plain)] == [4504, 4504]
    again, refused = await served.upgraded(), await served.plain()
    assert (await again.ask("hello"))["code"] == "banned"
    assert [await peer.closed() for peer in (again, refused)] == [4504, 4504]
    assert (await other.ask("hello"))["type"] == "welcome"
    await served.node.moderation.act(action("unban", "127.0.0.1", kind="address"))
    await served.welcomed()


async def test_what_is_removed_is_logged_with_the_address(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    peer = await served.upgraded()
    user = (await peer.ask("hello"))["user_id"]
    await served.node.moderation.act(action("kick", user))
    assert await peer.closed() == 4504
    [line] = [record for record in caplog.records if record.message == "connection_removed"]
    assert (vars(line)["user"], vars(line)["address"]) == (user, "127.0.0.1")


async def test_an_old_kick_is_not_repeated_when_a_node_starts(greet: Greet) -> None:
    hub = Hub(quick().broker_options)
    async with started(hub) as here:
        peer, welcome = await greet(here.port)
        old = ModerationAction("kick", welcome["user_id"], int(time() * 1000) - 60_000, "spam")
        await here.node.moderation.act(old)
        await peer.ask("join", room="lobby")


async def test_what_is_in_force_stays_so_when_the_broker_has_lost_its_history() -> None:
    class Histories:
        """Returns one page for each call."""

        def __init__(self, *pages: Page) -> None:
            self._pages = list(pages)

        async def history(self, *_: object, **__: object) -> Page:
            return self._pages.pop(0)

    def page(epoch: str, offset: int, target: str) -> Page:
        entry = Entry(f"\x01{ROOM}", epoch, offset - 1, offset, msgspec.json.encode(action("ban", target)))
        return Page((entry,), Position(epoch, offset), trimmed=False, more=False)

    after = page("e2", 1, "u2")
    broker = Histories(page("e1", 7, "u1"), after._replace(entries=()), after)
    moderation_of = Moderation(cast("Broker", broker), lambda *_: None)
    await moderation_of.read()
    await moderation_of.read()
    assert sorted(one.target for one in moderation_of.active()) == ["u1", "u2"]


async def test_the_number_of_actions_in_force_is_limited(served: Served) -> None:
    moderation = Moderation(served.node.broker, lambda *_: None, most=1)
    await moderation.act(action("ban", "u1"))
    with pytest.raises(TooManyActions, match="1 bans, closed rooms and topics are in force"):
        await moderation.act(action("close", "lobby"))
    await moderation.act(action("unban", "u1"))
    await moderation.act(action("close", "lobby"))
