"""Find brokers by name: built-in ones in a table, others by the entry-point group `hubbub.brokers`."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from brokers.base import Broker, BrokerOptions
from brokers.errors import Misconfigured, UnknownBroker

GROUP: Final = "hubbub.brokers"

_BUILT_IN: Final = {
    "memory": "brokers.memory:MemoryBroker",
    "nats": "brokers.nats:NatsBroker",
    "redis": "brokers.redis:RedisBroker",
}


def installed() -> dict[str, EntryPoint]:
    """List all brokers by name, without importing any. Built-in names can't be overridden."""
    others = {entry.name: entry for entry in entry_points(group=GROUP)}
    built_in = {name: EntryPoint(name, value, GROUP) for name, value in _BUILT_IN.items()}
    return dict(sorted({**others, **built_in}.items()))


def make_broker(name: str, options: BrokerOptions) -> Broker:
    """Create the broker of that name; it is not started. Raises the same as `find_broker`."""
    return find_broker(name)(options)


def find_broker(name: str) -> type[Broker]:
    """Import the class of the broker with that name.

    Raises:
        UnknownBroker: no broker of that name is installed.
        Misconfigured: it can't be imported, or is not a broker.
    """
    brokers = installed()
    if name not in brokers:
        raise UnknownBroker(_unknown(name, list(brokers)))
    return _load(brokers[name])


def _unknown(name: str, names: list[str]) -> str:
    near = get_close_matches(name.lower(), names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"no broker named {name!r} is installed.{hint} Installed: {', '.join(names)}."


def _load(entry: EntryPoint) -> type[Broker]:
    whose = f" of {entry.dist.name}" if entry.dist else ""
    broker = f"the broker {entry.name!r} ({entry.value}{whose})"
    try:
        found: object = entry.load()
    except Exception as error:
        # Importing a module can raise anything; the cause stays attached.
        raise Misconfigured(f"{broker} can't be loaded: {type(error).__name__}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Broker)):
        raise Misconfigured(f"{broker} is not a subclass of brokers.base.Broker")
    return found
