"""The requirements of a measurement: enough file descriptors, and the peers' programs."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterable
from typing import Final

from tests.bench.engine.library import Missing
from tests.bench.peers.catalogue import Peer

_SPARE: Final = 200


def connections_allowed() -> int | None:
    """Raise the limit of file descriptors, also for child processes; return how many connections it allows.

    Each member needs one here and one in the server. None means no limit.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return None if most == resource.RLIM_INFINITY else most - _SPARE


def there(peers: Iterable[Peer]) -> list[Peer]:
    """Build the peers' programs; leave out those that can't be built here, and print why."""
    return [peer for peer in peers if _is_there(peer)]


def _is_there(peer: Peer) -> bool:
    try:
        peer.make()
    except Missing as missing:
        print(f"{peer.name} is left out: {missing}", file=sys.stderr)
        return False
    return True
