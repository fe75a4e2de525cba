"""The load of a soak: clients that talk, reconnect, join ever new rooms and read slowly, at a low rate."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from random import Random
from typing import Final

from typing_extensions import override

from hubbub_client import Client, HubbubError, Options
from tests.faults.history import Place, Recorder, What
from tests.faults.plan import Person, Plan
from tests.faults.world import World

# Bounds that are reached during the warm-up, so that what they bound is flat after it.
SETTINGS: Final = {
    "HUBBUB_HISTORY_SECONDS": "120",
    "HUBBUB_HISTORY_ROOMS": "50",
    "HUBBUB_KEY_SECONDS": "60",
    "HUBBUB_NEW_ROOMS_PER_HOUR": "100000",
}
ROOMS: Final = ("lobby", "slow")
_CLIENTS: Final = 6
# Time between two events of a kind, at rate 1 (seconds).
_RECONNECTS, _NEW_ROOMS, _SLOW = 15.0, 10.0, 60.0
_PACE: Final = 0.2
# So much is sent while a client reads nothing that the buffers on the way to it are full.
_BURST: Final = 60
_STALLS: Final = 5.0


class Silent(Recorder):
    """Records nothing: a soak measures nodes, and its clients must not grow."""

    @override
    def note(
        self,
        who: str,
        what: What,
        *,
        room: str = "",
        key: str = "",
        place: Place | None = None,
        prev: int | None = None,
        since: float = 0.0,
        note: str = "",
    ) -> None:
        """Ignore an event."""


def plan(broker: str, rate: float) -> Plan:
    """Return a plan without faults; `rate` multiplies what happens."""
    return Plan(
        seed=1,
        broker=broker,
        nodes=1 if broker == "memory" else 2,
        seconds=0,
        entries=100,
        log=100,
        inbox=20,
        people=tuple(
            Person(name=f"p{number:02}", rooms=ROOMS, pace=_PACE * rate) for number in range(_CLIENTS)
        ),
    )


class Load:
    """All that happens to one world until it is cancelled."""

    def __init__(self, world: World, rate: float) -> None:
        self._world = world
        self._rate = rate
        self._chance = Random(world.plan.broker)  # noqa: S311 (repeatable, not secret)
        self._new = count(1)

    async def run(self) -> None:
        """Connect all clients, and keep them busy."""
        for name in self._world.people:
            self._world.connect(name)
        async with asyncio.TaskGroup() as tasks:
            for user in self._world.people.values():
                tasks.create_task(user.send_messages(float("inf")))
            for pause, action in (
                (_RECONNECTS, self._reconnect),
                (_NEW_ROOMS, self._visit),
                (_SLOW, self._stall),
            ):
                tasks.create_task(self._again_and_again(pause / self._rate, action))

    async def _again_and_again(self, pause: float, action: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / pause))
            await action()

    async def _reconnect(self) -> None:
        """Cut a client's connection, or replace the client."""
        name = self._chance.choice(list(self._world.people))
        if self._chance.random() < 1 / 2:
            self._world.people[name].wire.cut()
        else:
            await self._world.disconnect(name)
            self._world.connect(name)

    async def _visit(self) -> None:
        """Write to a room that has never been used before, as a user of its own."""
        number = next(self._new)
        node = self._chance.choice(list(self._world.nodes.values()))
        options = Options(within=30, close_timeout=5)
        try:
            async with Client(
                f"ws://127.0.0.1:{node.port}", name=f"visitor-{number}", options=options
            ) as client:
                room = await client.join(f"new-{number}")
                await room.send(f"{number} ".ljust(200, "."))
        except HubbubError as error:
            print(f"{self._world.plan.broker}: visitor {number}: {error!r}", flush=True)

    async def _stall(self) -> None:
        """Let a client read nothing while much is sent to its room."""
        user, other = self._chance.sample(list(self._world.people.values()), 2)
        user.wire.stall()
        for _ in range(_BURST):
            other.send_next("slow")
            await asyncio.sleep(_STALLS / _BURST)
        user.wire.heal()
