"""The faults of a plan, applied to a world: each begins at its time, lasts, and is healed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby

from tests.faults.history import What
from tests.faults.plan import BROKER, INSTANT, Fault, Kind, Lane
from tests.faults.wire import Wire
from tests.faults.world import World


async def storm(world: World) -> None:
    """Apply the plan's faults while clients send, and return when all are over."""
    lanes = groupby(sorted(world.plan.faults, key=_lane), key=_lane)
    async with asyncio.TaskGroup() as tasks:
        for user in world.people.values():
            tasks.create_task(user.send_messages(world.plan.seconds))
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
        wire = world.links[fault.target] if fault.target in world.links else world.people[fault.target].wire
        _spoil(wire, fault)
        yield
        wire.heal()
    elif fault.lane in {Lane.PERSON, Lane.READER}:
        async with _personal(world, fault):
            yield
    elif fault.target == BROKER:
        await _upset(world, fault.kind)
        yield
        await _settle(world, fault.kind)
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
            user.leave(user.rooms[0])
            yield
            user.enter(user.rooms[0])
        case _:
            await world.disconnect(fault.target)
            yield
            world.connect(fault.target)


async def _upset(world: World, kind: Kind) -> None:
    backbone = world.backbone
    assert backbone
    match kind:
        case Kind.KILL:
            await asyncio.to_thread(backbone.kill)
        case Kind.STOP:
            await asyncio.to_thread(backbone.stop)
        case Kind.FREEZE:
            backbone.freeze()
        case Kind.FILL:
            await asyncio.to_thread(backbone.fill)
        case _:
            if not await asyncio.to_thread(backbone.kick):
                for link in world.links.values():
                    link.cut()


async def _settle(world: World, kind: Kind) -> None:
    backbone = world.backbone
    assert backbone
    if kind in {Kind.KILL, Kind.STOP}:
        await asyncio.to_thread(backbone.start)
    elif kind is Kind.FREEZE:
        backbone.thaw()
    elif kind is Kind.FILL:
        await asyncio.to_thread(backbone.empty)


@asynccontextmanager
async def _failing(world: World, fault: Fault) -> AsyncIterator[None]:
    node = world.nodes[fault.target]
    match fault.kind:
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
