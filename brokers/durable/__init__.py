"""The memory broker with a journal: what it acknowledged survives the process."""

from brokers.durable.broker import DurableBroker
from brokers.durable.hub import DurableHub

__all__ = ["DurableBroker", "DurableHub"]
