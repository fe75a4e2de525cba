"""One attack on a node: other users are measured before and during it, and the memory also after it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from tests.abuse.node import ROOT, Node
from tests.abuse.users import Measured, crowd, measure, store, stored

# A room with messages without members.
_QUIET: Final = "quiet"
_STORED: Final = 20
# Attackers have this address, or this one and those after it; all other users have another one.
ADDRESS: Final = "127.0.0.2"
_MIB: Final = 1 << 20
# After this time the attack has begun (seconds).
_BEGIN: Final = 0.7
# An attack ends earlier, when it was measured (seconds).
_LONGEST: Final = 120.0
# The node must have forgotten all connections of the attack within this time (seconds).
FORGOTTEN: Final = 20.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attack did to others. Memory is in MiB: before, during and after."""

    name: str
    calm: Measured
    attacked: Measured
    memory: tuple[float, float, float]
    # The seconds until all connections of the attack were gone.
    gone: float
    # Bytes of the log.
    logged: int
    # Messages of a quiet room that were lost.
    lost: int

    def row(self) -> str:
        """Return a row of the table."""
        p50, p99 = self.calm.percentile(50), self.calm.percentile(99)
        during50, during99 = self.attacked.percentile(50), self.attacked.percentile(99)
        before, during, after = self.memory
        return (
            f"{self.name:<26} {p50:7.1f} {p99:7.1f} {during50:9.1f} {during99:9.1f} {during99 / p99:6.1f} "
            f"{max(self.attacked.newcomers):9.0f} {before:7.0f} {during:7.0f} {after:7.0f} "
            f"{self.gone:5.1f} {self.logged / 1024:7.1f} {self.lost:5}"
        )


HEADER: Final = (
    f"{'attack':<26} {'p50':>7} {'p99':>7} {'p50':>9} {'p99':>9} {'ratio':>6} {'newcomer':>9} "
    f"{'MiB':>7} {'during':>7} {'after':>7} {'gone':>5} {'log KiB':>7} {'lost':>5}\n"
    f"{'':<26} {'calm':>7} {'calm':>7} {'attacked':>9} {'attacked':>9} {'of p99':>6} {'max ms':>9} "
    f"{'':>7} {'':>7} {'':>7} {'s':>5}"
)


async def attack(node: Node, name: str, seconds: float) -> Outcome:
    """Run one attack."""
    await store(node.port, _QUIET, _STORED)
    async with crowd(node.port) as users:
        calm = await measure(node.port, users, seconds)
        before, logged = node.memory(), node.logged()
        async with _attacker(node, name):
            await asyncio.sleep(_BEGIN)
            attacked = await measure(node.port, users, seconds)
            during = node.memory()
    gone = await _until_gone(node)
    memory = (before / _MIB, during / _MIB, node.memory() / _MIB)
    lost = _STORED - await stored(node.port, _QUIET)
    return Outcome(name, calm, attacked, memory, gone, node.logged() - logged, lost)


async def _until_gone(node: Node) -> float:
    """Wait until the node has no connections; return how long it took (seconds)."""
    started = perf_counter()
    while (took := perf_counter() - started) < FORGOTTEN:
        if not await asyncio.to_thread(node.connections):
            break
        await asyncio.sleep(0.2)
    return took


@asynccontextmanager
async def _attacker(node: Node, name: str) -> AsyncIterator[None]:
    arguments = [name, str(node.port), ADDRESS, str(_LONGEST)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.abuse.attacker", *arguments, cwd=ROOT
    )
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
