"""The statuses of a client (specification, §10)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Idle:
    """Not connected yet."""


@dataclass(frozen=True, slots=True)
class Connecting:
    """Requesting a token, opening a socket or in the handshake. `attempt` counts from 0."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Online:
    """Welcomed under this name."""

    user: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not connected; the next attempt is at `until`. `code` is a close code or an error code."""

    until: int
    code: int | str


@dataclass(frozen=True, slots=True)
class Offline:
    """There is no network."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Closed by the application (1000), or because another attempt would fail the same way."""

    code: int | str
    suggestion: str | None = None


Status = Idle | Connecting | Online | Waiting | Offline | Closed
