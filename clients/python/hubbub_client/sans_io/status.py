"""What a client can be: the statuses of the specification, §10."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Idle:
    """Not asked to connect yet."""


@dataclass(frozen=True, slots=True)
class Connecting:
    """Getting a token, opening a socket or saying hello. `attempt` is 0 if nothing was lost before."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Online:
    """Welcomed, under this name."""

    user: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Lost, and to connect again at `until`. `code` is a close code or the word of an error."""

    until: int
    code: int | str


@dataclass(frozen=True, slots=True)
class Offline:
    """There is no network."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Ended, by the application (1000) or because trying again would end the same way."""

    code: int | str
    suggestion: str | None = None


Status = Idle | Connecting | Online | Waiting | Offline | Closed
