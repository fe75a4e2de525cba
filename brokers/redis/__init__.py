"""The broker for several nodes on Redis 6.2 or newer, or Valkey.

The path of an entry: `publish` queues what is published and sends it in batches. For each entry it calls a
script (`scripts`), which stores the entry and publishes it on the room's channel atomically. `listen` keeps
one subscriber connection for each shard. `topology` maps rooms to shards. `read` reads history and heads, and
redelivers what may have been missed. `retention` bounds the number of rooms.

Redis refuses writes when it is full, read-only or lacks a permission. `publish/write_check.py` finds out by a
script on scratch keys; reads continue.

Redis acknowledges what it holds in memory. The operator decides whether that survives a crash or a failover
(`appendfsync`, `min-replicas-to-write`, `?replicas=` in the URL).
"""

from brokers.redis.broker import RedisBroker

__all__ = ["RedisBroker"]
