"""The end of a run: all faults are healed, clients and nodes get time to settle, and the state is recorded.

All waits have the same generous limit, which only a failing run reaches. State that has not settled by then
is recorded as it is, and the checks report it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import httpx

from tests.faults.archived import is_copied, note_archive
from tests.faults.history import Place, What, digest, key_of
from tests.faults.nodes import Node
from tests.faults.rest import listed_as
from tests.faults.world import World

_AGAIN: Final = 0.1
# Gauges that must return to their values before the first client; the memory (bytes) only approximately.
_GAUGES: Final = ("connections", "rooms", "members", "slow_consumers", "log_bytes", "tasks")
_GROWTH: Final = 64 * 1024 * 1024


async def settle_and_record(world: World, patience: float) -> None:
    """End a run, and record its final state. No wait is longer than `patience` (seconds)."""
    world.heal()
    await _within(patience, world, _settled)
    for room in world.plan.rooms:
        speaker = next((user for user in world.people.values() if user.is_in(room) and user.confirms), None)
        if speaker is not None:
            speaker.send_next(room)
    await _within(patience, world, _settled)
    await _within(patience, world, _caught_up)
    if world.plan.plain:
        await _until_quiet(world, patience)
    await _note_rooms(world)
    for user in world.people.values():
        for room in filter(user.is_in, user.rooms):
            world.recorder.note(user.name, What.STAYS, room=room, note=user.user)
    await _disconnect_some(world)
    await _note_members(world, patience)
    await world.empty()
    # Once is enough: a node starts short tasks all the time, for example to read the operator's actions.
    if not await _within(patience, world, _is_clean):
        await _note_leftovers(world)
    await _within(patience, world, is_copied)
    for node in world.nodes.values():
        await _stop(world, node)
    await note_archive(world)


async def _within(limit: float, world: World, holds: Callable[[World], Awaitable[bool]]) -> bool:
    """Wait until a condition holds; return whether it did in time."""
    end = world.recorder.now + limit
    while world.recorder.now < end:
        # A node may not have reconnected to its broker yet.
        with suppress(httpx.HTTPError):
            if await holds(world):
                return True
        await asyncio.sleep(_AGAIN)
    return False


async def _settled(world: World) -> bool:
    people = world.people.values()
    return all(not user.unsettled and all(map(user.is_in, user.rooms)) for user in people)


async def _caught_up(world: World) -> bool:
    """Return whether every client has read to the end of each room."""
    node = next(iter(world.nodes.values()))
    for room in world.plan.rooms:
        kept = [
            (Place(epoch, message["offset"]), key_of(message["key"], message["text"]))
            async for epoch, message in node.history(room)
        ]
        for user in world.people.values():
            if kept and room in user.rooms and not user.has_read_to(room, *kept[-1]):
                return False
    return True


async def _until_quiet(world: World, patience: float) -> None:
    """Wait until nothing is stored any more: messages of the plain codec may still be queued at a node."""
    rooms = [(node, room) for node in world.nodes.values() for room in world.plan.rooms]
    last: list[list[int]] = []

    async def is_quiet(_: World) -> bool:
        now = [[message["offset"] async for _, message in node.history(room)] for node, room in rooms]
        before, last[:] = list(last), now
        return now == before

    await _within(patience, world, is_quiet)


async def _note_rooms(world: World) -> None:
    for node in world.nodes.values():
        for room in world.plan.rooms:
            async for epoch, message in node.history(room):
                world.recorder.note(
                    node.name,
                    What.KEEPS,
                    room=room,
                    key=key_of(message["key"], message["text"]),
                    place=Place(epoch, message["offset"]),
                    prev=message["prev"],
                    note=digest(message["text"]),
                )


async def _disconnect_some(world: World) -> None:
    """Disconnect the clients that don't stay, every second one without a close handshake."""
    leaving = [person.name for person in world.plan.people if not person.stays]
    for name in leaving[::2]:
        world.people[name].wire.stall()
    await asyncio.gather(*map(world.disconnect, leaving))


async def _lists(world: World) -> dict[tuple[str, str], list[str]]:
    """Read the members of each room from each node and each client."""
    nodes, people = world.nodes.values(), world.people.values()
    lists = {(node.name, room): await node.members(room) for node in nodes for room in world.plan.rooms}
    return lists | {
        (user.name, room): user.members(room)
        for user in people
        if user.confirms
        for room in filter(user.is_in, user.rooms)
    }


async def _note_members(world: World, patience: float) -> None:
    """Record the lists of members once all are correct: a node that was lost may be removed later."""
    people = world.people.values()
    here = {room: {user.user for user in people if user.is_in(room)} for room in world.plan.rooms}
    lists: dict[tuple[str, str], list[str]] = {}

    async def are_right(world: World) -> bool:
        lists.update(await _lists(world))
        return all(set(map(listed_as, names)) == here[room] for (_, room), names in lists.items())

    await _within(patience, world, are_right)
    for (name, room), names in lists.items():
        world.recorder.note(name, What.LISTS, room=room, note=" ".join(names))


async def _note_leftovers(world: World) -> None:
    for node in world.nodes.values():
        for over in await _leftovers(node):
            world.recorder.note(node.name, What.LEAVES_OVER, note=over)


async def _is_clean(world: World) -> bool:
    return not [over for node in world.nodes.values() for over in await _leftovers(node)]


async def _leftovers(node: Node) -> list[str]:
    try:
        now = await node.gauges()
    except httpx.HTTPError as error:
        return [f"no answer: {error!r}"]
    names = [f"hubbub_{gauge}" for gauge in _GAUGES]
    over = [
        f"{name} {now[name]:g}, before {node.base[name]:g}" for name in names if now[name] > node.base[name]
    ]
    if now["hubbub_task_failures_total"]:
        over.append(f"{now['hubbub_task_failures_total']:g} tasks that failed")
    if (grown := node.memory() - node.first_memory) > _GROWTH:
        over.append(f"{grown / 1e6:.0f} MB more memory than at the start")
    return over


async def _stop(world: World, node: Node) -> None:
    await node.drain()
    for code in node.exits:
        if code != 0:
            world.recorder.note(node.name, What.LEAVES_OVER, note=f"exit code {code}")
    for line in node.complaints():
        world.recorder.note(node.name, What.COMPLAINS, note=line)
