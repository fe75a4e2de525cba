"""Define the errors of brokers.

BrokerError
├── Unavailable      the backbone is unreachable or too slow: retry with the same key
│   └── WritesRefused    it can be reached, and refuses writes: full, read-only, or a permission is missing
├── BrokerRefused    the backbone will never accept this: do not retry
│   └── TooManyRooms     it stores as many rooms as it may, and this would be a new one
├── BrokerClosed     the broker was closed, or not started
├── Misconfigured    the backbone can't serve hubbub as it is configured: the operator has to change something
└── UnknownBroker    no broker of that name is installed
"""


class BrokerError(Exception):
    """Base class of all errors of brokers."""


class Unavailable(BrokerError):
    """The backbone is unreachable or too slow. What was published may or may not be stored."""


class WritesRefused(Unavailable):
    """The backbone can be reached, but refuses writes. The message names the refusal as the backbone does."""


class BrokerRefused(BrokerError):
    """The backbone will never accept this payload."""


class TooManyRooms(BrokerRefused):
    """The backbone stores as many rooms as it may, and none of them has expired."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"Too many rooms: {most} rooms have messages, and this would be a new one. Use one of them, or "
            "let the operator raise HUBBUB_HISTORY_ROOMS."
        )


class BrokerClosed(BrokerError):
    """The broker was closed, or has not been started."""


class Misconfigured(BrokerError):
    """The backbone can't serve hubbub as it is configured. The message says what to change."""


class UnknownBroker(BrokerError):
    """No broker of that name is installed. The message lists those that are, and suggests the closest."""
