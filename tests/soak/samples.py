"""What is measured of each process, again and again."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from tests.faults.nodes import Node

# Column: its unit, its size in the value that is measured, and the growth in an hour that is still flat.
COLUMNS: Final = {
    "memory": ("MB", 1e6, 2.0),
    "tasks": ("tasks", 1.0, 1.0),
    "descriptors": ("descriptors", 1.0, 1.0),
    "log_bytes": ("kB of logs", 1e3, 50.0),
}


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One process at one time, in seconds since the start."""

    at: float
    who: str
    values: dict[str, float]
    others: dict[str, float] = {}


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def take(node: Node, at: float) -> Sample:
    """Measure a node."""
    found = await node.gauges()
    values = {
        "memory": node.memory(),
        "tasks": found["hubbub_tasks"],
        "descriptors": _descriptors(node.pid),
        "log_bytes": found["hubbub_log_bytes"],
    }
    others = {name: found.get(f"hubbub_{name}", 0.0) for name in ("connections", "rooms", "members")}
    return Sample(at=at, who=node.name, values=values, others=others)
