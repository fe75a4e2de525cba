"""`python -m tests.abuse.attacker NAME PORT ADDRESS SECONDS`: one attack, in a process of its own.

A connection that the node closes is opened again at once, as an attacker would do.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

from tests.abuse.attacks import ATTACKS, Attack

_READ: Final = 1 << 18
_ENDED: Final = (OSError, asyncio.IncompleteReadError)


async def _flood(attack: Attack, port: int, address: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    writer.write(attack.opening)
    if attack.opening and attack.floods:
        await reader.readuntil(attack.answer)
    reading = asyncio.ensure_future(_drop(reader, attack.pause))
    try:
        while not reading.done():
            writer.write(attack.next_write())
            await writer.drain()
            await asyncio.sleep(0 if attack.floods else 0.1)
    finally:
        reading.cancel()
        writer.transport.abort()


async def _drop(reader: asyncio.StreamReader, pause: float) -> None:
    while await reader.read(_READ):
        if pause:
            await asyncio.sleep(pause)


async def _again(attack: Attack, port: int, address: str) -> None:
    while True:
        with suppress(*_ENDED):
            await _flood(attack, port, address)
        await asyncio.sleep(0.01)


async def _attack(name: str, port: int, address: str, seconds: float) -> None:
    attack = ATTACKS[name]
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for number in range(attack.connections):
                group.create_task(_again(attack, port, _address(address, number % attack.addresses)))


def _address(first: str, number: int) -> str:
    """Return another address of this machine for each number."""
    return str(ip_address(first) + number)


if __name__ == "__main__":
    asyncio.run(_attack(sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
