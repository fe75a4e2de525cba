"""What one measurement found, and who used the machine meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.bench import machine
from tests.bench.machine import Reading, Use


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
    """Reads the counters of a node and its broker. It starts when it's made."""

    def __init__(self, node: int, broker: int | None, *bystanders: int) -> None:
        self._processes = [node, *([broker] if broker else []), *bystanders]
        self._has_broker = broker is not None
        self._before = self._read()

    def stop(self) -> tuple[Use, float, float]:
        """Tell what was used since: by the node and the generator, and the broker's seconds and share."""
        use, *rest = map(machine.between, self._before, self._read())
        known = sum(other.cpu for other in rest) / use.seconds
        broker = rest[0] if self._has_broker else None
        cleared = replace(use, others=max(0.0, use.others - known))
        return cleared, broker.cpu if broker else 0.0, broker.server if broker else 0.0

    def _read(self) -> list[Reading]:
        return [machine.read(process) for process in self._processes]
