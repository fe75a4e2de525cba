"""What must be there before anything is measured: files enough, and the peers' programs."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterable
from typing import Final

from tests.bench.engine.library import Missing
from tests.bench.peers.catalogue import Peer

_SPARE: Final = 200


def connections_allowed() -> int | None:
    """Take as many files as we may, for what is started too; tell how many connections that allows.

    Each member is a file here and one in the server. None if there's no limit.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return None if most == resource.RLIM_INFINITY else most - _SPARE


def there(peers: Iterable[Peer]) -> list[Peer]:
    """Make the peers' programs; leave out those that can't be made here, with a word."""
    return [peer for peer in peers if _is_there(peer)]


def _is_there(peer: Peer) -> bool:
    try:
        peer.make()
    except Missing as missing:
        print(f"{peer.name} is left out: {missing}", file=sys.stderr)
        return False
    return True
