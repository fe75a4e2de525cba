"""The checker detects each kind of fault."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.bench.engine.library import ECHO, QUIET, Crowd, Missing, Wire, library
from tests.bench.engine.scripted import Reply, frame, scripted

WIRE = Wire(path="/", message="<%t>", ping="ping", pong="pong")


@pytest.fixture(autouse=True)
def compiler() -> None:
    try:
        library()
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@contextmanager
def crowd_of(members: int, reply: Reply, *, speakers: int = 1, wire: Wire = WIRE) -> Iterator[Crowd]:
    with (
        scripted(members, reply) as port,
        Crowd(wire, [port], most=members, rooms=1, text_size=60) as crowd,
    ):
        crowd.open(members, at_once=1)
        crowd.speakers(speakers)
        yield crowd


def say(crowd: Crowd, messages: int) -> None:
    """Let each sender send so many messages, and no further ones when it receives them."""
    crowd.talk(ECHO, messages)
    crowd.talk(QUIET)


def serve_until(crowd: Crowd, done: Callable[[], bool]) -> None:
    while not done():
        crowd.run(0.01)


def to_all(sockets: list[socket.socket], payload: bytes) -> None:
    for each in sockets:
        each.sendall(frame(payload))


def test_what_everybody_receives_counts() -> None:
    with crowd_of(3, to_all, speakers=2) as crowd:
        say(crowd, 4)
        crowd.drain(24)
        assert (crowd.counts.joined, crowd.counts.said) == (3, 8)
        assert (crowd.counts.delivered, crowd.counts.wrong) == (24, 0)
        assert crowd.other_orders() == 0
        assert 0 < crowd.latency(0.5) <= crowd.latency(1.0) < 60


def test_who_speaks_until_it_is_seen_goes_on() -> None:
    with crowd_of(1, to_all) as crowd:
        crowd.talk(ECHO, 2)
        serve_until(crowd, lambda: crowd.counts.delivered > 20)
        assert crowd.counts.said - crowd.counts.delivered == 2


def test_a_message_that_one_member_missed_is_found() -> None:
    def reply(sockets: list[socket.socket], payload: bytes) -> None:
        to_all(sockets[: 1 if b".00000001." in payload else 2], payload)

    with crowd_of(2, reply) as crowd:
        say(crowd, 3)
        crowd.drain(5)
        assert (crowd.counts.said * 2, crowd.counts.delivered) == (6, 5)


def test_a_message_that_comes_twice_shows() -> None:
    def reply(sockets: list[socket.socket], payload: bytes) -> None:
        to_all([*sockets, sockets[1]], payload)

    with crowd_of(2, reply) as crowd:
        say(crowd, 1)
        serve_until(crowd, lambda: crowd.counts.wrong == 1)
        assert crowd.counts.delivered == 2


def test_a_message_that_was_overtaken_shows() -> None:
    kept: list[bytes] = []

    def reply(sockets: list[socket.socket], payload: bytes) -> None:
        kept.append(payload)
        if len(kept) == 2:
            to_all(sockets, kept[1])
            to_all(sockets, kept[0])

    with crowd_of(1, reply) as crowd:
        say(crowd, 2)
        serve_until(crowd, lambda: crowd.counts.wrong == 1)
        assert crowd.counts.delivered == 1


def test_a_message_without_a_sender_is_detected() -> None:
    with crowd_of(
        1, lambda sockets, payload: to_all(sockets, payload.replace(b"@000000", b"@000007"))
    ) as crowd:
        say(crowd, 1)
        serve_until(crowd, lambda: crowd.counts.wrong == 1)
        assert crowd.counts.delivered == 0


def test_two_orders_in_one_room_show() -> None:
    kept: list[bytes] = []

    def reply(sockets: list[socket.socket], payload: bytes) -> None:
        kept.append(payload)
        if len(kept) == 2:
            for each, payloads in zip(sockets, (kept, kept[::-1]), strict=True):
                each.sendall(b"".join(map(frame, payloads)))

    with crowd_of(2, reply, speakers=2) as crowd:
        say(crowd, 1)
        crowd.drain(4)
        assert (crowd.counts.delivered, crowd.counts.wrong) == (4, 0)
        assert crowd.other_orders() == 1


def test_a_message_in_pieces_is_a_message() -> None:
    def reply(sockets: list[socket.socket], payload: bytes) -> None:
        # Fragments with a ping between them, and each byte in a piece of its own.
        pieces = [
            frame(payload[:9], 0x01),
            frame(b"hey", 0x89),
            frame(payload[9:20], 0),
            frame(payload[20:], 0x80),
        ]
        for byte in b"".join(pieces):
            sockets[0].sendall(bytes([byte]))

    received: list[bytes] = []

    def listen(sockets: list[socket.socket], payload: bytes) -> None:
        received.append(payload)
        if payload.startswith(b"<"):
            reply(sockets, payload)

    with crowd_of(1, listen) as crowd:
        say(crowd, 3)
        crowd.drain(3)
        serve_until(crowd, lambda: received.count(b"hey") == 3)
        assert (crowd.counts.delivered, crowd.counts.wrong) == (3, 0)


def test_messages_that_are_joined_in_a_frame_are_all_counted() -> None:
    kept: list[bytes] = []

    def reply(sockets: list[socket.socket], payload: bytes) -> None:
        kept.append(payload)
        if len(kept) == 5:
            to_all(sockets, b"\n".join(kept))

    with crowd_of(2, reply) as crowd:
        say(crowd, 5)
        crowd.drain(10)
        assert (crowd.counts.delivered, crowd.counts.wrong) == (10, 0)


def test_joining_takes_its_steps_and_pings_are_answered() -> None:
    received: list[bytes] = []

    def reply(sockets: list[socket.socket], payload: bytes) -> None:
        received.append(payload)
        answers = {b"hello 0": [b"welcome"], b"join room 0": [b"noise", b"joined", b"ping"]}
        for answer in answers.get(payload, ()):
            to_all(sockets, answer)

    wire = Wire(
        path="/",
        message="%t",
        opening=(("hello %m", "welcome"), ("join room %r", "joined")),
        ping="ping",
        pong="pong",
    )
    with crowd_of(1, reply, wire=wire) as crowd:
        serve_until(crowd, lambda: b"pong" in received)
        assert received == [b"hello 0", b"join room 0", b"pong"]
        assert crowd.counts.joined == 1


def test_who_is_sent_away_is_counted() -> None:
    with crowd_of(1, lambda sockets, _: sockets[0].sendall(frame(b"\x03\xe8", 0x88))) as crowd:
        say(crowd, 1)
        serve_until(crowd, lambda: crowd.counts.closed == 1)
        assert crowd.counts.delivered == 0


def test_an_upgrade_that_is_refused_is_counted() -> None:
    with (
        scripted(1, to_all, b"HTTP/1.1 503 Service Unavailable\r\n\r\n") as port,
        Crowd(WIRE, [port], most=1, rooms=1, text_size=60) as crowd,
    ):
        crowd.open(1, at_once=1)
        assert (crowd.counts.refused, crowd.counts.joined) == (1, 0)
