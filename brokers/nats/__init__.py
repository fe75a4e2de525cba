"""The broker over NATS JetStream: one stream holds all rooms, and hands each entry on as it is stored.

`names` what things are called there · `address` the settings in the URL · `wire` requests and answers ·
`inbox` who waits for which answer · `link` one connection · `streams` what is made and checked at the start ·
`paging` decides what a page is · `reading` asks for it · `broker` the contract.
"""

from brokers.nats.broker import NatsBroker

__all__ = ["NatsBroker"]
