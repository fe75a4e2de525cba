"""What a broker can raise.

BrokerError
├── Unavailable      the backbone is out of reach or too slow: try again with the same key
├── Refused          the backbone will never take this: trying again is of no use
├── Closed           the broker was closed, or not started
├── Misconfigured    the backbone can't serve hubbub as it is set up: the operator has to change something
└── UnknownBroker    no broker of that name is installed
"""


class BrokerError(Exception):
    """The root of all that brokers raise."""


class Unavailable(BrokerError):
    """The backbone is out of reach or answers too late. What was published may or may not be stored."""


class BrokerRefused(BrokerError):
    """The backbone will never take this payload."""


class BrokerClosed(BrokerError):
    """The broker was closed, or has not been started."""


class Misconfigured(BrokerError):
    """The backbone answers, but can't serve hubbub as it is set up. The message says what to change."""


class UnknownBroker(BrokerError):
    """No broker of that name is installed. The message names those that are, and the nearest."""
