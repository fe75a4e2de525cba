"""How a cluster shares its keys out: which slot a name hashes to, and whose slot that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, cast

from redis.crc import key_slot
from typing_extensions import override

SLOTS: Final = 16384


class Address(NamedTuple):
    """Where a server of a cluster is."""

    host: str
    port: int

    @override
    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def slot_of(name: str | bytes) -> int:
    """Tell the slot of a key or a channel: of what stands between its first braces, or of all of it."""
    return key_slot(name.encode() if isinstance(name, str) else name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """What one server says of its cluster.

    Attributes:
        epoch: the cluster's; of two servers that disagree the one with the higher epoch is right.
        owners: the slots of each primary.
        replicas: servers that own none now.
    """

    epoch: int
    owners: Mapping[Address, tuple[range, ...]]
    replicas: frozenset[Address] = field(default_factory=frozenset)


def read_topology(info: bytes, slots: object, asked: Address) -> Topology:
    """Read what `CLUSTER INFO` and `CLUSTER SLOTS` answered; who names no host means `asked`."""
    owners: dict[Address, tuple[range, ...]] = {}
    replicas: set[Address] = set()
    for first, last, primary, *others in cast(list[list[int]], slots):
        owner = _address(primary, asked)
        owners[owner] = (*owners.get(owner, ()), range(first, last + 1))
        replicas.update(_address(other, asked) for other in others)
    return Topology(epoch=_epoch(info), owners=owners, replicas=frozenset(replicas))


def newest(said: Iterable[Topology]) -> Topology | None:
    """Choose whom to believe."""
    return max((one for one in said if one.owners), key=lambda one: one.epoch, default=None)


def _epoch(info: bytes) -> int:
    """Tell a cluster's epoch; whoever says that its cluster has failed may have been left behind by it."""
    lines = (line.partition(b":") for line in info.splitlines())
    told = {name: value for name, _, value in lines}
    epoch = int(told.get(b"cluster_current_epoch", b"0"))
    return epoch if told.get(b"cluster_state") == b"ok" else -1


def _address(server: object, asked: Address) -> Address:
    host, port = cast(list[bytes | int | None], server)[:2]
    named = cast(bytes, host or b"").decode()
    return Address(asked.host if named in {"", "?"} else named, int(cast(int, port)))
