"""Parse a cluster's slot map: which primary has which slots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from brokers.redis.connection.url import ServerAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotMap:
    """The slot map as one server reports it.

    Attributes:
        epoch: the cluster's epoch; if two servers disagree, the higher epoch is right.
        owners: the slots of each primary.
        replicas: servers without slots.
    """

    epoch: int
    owners: Mapping[ServerAddress, tuple[range, ...]]
    replicas: frozenset[ServerAddress] = field(default_factory=frozenset)


def read_slot_map(info: bytes, slots: object, asked: ServerAddress) -> SlotMap:
    """Parse the replies to `CLUSTER INFO` and `CLUSTER SLOTS`; a missing host means `asked`."""
    owners: dict[ServerAddress, tuple[range, ...]] = {}
    replicas: set[ServerAddress] = set()
    for first, last, primary, *others in cast(list[list[int]], slots):
        owner = _address(primary, asked)
        owners[owner] = (*owners.get(owner, ()), range(first, last + 1))
        replicas.update(_address(other, asked) for other in others)
    return SlotMap(epoch=_epoch(info), owners=owners, replicas=frozenset(replicas))


def newest_slot_map(describe: Iterable[SlotMap]) -> SlotMap | None:
    """Choose the slot map with the highest epoch."""
    return max((one for one in describe if one.owners), key=lambda one: one.epoch, default=None)


def _epoch(info: bytes) -> int:
    """Read the epoch; a server that reports a failed cluster may be partitioned, so it ranks last."""
    lines = (line.partition(b":") for line in info.splitlines())
    fields = {name: value for name, _, value in lines}
    epoch = int(fields.get(b"cluster_current_epoch", b"0"))
    return epoch if fields.get(b"cluster_state") == b"ok" else -1


def _address(server: object, asked: ServerAddress) -> ServerAddress:
    host, port = cast(list[bytes | int | None], server)[:2]
    named = cast(bytes, host or b"").decode()
    return ServerAddress(asked.host if named in {"", "?"} else named, int(cast(int, port)))
