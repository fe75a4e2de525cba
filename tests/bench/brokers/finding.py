"""The figures of one measurement, and the processes that used the machine."""

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
        case: the case, within a load that has several.
        use: of the node (`server`) and the generator; `others` are neither the node nor a broker.
        broker: the share of a core that the broker's server used.
        in_order: the share of deliveries that were made once, in the room's order.
    """

    case: str
    name: str
    figures: Mapping[str, float]
    use: Use
    broker: float
    in_order: float

    @property
    def generator(self) -> float:
        """The share of the time in which the generator ran or was ready to run."""
        return self.use.generator + self.use.generator_waited


class Meter:
    """Reads the counters of a node and its broker, from its creation.

    CPU time is counted in nanoseconds for all threads of a process (Linux's schedstat): at a slow pace a
    broker uses only few of the ticks in which it is counted otherwise.

    `bystanders`: processes of the benchmark whose CPU time belongs to none of them.
    """

    def __init__(self, node: int, broker: int | None, *bystanders: int) -> None:
        self._broker = broker
        self._processes = [node, *([broker] if broker else []), *bystanders]
        self._node = machine.read(node)
        self._before = self._cpu()

    def stop(self) -> tuple[Use, float, float]:
        """Return the usage since then: of the node and the generator, and the broker's seconds and share."""
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
    """Return how long a process's threads ran. The measured servers keep their threads."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
