"""The broker over NATS JetStream: one stream stores all rooms, and republishes each entry once it is stored.

`subjects` names subjects and streams. `jetstream` encodes requests and decodes replies. `connection` is one
connection with its request-reply inbox. `stream` creates and inspects the streams. `history` reads pages and
heads. `live` keeps the subscriptions to rooms. `session` lasts from one reconnect to the next outage, and
`broker` implements the contract.
"""

from brokers.nats.broker import NatsBroker

__all__ = ["NatsBroker"]
