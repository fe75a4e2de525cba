"""Two nodes over Redis and PostgreSQL: a user on any of them is here unless away, and one node notifies."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.archive.postgres_storage import new_database, url_of
from tests.contract.postgres_server import shared_postgres
from tests.contract.redis_server import RedisServer
from tests.contract.server import running as running_server
from tests.service.push.pushing import Pushing, pushing
from tests.service.serving import until


def is_known(here: Pushing, name: str, node: int) -> bool:
    return bool(list(here.node(node).user_names.find(name)))


async def test_a_user_is_notified_once_if_she_is_on_no_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres = await asyncio.to_thread(shared_postgres)
    with running_server(RedisServer()) as server:
        async with new_database(postgres) as database:
            own = {"broker": "redis", "redis_url": server.url, "archive_url": url_of(postgres, database)}
            async with pushing(tmp_path, monkeypatch, {0: own, 1: own}) as here:
                bob, _ = await here.joined("bob", 1)
                browser, credentials = await here.absent("ann", 0)
                await until(lambda: not is_known(here, "ann", 1))
                ann, _ = await here.joined("ann", 0, name="ann", session=credentials.split()[1])
                await until(lambda: is_known(here, "ann", 1))
                await bob.ask("send", room="lobby", text="@ann, you are here")
                ann.disconnect()
                await until(lambda: not is_known(here, "ann", 1))
                await bob.ask("send", room="lobby", text="@ann, you are not")
                (push,) = await here.service.pushed()
                assert browser.read(push)["text"] == "@ann, you are not"
                await until(lambda: here.count("sent", 1) == 1)
                assert here.node(0).metrics.pushes.counts == {}
                assert len(here.service.received) == 1
