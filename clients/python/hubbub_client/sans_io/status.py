"""The statuses of a client (specification, §10)."""

import msgspec


class Idle(msgspec.Struct, frozen=True):
    """Not connected yet."""


class Connecting(msgspec.Struct, frozen=True):
    """Requesting a token, opening a socket or in the handshake. `attempt` counts from 0."""

    attempt: int


class Online(msgspec.Struct, frozen=True):
    """Welcomed under this name."""

    user: str


class Waiting(msgspec.Struct, frozen=True):
    """Not connected; the next attempt is at `until`. `code` is a close code or an error code."""

    until: int
    code: int | str


class Offline(msgspec.Struct, frozen=True):
    """There is no network."""


class Closed(msgspec.Struct, frozen=True):
    """Closed by the application (1000), or because another attempt would fail the same way."""

    code: int | str
    suggestion: str | None = None


Status = Idle | Connecting | Online | Waiting | Offline | Closed
