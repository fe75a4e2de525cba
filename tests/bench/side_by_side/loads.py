"""The loads, the same for all servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One load.

    Attributes:
        rooms, members: how many rooms, and how many members in each.
        speakers: how many members of each room send.
        in_flight: messages of each sender that it hasn't received itself yet, ...
        rate: ... or messages a second of all of them, in turn; neither for loads that only connect.
        text: bytes of a message's text.
        at_once: how many connections may be connecting at the same time.
        stalled_every: the last of so many members doesn't read.
        rest: idle connections are pinged at this interval (seconds), and observed for as long.
        nodes, workers, redis: how the service is run.
        acknowledged: in flight means until acknowledged; for servers that acknowledge.
        quick: whether it belongs to a quick run.
    """

    name: str
    description: str
    rooms: int = 1
    members: int = 900
    speakers: int = 4
    in_flight: int = 0
    rate: float = 0
    text: int = 100
    at_once: int = 256
    stalled_every: int = 0
    rest: int = 0
    nodes: int = 1
    workers: int = 1
    redis: bool = False
    acknowledged: bool = False
    quick: bool = False

    @property
    def arrives(self) -> bool:
        """Whether the load only connects."""
        return not self.in_flight and not self.rate


LOADS: Final = (
    Load(
        name="echo",
        description="one room of 900; 4 members send, each with 8 messages in flight until it receives them",
        in_flight=8,
        quick=True,
    ),
    Load(name="echo5000", description="the same with 5,000 members", members=5000, in_flight=8),
    Load(name="echo1k", description="echo with texts of 1 KiB", in_flight=8, text=1024),
    Load(name="echo16k", description="echo with texts of 16 KiB, 2 in flight each", in_flight=2, text=16384),
    Load(
        name="rooms",
        description="100 rooms of 10; 2 of each speak, 1 message in flight",
        rooms=100,
        members=10,
        speakers=2,
        in_flight=1,
    ),
    Load(
        name="small",
        description="1,000 rooms of 3; all members send, 1 message in flight",
        rooms=1000,
        members=3,
        speakers=3,
        in_flight=1,
        quick=True,
    ),
    Load(name="pace20", description="one room of 900, 20 messages/s", rate=20, quick=True),
    Load(name="pace100", description="one room of 900, 100 messages/s", rate=100, quick=True),
    Load(name="pace1k", description="pace100 with texts of 1 KiB", rate=100, text=1024),
    Load(
        name="stalled",
        description="pace1k, and 1 % of the members don't read",
        rate=100,
        text=1024,
        stalled_every=100,
    ),
    Load(
        name="idle",
        description="10,000 connections into 100 rooms, 256 on their way at any time, then idle",
        rooms=100,
        members=100,
    ),
    Load(
        name="storm",
        description="5,000 connections into 100 rooms, all at once",
        rooms=100,
        members=50,
        at_once=5000,
        quick=True,
    ),
    Load(name="nodes", description="echo on two nodes over one Redis", in_flight=8, nodes=2, redis=True),
    Load(
        name="workers",
        description="echo on one node with two workers over Redis",
        in_flight=8,
        workers=2,
        redis=True,
    ),
    Load(
        name="acknowledged",
        description="echo, but in flight only until acknowledged",
        in_flight=8,
        acknowledged=True,
    ),
)
