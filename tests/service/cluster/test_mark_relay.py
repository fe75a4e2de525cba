"""Read marks that moved are reported to the user's connections on all nodes."""

from __future__ import annotations

import asyncio
from typing import cast

from service.cluster.cluster import Cluster
from service.cluster.mark_relay import MARKS_PER_SIGNAL, MAX_GATHERED, MarkRelay
from service.cluster.signals import AnySignal, MarksMoved, MovedMark, decode, encode


class Receiver:
    """A connection."""

    def __init__(self) -> None:
        self.moved: list[MovedMark] = []

    def mark_moved(self, moved: MovedMark) -> None:
        self.moved.append(moved)


class Net:
    """The other nodes: what was published to them."""

    name = "here"

    def __init__(self, others: int = 1) -> None:
        self.others = others
        self.published: list[MarksMoved] = []
        self.came = asyncio.Event()

    def __len__(self) -> int:
        return self.others

    def publish(self, signal: AnySignal) -> None:
        said = decode(encode(signal))
        assert isinstance(said, MarksMoved)
        self.published.append(said)
        self.came.set()


def moved(offset: int, user: str = "ann", room: str = "lobby") -> MovedMark:
    return MovedMark(user, room, "e", offset, 0)


async def test_all_connections_of_the_user_but_the_one_that_read_are_notified() -> None:
    net = Net()
    relay = MarkRelay(cast("Cluster", net))
    origin, other, stranger = Receiver(), Receiver(), Receiver()
    relay.add("ann", origin)
    relay.add("ann", other)
    relay.add("bob", stranger)
    relay.report(moved(1), origin)
    relay.report(moved(2), origin)
    assert (origin.moved, other.moved, stranger.moved) == ([], [moved(1), moved(2)], [])
    await net.came.wait()
    assert net.published == [MarksMoved(node="here", marks=[moved(2)])], "gathered"
    relay.receive(MarksMoved(node="there", marks=[moved(3), moved(4, "bob")]))
    relay.receive(net.published[0])
    assert (origin.moved, stranger.moved) == ([moved(3)], [moved(4, "bob")])
    for receiver in (origin, other):
        relay.remove("ann", receiver)
        relay.remove("ann", receiver)
    assert len(relay) == 1
    relay.close()


async def test_nothing_is_published_without_other_nodes_or_after_the_end() -> None:
    for net in (Net(0), Net()):
        relay = MarkRelay(cast("Cluster", net))
        relay.report(moved(1), None)
        relay.close()
        await asyncio.sleep(0)
        assert net.published == []


async def test_so_many_marks_are_gathered_and_the_oldest_leave() -> None:
    net = Net()
    relay = MarkRelay(cast("Cluster", net))
    for number in range(MAX_GATHERED + 1):
        relay.report(moved(1, room=str(number)), None)
    await net.came.wait()
    rooms = [mark.room for signal in net.published for mark in signal.marks]
    assert rooms == [str(number) for number in range(1, MAX_GATHERED + 1)]
    assert max(len(signal.marks) for signal in net.published) == MARKS_PER_SIGNAL
