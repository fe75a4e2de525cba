"""How a cluster shares its keys out: which slot a name hashes to, and whose slot that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from brokers.redis.connection.url import ServerAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotMap:
    """What one server says of its cluster.

    Attributes:
        epoch: the cluster's; of two servers that disagree the one with the higher epoch is right.
        owners: the slots of each primary.
        replicas: servers that own none now.
    """

    epoch: int
    owners: Mapping[ServerAddress, tuple[range, ...]]
    replicas: frozenset[ServerAddress] = field(default_factory=frozenset)


def read_slot_map(info: bytes, slots: object, asked: ServerAddress) -> SlotMap:
    """Read what `CLUSTER INFO` and `CLUSTER SLOTS` answered; who names no host means `asked`."""
    owners: dict[ServerAddress, tuple[range, ...]] = {}
    replicas: set[ServerAddress] = set()
    for first, last, primary, *others in cast(list[list[int]], slots):
        owner = _address(primary, asked)
        owners[owner] = (*owners.get(owner, ()), range(first, last + 1))
        replicas.update(_address(other, asked) for other in others)
    return SlotMap(epoch=_epoch(info), owners=owners, replicas=frozenset(replicas))


def newest_slot_map(describe: Iterable[SlotMap]) -> SlotMap | None:
    """Choose whom to believe."""
    return max((one for one in describe if one.owners), key=lambda one: one.epoch, default=None)


def _epoch(info: bytes) -> int:
    """Tell a cluster's epoch; whoever says that its cluster has failed may have been left behind by it."""
    lines = (line.partition(b":") for line in info.splitlines())
    told = {name: value for name, _, value in lines}
    epoch = int(told.get(b"cluster_current_epoch", b"0"))
    return epoch if told.get(b"cluster_state") == b"ok" else -1


def _address(server: object, asked: ServerAddress) -> ServerAddress:
    host, port = cast(list[bytes | int | None], server)[:2]
    named = cast(bytes, host or b"").decode()
    return ServerAddress(asked.host if named in {"", "?"} else named, int(cast(int, port)))
