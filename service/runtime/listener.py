"""The listening socket of a node: its own port, or one that several processes share."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from typing import Final

from service.runtime.process import CannotStart
from service.settings import Settings

# Accepts IPv4 too, as an operator expects of all addresses.
_ALL_ADDRESSES: Final = "::"


class CannotListen(CannotStart):
    """The address can't be listened on; the message says why and which setting to change."""


def listen(settings: Settings) -> socket.socket:
    """Listen on the port, for this process alone.

    Raises:
            CannotListen: the port is in use, or this machine doesn't have the address.
    """
    return _bind(settings, listens=True)


def listen_for_operators(settings: Settings, *, shared: bool) -> socket.socket:
    """Listen on the port for operators, which workers share. Raises as `listen`."""
    own = replace(settings, port=settings.operator_port)
    return _bind(own, shared=shared, listens=True, advice="Set HUBBUB_OPERATOR_PORT to another.")


def reserve(settings: Settings) -> socket.socket:
    """Bind the port without listening, so that `share` can bind it too.

    It is bound exclusively at first, so that a port in use is an error, even if another hubbub's workers
    share it. With port 0 it determines the free port for all workers. Raises as `listen`.
    """
    held = _bind(settings)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return held


def share(settings: Settings) -> socket.socket:
    """Bind a port that `reserve` holds; no connection arrives before it listens."""
    return _bind(settings, shared=True)


def _bind(
    settings: Settings,
    *,
    shared: bool = False,
    listens: bool = False,
    advice: str = "Set HUBBUB_PORT or HUBBUB_HOST to another.",
) -> socket.socket:
    host, port = settings.host, settings.port
    try:
        bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            if os.name == "posix":
                # Allows a port that was in use a moment ago; on other systems the option means something
                # else.
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
        raise CannotListen(f"can't listen on {where}: {error.strerror}. {advice}") from error
    return bound
