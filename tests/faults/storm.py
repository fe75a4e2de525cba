"""The faults of a plan, applied to a world: each begins at its time, lasts, and is healed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain, groupby
from typing import Final

from tests.faults import clock
from tests.faults.history import What
from tests.faults.nodes import Node
from tests.faults.people import ChatUser
from tests.faults.plan import ARCHIVE, BROKER, INSTANT, Fault, Kind, Lane
from tests.faults.reading import read_now_and_then
from tests.faults.wire import Wire
from tests.faults.world import World

# How long a connection was idle that a middlebox forgets (seconds).
_IDLE: Final = 1.0


async def storm(world: World) -> None:
    """Apply the plan's faults while clients send, and return when all are over."""
    lanes = groupby(sorted(world.plan.faults, key=_lane), key=_lane)
    async with asyncio.TaskGroup() as tasks:
        for user in world.people.values():
            tasks.create_task(user.send_messages(world.plan.seconds))
        for node in world.nodes.values():
            tasks.create_task(read_now_and_then(world, node))
        for _, faults in lanes:
            tasks.create_task(_go_along(world, list(faults)))


def _lane(fault: Fault) -> tuple[str, str]:
    return fault.target, fault.lane


async def _go_along(world: World, faults: list[Fault]) -> None:
    """Apply the faults of a lane one after the other; each waits until the one before is healed."""
    for fault in sorted(faults, key=lambda fault: fault.at):
        await _strike(world, fault)


async def _strike(world: World, fault: Fault) -> None:
    await asyncio.sleep(fault.at - world.recorder.now)
    world.recorder.note("plan", What.FAULT, note=f"{fault.kind} {fault.target}")
    async with _effect(world, fault):
        await asyncio.sleep(fault.lasts)
    if fault.kind not in INSTANT:
        world.recorder.note("plan", What.HEALED, note=f"{fault.kind} {fault.target}")


@asynccontextmanager
async def _effect(world: World, fault: Fault) -> AsyncIterator[None]:
    if fault.lane is Lane.LINK:
        user = world.people.get(fault.target)
        wires = [user.wire] if user else world.links[fault.target]
        for wire in wires:
            _spoil(wire, fault)
        yield
        for wire in wires:
            wire.heal()
    elif fault.lane in {Lane.PERSON, Lane.READER}:
        async with _personal(world, fault):
            yield
    elif fault.target == BROKER:
        await _upset(world, fault)
        yield
        await _settle(world, fault.kind)
    elif fault.target == ARCHIVE:
        async with _refusing(world, fault.kind):
            yield
    else:
        async with _failing(world, fault):
            yield


def _spoil(wire: Wire, fault: Fault) -> None:
    match fault.kind:
        case Kind.CUT:
            wire.cut()
        case Kind.REFUSE:
            wire.refusing = True
            wire.cut()
        case Kind.FORGET:
            wire.forget_idle(_IDLE)
        case Kind.STALL:
            wire.stall()
        case Kind.DELAY:
            wire.late = fault.amount
        case _:
            wire.narrow = fault.amount


@asynccontextmanager
async def _personal(world: World, fault: Fault) -> AsyncIterator[None]:
    user = world.people[fault.target]
    match fault.kind:
        case Kind.DEAFEN:
            user.deafen()
            yield
            user.read_again()
        case Kind.LEAVE:
            assert isinstance(user, ChatUser)
            user.leave(user.rooms[0])
            yield
            user.enter(user.rooms[0])
        case _:
            await world.disconnect(fault.target)
            yield
            world.connect(fault.target)


async def _upset(world: World, fault: Fault) -> None:
    backbone = world.backbone
    assert backbone
    match fault.kind:
        case Kind.KILL:
            await asyncio.to_thread(backbone.kill)
        case Kind.STOP:
            await asyncio.to_thread(backbone.stop)
        case Kind.FREEZE:
            backbone.freeze()
        case Kind.FILL | Kind.DENY | Kind.READONLY:
            await asyncio.to_thread(backbone.refuse, fault)
        case _:
            if not await asyncio.to_thread(backbone.kick):
                for link in chain.from_iterable(world.links.values()):
                    link.cut()


async def _settle(world: World, kind: Kind) -> None:
    backbone = world.backbone
    assert backbone
    if kind in {Kind.KILL, Kind.STOP}:
        await asyncio.to_thread(backbone.start)
    elif kind is Kind.FREEZE:
        await asyncio.to_thread(backbone.thaw)
    elif kind is not Kind.KICK:
        await asyncio.to_thread(backbone.accept)


@asynccontextmanager
async def _refusing(world: World, kind: Kind) -> AsyncIterator[None]:
    """Stop the archive, or let it refuse writes."""
    archive = world.archive
    assert archive
    begin, end = {
        Kind.KILL: (archive.kill, archive.start),
        Kind.STOP: (archive.stop, archive.start),
        Kind.FREEZE: (archive.freeze, archive.thaw),
        Kind.FILL: (archive.fill, archive.empty),
    }[kind]
    await asyncio.to_thread(begin)
    yield
    await asyncio.to_thread(end)


@asynccontextmanager
async def _failing(world: World, fault: Fault) -> AsyncIterator[None]:
    node = world.nodes[fault.target]
    match fault.kind:
        case Kind.STEP:
            clock.set_offset(node.clock, fault.amount)
            yield
            clock.set_offset(node.clock, 0.0)
        case Kind.WORKER:
            node.kill_worker(int(fault.at * 100))
            yield
        case Kind.VERSION:
            await _change_version(world, node)
            yield
            await _change_version(world, node)
        case Kind.FREEZE:
            node.signal(signal.SIGSTOP)
            yield
            node.signal(signal.SIGCONT)
        case Kind.KILL:
            await node.kill()
            yield
            await world.start_node(fault.target)
        case _:
            await node.drain()
            yield
            await world.start_node(fault.target)


async def _change_version(world: World, node: Node) -> None:
    """Drain a node, and start it with the other version."""
    await node.drain()
    node.change_version()
    await world.start_node(node.name)
