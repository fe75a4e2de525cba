"""The port of a node: its own, or one that several processes share."""

from __future__ import annotations

import os
import socket
from typing import Final

from service.runtime.process import CannotStart
from service.settings import Settings

# Takes IPv4 too, as an operator who asks for all addresses expects.
_ALL_ADDRESSES: Final = "::"


class CannotListen(CannotStart):
    """The address can't be listened on; the message says why and what to set."""


def listen(settings: Settings) -> socket.socket:
    """Take the port for this process alone.

    Raises:
        CannotListen: the port is taken, or the address is not this machine's.
    """
    return _bind(settings, listens=True)


def reserve(settings: Settings) -> socket.socket:
    """Take the port without listening, and let `share` in behind it.

    Bound alone at first, so that a port which anybody else listens on is an error, also if those are another
    hubbub's workers; with port 0 it finds the free one that all are to share. Raises as `listen`.
    """
    held = _bind(settings)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return held


def share(settings: Settings) -> socket.socket:
    """Take a place behind a port that `reserve` holds; nobody is sent there until it listens."""
    return _bind(settings, shared=True)


def _bind(settings: Settings, *, shared: bool = False, listens: bool = False) -> socket.socket:
    host, port = settings.host, settings.port
    try:
        bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            if os.name == "posix":
                # A port that was in use a moment ago is free; elsewhere the option means something else.
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if bound.family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != _ALL_ADDRESSES)
            bound.bind((host, port))
            if listens:
                bound.listen(settings.backlog)
        except BaseException:
            bound.close()
            raise
    except OSError as error:
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        raise CannotListen(
            f"can't listen on {where}: {error.strerror}. Set HUBBUB_PORT or HUBBUB_HOST to another."
        ) from error
    return bound
