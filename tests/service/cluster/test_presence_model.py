"""Presence over a network that loses, duplicates and reorders signals at will."""

from __future__ import annotations

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from typing_extensions import override

from tests.service.nodes import BEAT, GONE_AFTER, Network, Node

ROOMS = ("lobby", "attic")
USERS = st.sampled_from(["ann", "bob"])
PLACES = st.integers(0, 2)


class Lossy(RuleBasedStateMachine):
    """Whatever was lost: once signals pass again, every node has the same presence."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Network()
        self.network.nodes = [self.start() for _ in range(3)]
        self.network.settle()

    def start(self) -> Node:
        node = Node(self.network)
        node.view.resync()
        return node

    @rule(place=PLACES, room=st.sampled_from(ROOMS), user=USERS, away=st.booleans())
    def join(self, place: int, room: str, user: str, *, away: bool) -> None:
        node = self.network.nodes[place]
        node.open(room).add(user, away=away)
        node.counter(away)[room, user] += 1

    @rule(place=PLACES, room=st.sampled_from(ROOMS), user=USERS, away=st.booleans())
    def part(self, place: int, room: str, user: str, *, away: bool) -> None:
        node = self.network.nodes[place]
        if node.counter(away)[room, user]:
            node.open(room).remove(user, away=away)
            node.counter(away)[room, user] -= 1

    @rule(place=PLACES, room=st.sampled_from(ROOMS), user=USERS, away=st.booleans())
    def turn(self, place: int, room: str, user: str, *, away: bool) -> None:
        """Let a connection become away, or be back."""
        node = self.network.nodes[place]
        if node.counter(not away)[room, user]:
            node.open(room).turn(user, away=away)
            node.counter(not away)[room, user] -= 1
            node.counter(away)[room, user] += 1

    @rule(place=PLACES, room=st.sampled_from(ROOMS))
    def open(self, place: int, room: str) -> None:
        node = self.network.nodes[place]
        node.open(room)
        node.view.request([room])

    @rule(place=PLACES, room=st.sampled_from(ROOMS))
    def close(self, place: int, room: str) -> None:
        node = self.network.nodes[place]
        if room in node.topics and not node.users(room):
            node.view.close(node.topics.pop(room))

    @rule(place=PLACES)
    def publish(self, place: int) -> None:
        self.network.nodes[place].turn()

    @rule(place=PLACES)
    def beat(self, place: int) -> None:
        self.network.nodes[place].view.send_heartbeat()

    @rule(seconds=st.sampled_from([0.1, BEAT, GONE_AFTER]))
    def wait(self, seconds: float) -> None:
        self.network.now += seconds
        for node in self.network.nodes:
            node.view.evict_lost_peers()

    @rule(which=st.integers(0, 1000), times=st.integers(0, 2))
    def deliver(self, which: int, times: int) -> None:
        """Deliver any signal under way: not at all, once, or now and again later."""
        waiting = self.network.waiting
        if not waiting:
            return
        place = which % len(waiting)
        if times == 0:
            del waiting[place]
            return
        if times == 2:
            waiting.append(waiting[place])
        self.network.deliver(place)

    @rule()
    def deliver_all(self) -> None:
        """Deliver all signals under way, and the answers to them."""
        for node in self.network.nodes:
            node.turn()
        while self.network.waiting:
            self.network.deliver(0)
            for node in self.network.nodes:
                node.turn()

    @rule()
    def lose_all(self) -> None:
        self.network.waiting.clear()

    @override
    def teardown(self) -> None:
        self.network.settle()
        for node in self.network.nodes:
            assert len(node.view.peers) == len(self.network.nodes) - 1
            for room, topic in node.topics.items():
                there = set[str]().union(*(other.users(room) for other in self.network.nodes))
                here = set[str]().union(*(other.users_here(room) for other in self.network.nodes))
                assert topic.roster.page("", 10)[0] == sorted(there), (node.view.node, room)
                assert topic.roster.away(sorted(there)) == sorted(there - here), (node.view.node, room)


class Failing(Lossy):
    """The same, with nodes that crash, leave and are disconnected."""

    @rule(place=PLACES)
    def crash(self, place: int) -> None:
        self.network.nodes[place] = self.start()

    @rule(place=PLACES)
    def leave(self, place: int) -> None:
        self.network.nodes[place].view.send_leaving()
        self.network.nodes[place] = self.start()

    @rule(place=PLACES)
    def reconnect(self, place: int) -> None:
        self.network.nodes[place].view.resync()


TestLossy = Lossy.TestCase
TestLossy.settings = hypothesis_settings(max_examples=150, stateful_step_count=40, deadline=None)
TestFailing = Failing.TestCase
TestFailing.settings = TestLossy.settings
