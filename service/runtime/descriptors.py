"""The limit of file descriptors: each socket needs one, and so do the broker's connections and files."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from service.settings import Settings
from service.settings.tuning import DEFAULTS, Tuning

if sys.platform != "win32":
    import resource

# Descriptors that are kept for everything but clients: the loop, the listener, the broker, files, and
# `Tuning.probe_sockets`. At a low limit it is a part of that.
_RESERVED: Final = 128
_RESERVED_PART: Final = 3
# Of the sockets below a low limit, this part is kept for HTTP requests and for clients that are rejected.
_SPARE_PART: Final = 4

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """The limits of one node: what the settings allow, or less if descriptors don't suffice.

    Attributes:
        connections: connections; further ones are rejected with a close code.
        sockets: sockets, which include HTTP requests and clients that are rejected; beyond them only health
            and metrics are served.
    """

    connections: int
    sockets: int


def socket_limits(settings: Settings, tuning: Tuning, descriptors: int | None) -> SocketLimits:
    """Compute a node's limits below a limit of descriptors; None is no limit."""
    wanted = SocketLimits(settings.connections, settings.connections + tuning.spare_sockets)
    if descriptors is None or needed(settings, tuning) <= descriptors:
        return wanted
    sockets = max(2, descriptors - min(_RESERVED, descriptors // _RESERVED_PART))
    sockets = min(sockets, wanted.sockets)
    spare = max(1, min(tuning.spare_sockets, sockets // _SPARE_PART))
    return SocketLimits(min(settings.connections, sockets - spare), sockets)


def needed(settings: Settings, tuning: Tuning) -> int:
    """Return the number of descriptors that one process needs for its settings."""
    return settings.connections + tuning.spare_sockets + _RESERVED


def soft_limit() -> int | None:
    """Return the current limit of this process; None if there is none."""
    if sys.platform == "win32":
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def raise_soft_limit(settings: Settings, tuning: Tuning = DEFAULTS) -> None:
    """Raise the soft limit to the hard one. Child processes inherit it."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY:
            # Some systems have no hard limit, and refuse a soft one above a limit of the kernel.
            target = max(soft, needed(settings, tuning)) if hard == resource.RLIM_INFINITY else hard
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))


def warn_if_low(settings: Settings, tuning: Tuning = DEFAULTS) -> None:
    """Log if the soft limit is below what the settings need."""
    limit, wanted = soft_limit(), needed(settings, tuning)
    if limit is not None and limit < wanted:
        fits = socket_limits(settings, tuning, limit).connections
        _log.warning(
            "descriptor_limit_low",
            extra={
                "limit": limit,
                "needed": wanted,
                "connections": fits,
                "advice": f"raise the hard limit (ulimit -Hn), or set HUBBUB_CONNECTIONS={fits}",
            },
        )
