"""For any input of a client, the server does not fail, hang or leak."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typing_extensions import override

from hubbub_protocol.names import is_blank
from service.wire.messages import decode_plain
from tests.service.conftest import BOTH_LOOPS
from tests.service.framing import Op, close_frame, frame
from tests.service.peer import Peer
from tests.service.serving import Served, serving, until

T = TypeVar("T")

_TIMES: Final = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


class ErrorRecords(logging.Handler):
    """Keeps the logged errors."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(self.format(record))


class Target:
    """A server that receives all examples, one after another."""

    def __init__(self, runner: asyncio.Runner, served: Served, errors: ErrorRecords) -> None:
        self._runner = runner
        self.served = served
        self._errors = errors

    def run(self, coro: Coroutine[Any, Any, T]) -> T:
        """Run one example; the server must keep nothing of it."""
        result = self._runner.run(self._alone(coro))
        errors, self._errors.records = self._errors.records, []
        assert not errors
        return result

    async def _alone(self, coro: Coroutine[Any, Any, T]) -> T:
        result = await coro
        await self.served.nothing_left()
        return result


@pytest.fixture(scope="module", params=BOTH_LOOPS.values(), ids=list(BOTH_LOOPS))
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    errors = ErrorRecords()
    logging.getLogger().addHandler(errors)
    with asyncio.Runner(loop_factory=request.param) as runner:
        context = serving(frame_bytes=4096, text_characters=100, rooms_per_connection=3)
        served = runner.run(context.__aenter__())
        yield Target(runner, served, errors)
        runner.run(context.__aexit__(None, None, None))
    logging.getLogger().removeHandler(errors)


# Bytes --------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        '{"type":"hello","id":1,"name":"ann"}',
        '{"type":"join","id":2,"room":"lobby"}',
        '{"type":"send","id":3,"room":"lobby","text":"x"}',
        '{"type":"leave","id":4,"room":"lobby"}',
        '{"type":"hello","id":5}',
    ]
)
FRAMES = st.builds(
    frame,
    WORDS | st.binary(max_size=200) | st.integers(4000, 4200).map(bytes),
    st.sampled_from([*Op, 1, 1, 1, 1]) | st.integers(0, 15),
    fin=st.sampled_from([True, True, True, False]),
    reserved=st.sampled_from([0, 0, 0, 0, 0, 0, 4]),
    masked=st.sampled_from([True, True, True, True, True, False]),
    size=st.none() | st.none() | st.integers(0, 1 << 63),
)
CLOSES = st.builds(close_frame, st.none() | st.integers(0, 5000), st.text(max_size=50))
ENDS = st.sampled_from([Peer.disconnect, Peer.reset, Peer.half_close])
CODECS = st.sampled_from(["hubbub.v1", None])


@_TIMES
@given(CODECS, st.lists(FRAMES | CLOSES | st.binary(max_size=50), max_size=8), st.integers(1, 500), ENDS)
def test_any_bytes_after_the_handshake(
    target: Target, codec: str | None, parts: list[bytes], cut: int, end: Callable[[Peer], None]
) -> None:
    target.run(_send_bytes(target.served, codec, b"".join(parts), cut, end))


async def _send_bytes(
    served: Served, codec: str | None, data: bytes, cut: int, end: Callable[[Peer], None]
) -> None:
    peer = await served.peer()
    try:
        await peer.write(Peer.handshake(protocol=codec) + data[:cut])
        await peer.head()
        for at in range(cut, len(data), cut):
            await peer.write(data[at : at + cut])
    except ConnectionError:
        return
    end(peer)


@_TIMES
@given(st.binary(max_size=100), st.integers(0, 200), ENDS)
def test_any_bytes_in_place_of_a_handshake(
    target: Target, junk: bytes, place: int, end: Callable[[Peer], None]
) -> None:
    whole = Peer.handshake()
    target.run(_send_junk(target.served, whole[:place] + junk + whole[place:], end))


async def _send_junk(served: Served, data: bytes, end: Callable[[Peer], None]) -> None:
    peer = await served.peer()
    await peer.write(data)
    end(peer)


# Commands -----------------------------------------------------------------------------------------

TEXTS = st.text(max_size=110) | st.sampled_from(["lobby", "ann", "\ud800", "a\udfffb", "\x00", "\u202e"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
NUMBERS = st.integers(-1, 300) | st.integers(2**53 - 2, 2**53 + 2) | st.integers()
POSITIONS = st.fixed_dictionaries({"epoch": TEXTS, "offset": NUMBERS})
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "id": NUMBERS | VALUES,
        "room": st.sampled_from(["lobby", "lobby", "two", "three", "four"]) | VALUES,
        "text": TEXTS | VALUES,
        "key": st.sampled_from(["k1", "k2"]) | VALUES,
        "name": TEXTS | VALUES,
        "token": TEXTS,
        "session": TEXTS,
        "since": POSITIONS | VALUES,
        "before": NUMBERS,
        "limit": NUMBERS,
        "after": TEXTS,
    },
)
KINDS = ["hello", "join", "leave", "send", "history", "typing", "who", "refresh", "ping", "welcome", 7, None]
COMMANDS = st.builds(lambda kind, fields: {"type": kind, **fields}, st.sampled_from(KINDS), FIELDS)
RAW = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    [
        "[" * 3000,
        '{"a":' * 700,
        "{}",
        '{"type":"send"',
        "9" * 4000,
        '"\\ud83d"',
        "{" + '"id":1,' * 500 + '"id":2}',
    ]
)
LINES = COMMANDS.map(json.dumps) | VALUES.map(json.dumps) | RAW


@_TIMES
@given(st.lists(LINES, max_size=15), st.booleans())
def test_any_commands_are_answered_and_the_connection_stays_open(
    target: Target,
    lines: list[str],
    at_once: bool,  # noqa: FBT001 - part of an example
) -> None:
    target.run(_command(target.served, lines, at_once=at_once))


async def _command(served: Served, lines: list[str], *, at_once: bool) -> None:
    peer, _ = await served.joined("ann")
    frames = [frame(line) for line in lines if len(line.encode()) <= 4096]
    if at_once:
        await peer.write(b"".join(frames))
    else:
        for one in frames:
            await peer.write(one)
    answer = await peer.ask("who", room="nowhere") if not _has_token(lines) else None
    assert answer is None or answer["code"] == "not_joined"


def _has_token(lines: list[str]) -> bool:
    """Return whether a line contains a token: an invalid one closes the connection."""
    return any('"token"' in line for line in lines)


@_TIMES
@given(st.lists(LINES, max_size=10))
def test_any_text_of_the_plain_codec_is_delivered_or_rejected(target: Target, lines: list[str]) -> None:
    target.run(_plain(target.served, [line for line in lines if 0 < len(line) <= 90]))


async def _plain(served: Served, lines: list[str]) -> None:
    ann = await served.plain()
    wanted = [text for text in map(decode_plain, lines) if not is_blank(text) and len(text) <= 100]
    await ann.write(b"".join(map(frame, [*lines, "last"])))
    for text in [*wanted, "last"]:
        assert json.loads(await ann.next_text()) == text
    await until(lambda: not served.node.tasks.running)


@given(st.text())
def test_a_json_string_is_decoded_and_any_other_text_is_unchanged(text: str) -> None:
    assert decode_plain(json.dumps(text)) == text
    if not text.startswith('"'):
        assert decode_plain(text) == text
