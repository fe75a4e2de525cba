"""The broker for several nodes on Redis 6.2 or newer, or Valkey.

An entry's way: `publisher` gathers what is published in one turn of the loop and calls a script for each
(`scripts`), which stores the entry and publishes it on the room's channel in one step. `supervisor` keeps the
one connection that listens, `subscriptions` knows the rooms on it, `reader` reads what was missed.

What Redis acknowledges it holds in memory; whether that survives its own crash or a failover is for its
operator to choose (`appendfsync`, `min-replicas-to-write`).
"""

from brokers.redis.broker import RedisBroker

__all__ = ["RedisBroker"]
