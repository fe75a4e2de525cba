"""Names that are kept for users with tokens: on all nodes, over restarts and outages."""

from __future__ import annotations

import time
from typing import Any, Final, cast

import jwt
import msgspec
import pytest

from brokers.errors import Unavailable
from brokers.memory import Hub
from service.cluster.kept_names import KeptNames, NameKeeper
from tests.faults.faulty import FaultyBroker
from tests.service.peer import Peer
from tests.service.serving import Served, quick, started

KEY: Final = "a shared secret of more than thirty-two bytes"
SETTINGS: Final[dict[str, Any]] = {"auth": "both", "token_algorithm": "HS256", "token_key": KEY}


def token(subject: str, name: str) -> str:
    return jwt.encode({"sub": subject, "name": name, "exp": time.time() + 600}, KEY, "HS256")


async def hello(node: Served, **fields: str) -> tuple[Peer, dict[str, Any]]:
    peer = await node.upgraded()
    return peer, await peer.ask("hello", **fields)


async def test_a_name_is_kept_on_all_nodes_and_on_nodes_that_start_later() -> None:
    hub = Hub(quick().broker_options)
    async with started(hub, **SETTINGS) as here, started(hub, **SETTINGS) as there:
        ann, welcome = await hello(here, token=token("u1", "Ann"))
        assert welcome["user"] == "Ann"
        assert await ann.leave() == 1000
        await here.node.name_keeper.store()
        await there.node.name_keeper.read()
        async with started(hub, **SETTINGS) as later:
            for node in (here, there, later):
                peer, refused = await hello(node, name="\u0430nn")
                assert (refused["code"], refused["suggestion"]) == ("name_taken", "\u0430nn2")
                other, welcome = await hello(node, token=token("u2", "ANN"))
                assert welcome["user"] == "ANN2"
                peer.disconnect()
                other.disconnect()


async def test_a_claim_is_stored_after_an_outage_and_other_entries_are_skipped() -> None:
    async with started(Hub(quick().broker_options), FaultyBroker) as node:
        broker = cast("FaultyBroker", node.node.broker)
        keeper = NameKeeper(broker, KeptNames())
        keeper.names.claim("ann", "u1", lambda name: iter([name]))
        broker.cut()
        with pytest.raises(Unavailable):
            await keeper.store()
        broker.mend()
        await broker.publish("\x01names", msgspec.json.encode({"of": "a newer version"}), key="k1")
        await keeper.store()
        assert len(keeper.names) == 1
        assert keeper.names.unstored() == []
