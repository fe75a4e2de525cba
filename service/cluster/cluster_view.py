"""This node's view of the others: what it tells, asks and answers. `Cluster` gives it its times.

What waits here is bounded: changes are in their topics, answers that are owed hold each room once, and
questions are open for no longer than a node may be silent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from service.cluster.peer import Peer
from service.cluster.room_presence import RoomPresence, in_parts
from service.cluster.signals import NODES, Answered, Ask, Beat, Bye, Moved, PresenceSignal, State, Typing

# Rooms in one question, and in one beat.
ROOMS_AT_ONCE: Final = 200

Send: TypeAlias = Callable[[str, PresenceSignal], None]

_log: Final = logging.getLogger(__name__)


def _pass() -> None:
    """Do nothing about it."""


@dataclass(slots=True, eq=False)
class Question:
    """What was asked: when, of whom, and who hasn't answered yet."""

    asked: float
    everything: bool
    waiting: set[str]
    answered: Callable[[], None]


class ClusterView:
    """The topics of this node, and its peers.

    Args:
        send: emits a signal to a room.
        wake: called when there's something to `gather` or to `answer`.
        clock: seconds that only grow.
        gone_after: how long a node may be silent (seconds).
        gone: called for each node that was silent for longer.
    """

    def __init__(
        self,
        node: str,
        *,
        send: Send,
        wake: Callable[[], None],
        clock: Callable[[], float],
        gone_after: float,
        gone: Callable[[], None] = _pass,
    ) -> None:
        self.node = node
        self.topics: dict[str, RoomPresence] = {}
        self.peers: dict[str, Peer] = {}
        # When nodes said goodbye: of what they said before, some may come later.
        self._left: dict[str, float] = {}
        self._send = send
        self._wake = wake
        self._clock = clock
        self._gone_after = gone_after
        self._gone = gone
        self._stamp = 0
        self._number = 0
        self._lap = 0
        self._lap_left: list[str] = []
        self._unsaid: dict[RoomPresence, None] = {}
        # Rooms to ask a peer for; None: all.
        self._wanted: dict[str, dict[str, None] | None] = {}
        self._questions: dict[int, Question] = {}
        # Rooms to tell, those without users here only if that was asked for; between them those who wait.
        self._owed: dict[str | tuple[str, int], bool] = {}

    # Topics ---------------------------------------------------------------------------------------

    def open(self, name: str, changed: Callable[[], None]) -> RoomPresence:
        """Keep who is in a room from now on."""
        topic = self.topics[name] = RoomPresence(name, changed=changed, told=self._note)
        return topic

    def close(self, topic: RoomPresence) -> None:
        """Keep nothing of a room any more; nobody is there on this node."""
        self._say(topic)
        if self.topics.get(topic.name) is topic:
            del self.topics[topic.name]
            for peer in self.peers.values():
                peer.forget(topic.name)

    # What is told ---------------------------------------------------------------------------------

    def gather(self) -> None:
        """Tell what changed here, and ask for what is missing."""
        for topic in list(self._unsaid):
            self._say(topic)
        wanted, self._wanted = self._wanted, {}
        for node, rooms in wanted.items():
            self.ask(None if rooms is None else list(rooms), node)

    def ask(self, rooms: list[str] | None, to: str = "", *, answered: Callable[[], None] = _pass) -> None:
        """Ask a peer, or all of them, for rooms, or for all; `answered` is called when all have told."""
        now = self._clock()
        if not self.peers and rooms is not None:
            answered()
            return
        waiting = {to} if to else self.awake()
        if not waiting:
            answered()
        for part in [None] if rooms is None else in_parts(rooms, ROOMS_AT_ONCE):
            self._number += 1
            self._send(NODES, Ask(node=self.node, to=to, number=self._number, rooms=part))
        # Answers come in the order of the questions: who answered the last one answered all.
        self._questions[self._number] = Question(now, rooms is None, waiting, answered)

    def awake(self) -> set[str]:
        """Name the peers of which an answer may be expected: who was silent for long may be dead already."""
        soon = self._clock() - self._gone_after / 3
        return {peer.name for peer in self.peers.values() if peer.heard > soon}

    def answer(self, most: int) -> bool:
        """Tell up to so many rooms that others asked for; tell whether more are owed."""
        for owed in list(self._owed)[:most]:
            also_empty = self._owed.pop(owed)
            if isinstance(owed, tuple):
                to, number = owed
                self._send(NODES, Answered(node=self.node, to=to, number=number))
            else:
                self._tell_state(owed, also_empty=also_empty)
        return bool(self._owed)

    def beat(self) -> None:
        """Say that this node lives, with the stamps of some rooms."""
        if not self._lap_left:
            self._lap += 1
            self._lap_left = [name for name, topic in self.topics.items() if topic.stamp]
        names, self._lap_left = self._lap_left[:ROOMS_AT_ONCE], self._lap_left[ROOMS_AT_ONCE:]
        stamps = {name: self.topics[name].stamp for name in names if name in self.topics}
        self._send(
            NODES, Beat(node=self.node, lap=self._lap, stamps={room: at for room, at in stamps.items() if at})
        )

    def sweep(self) -> None:
        """Let go of the nodes that were silent for too long, and of old questions."""
        now = self._clock()
        for peer in list(self.peers.values()):
            if now - peer.heard > self._gone_after:
                _log.warning("node_gone", extra={"node": peer.name, "silent": round(now - peer.heard, 1)})
                self._drop(peer)
                self._gone()
        for number, question in list(self._questions.items()):
            if now - question.asked > self._gone_after:
                del self._questions[number]
        self._left = {node: at for node, at in self._left.items() if now - at <= self._gone_after}

    def bye(self) -> None:
        """Say that this node goes."""
        self._send(NODES, Bye(node=self.node))

    def start_anew(self) -> None:
        """Find out what was missed while this node was cut off or stood still, and nobody could be heard."""
        now = self._clock()
        for peer in self.peers.values():
            peer.heard = now
        self.ask(None)

    # What is heard --------------------------------------------------------------------------------

    def hear(self, room: str, signal: PresenceSignal) -> None:
        """Take in what a node said."""
        if signal.node == self.node or signal.node in self._left:
            return
        if isinstance(signal, Bye):
            self._leave(signal.node)
        elif not isinstance(signal, Typing):
            self._hear_from(self._peer(signal.node), room, signal)

    def _hear_from(self, peer: Peer, room: str, signal: Moved | State | Beat | Ask | Answered) -> None:
        peer.heard = self._clock()
        if isinstance(signal, Moved | State):
            self._hear_of_users(peer, room, signal)
        elif isinstance(signal, Beat):
            for name in peer.beat(signal, self.topics, peer.heard):
                self._want(peer, name)
        elif isinstance(signal, Ask):
            self._hear_question(peer, signal)
        elif signal.to == self.node:
            self._hear_answer(peer, signal.number)

    def _peer(self, node: str) -> Peer:
        peer = self.peers.get(node)
        if peer is None:
            _log.info("node_heard", extra={"node": node})
            peer = self.peers[node] = Peer(node, self._clock())
            self._want_all(peer)
        return peer

    def _hear_of_users(self, peer: Peer, room: str, signal: Moved | State) -> None:
        topic = self.topics.get(room)
        if topic is None:
            return
        take = peer.moved if isinstance(signal, Moved) else peer.state
        if not take(room, topic.roster, signal, peer.heard):  # type: ignore[arg-type]
            self._want(peer, room)
        if topic.roster.changes:
            topic.changed()

    def _hear_question(self, peer: Peer, asked: Ask) -> None:
        if asked.to not in {"", self.node}:
            return
        if asked.rooms is None and not asked.to:
            # It was cut off, so it wasn't heard either.
            self._want_all(peer)
        rooms: Iterable[str] = self.topics if asked.rooms is None else asked.rooms
        also_empty = asked.rooms is not None and bool(asked.to)
        for room in rooms:
            self._owed[room] = self._owed.get(room, False) or also_empty
        self._owed[asked.node, asked.number] = False
        self._wake()

    def _hear_answer(self, peer: Peer, number: int) -> None:
        question = self._questions.get(number)
        if question is None:
            return
        if question.everything:
            for room in peer.doubtful(question.asked):
                self._want(peer, room)
        question.waiting.discard(peer.name)
        if not question.waiting:
            del self._questions[number]
            question.answered()

    # ----------------------------------------------------------------------------------------------

    def _note(self, topic: RoomPresence) -> None:
        self._unsaid[topic] = None
        self._wake()

    def _want(self, peer: Peer, room: str) -> None:
        if not peer.may_ask(room, peer.heard):
            return
        rooms = self._wanted.setdefault(peer.name, {})
        if rooms is not None:
            rooms[room] = None
        self._wake()

    def _want_all(self, peer: Peer) -> None:
        self._wanted[peer.name] = None
        self._wake()

    def _say(self, topic: RoomPresence) -> None:
        self._unsaid.pop(topic, None)
        for moved in topic.say(self.node, self._next_stamp):
            # Who is alone needs no words; a node that comes asks for all.
            if self.peers:
                self._send(topic.name, moved)

    def _next_stamp(self) -> int:
        self._stamp += 1
        return self._stamp

    def _tell_state(self, room: str, *, also_empty: bool) -> None:
        topic = self.topics.get(room)
        if topic is not None:
            self._say(topic)
        if topic is not None and topic.stamp:
            for state in topic.state(self.node, self._stamp):
                self._send(room, state)
        elif also_empty:
            self._send(room, State(node=self.node, stamp=0, at=self._stamp, part=0, parts=1, users=[]))

    def _empty(self, peer: Peer, room: str) -> None:
        topic = self.topics.get(room)
        peer.forget(room)
        if topic is not None:
            topic.roster.replace(peer.name, frozenset())
            topic.changed()

    def _leave(self, node: str) -> None:
        self._left[node] = self._clock()
        if peer := self.peers.get(node):
            self._drop(peer)

    def _drop(self, peer: Peer) -> None:
        del self.peers[peer.name]
        self._wanted.pop(peer.name, None)
        for room in list(peer.claims):
            self._empty(peer, room)
        for question in list(self._questions.values()):
            question.waiting.discard(peer.name)
            if not question.waiting:
                question.answered()
