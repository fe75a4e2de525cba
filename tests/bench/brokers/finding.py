"""What one measurement found, and who used the machine meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench import machine
from tests.bench.machine import Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One measurement of one broker.

    Attributes:
        case: what was done, within a load that does several things.
        use: of the node (`server`) and the generator; `others` are neither the node nor a broker.
        broker: the share of a core that the broker's server used.
        in_order: the share of deliveries made, once, in the room's order.
    """

    case: str
    name: str
    figures: Mapping[str, float]
    use: Use
    broker: float
    in_order: float

    @property
    def generator(self) -> float:
        """Tell for what share of the time the generator worked or wanted to."""
        return self.use.generator + self.use.generator_waited


class Meter:
    """Reads the counters of a node and its broker. It starts when it's made.

    CPU is counted by the nanosecond for all threads of a process (Linux's schedstat): what a broker uses at a
    slow pace is few of the ticks in which it's counted otherwise.

    `bystanders`: processes of the bench whose CPU is neither theirs nor that of others.
    """

    def __init__(self, node: int, broker: int | None, *bystanders: int) -> None:
        self._broker = broker
        self._processes = [node, *([broker] if broker else []), *bystanders]
        self._node = machine.read(node)
        self._before = self._cpu()

    def stop(self) -> tuple[Use, float, float]:
        """Tell what was used since: by the node and the generator, and the broker's seconds and share."""
        counted = machine.between(self._node, machine.read(self._processes[0]))
        node, *rest = (after - before for after, before in zip(self._cpu(), self._before, strict=True))
        known = sum(rest) / counted.seconds
        use = replace(
            counted,
            cpu=node,
            server=node / counted.seconds,
            others=max(0.0, counted.others - known),
        )
        broker = rest[0] if self._broker else 0.0
        return use, broker, broker / use.seconds

    def _cpu(self) -> list[float]:
        return [_seconds(process) for process in self._processes]


def _seconds(process: int) -> float:
    """Tell how long the threads of a process were on a core. The servers measured here keep their threads."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
