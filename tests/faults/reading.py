"""Reads of the ends of rooms while a run lasts, for the judge: each with its begin and its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random
from typing import Final

import httpx

from tests.faults.history import Place, What, key_of
from tests.faults.nodes import Node
from tests.faults.world import World

_PAUSE: Final = 0.3
# How long a node that was not read from yet is asked after the storm: a machine may be slow (seconds).
_LATER: Final = 20.0


async def read_now_and_then(world: World, node: Node) -> None:
    """Read the last message of a room again and again, until the clients stop sending; once at least."""
    chance = Random(f"{world.plan.seed} {node.name}")  # noqa: S311 (repeatable, not secret)
    has_read = False
    while (over := world.recorder.now - world.plan.seconds) < 0 or (not has_read and over < _LATER):
        await asyncio.sleep(chance.expovariate(1 / _PAUSE))
        if node.port is not None:
            # A node that is killed, drained or without its broker does not answer.
            with suppress(httpx.HTTPError):
                has_read |= await _read(world, node, chance.choice(world.plan.rooms))


async def _read(world: World, node: Node, room: str) -> bool:
    """Record the last message of a room; return whether there is one."""
    since = world.recorder.now
    found = await node.last(room)
    if found is None:
        return False
    epoch, message = found
    key = key_of(message["key"], message["text"])
    place = Place(epoch, message["offset"])
    world.recorder.note(node.name, What.READS, room=room, key=key, place=place, since=since)
    return True
