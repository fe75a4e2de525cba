"""Pages are complete and heads are current however far replicas lag; tested without a server."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.aio.msg import Msg

from brokers.base import Page
from brokers.nats.history.reader import NatsReader
from brokers.nats.jetstream import PREV
from brokers.nats.stream.setup import EntryStream
from brokers.nats.subjects import Subjects

T = TypeVar("T")

CLIENT = Client()
SUBJECTS = Subjects("test")
MOST = 4  # visible entries of a room


class PublishAck(NamedTuple):
    subject: str
    offset: int
    prev: int


class Trailing:
    """A stream whose replicas each know only its first messages; how many is drawn for each request."""

    def __init__(self, rooms: list[str], known: Callable[[int], int]) -> None:
        self._rooms = rooms
        self._known = known

    def at(self, time: int) -> list[PublishAck]:
        """Return what is stored after a number of messages."""
        stored: list[PublishAck] = []
        for offset, room in enumerate(self._rooms[:time], 1):
            own = [each for each in stored if each.subject == SUBJECTS.entry_in(room)]
            stored.append(PublishAck(SUBJECTS.entry_in(room), offset, own[-1].offset if own else 0))
            if len(own) > MOST:
                stored.remove(own[0])
        return stored

    async def ask(self, subject: str, payload: bytes, take: Callable[[Msg], T | None], _: object = None) -> T:
        """Answer like NATS."""
        asked, end = json.loads(payload), len(self._rooms)
        if subject.startswith("$JS.API.STREAM.INFO"):
            shown = {"created": "2026-01-01T00:00:00Z", "state": {"last_seq": end}}
            answers = [_json({**shown, "config": {"max_msgs": 10, "max_bytes": 10}})]
        elif subject.startswith("$JS.API.STREAM.MSG.GET"):
            answers = [self._from_leader(self.at(end), asked)]
        else:
            known = self._known(end)
            answers = self._direct(self.at(known), asked, known)
        for answer in answers:
            result = take(answer)
            if result is not None:
                return result
        raise AssertionError("NATS always ends its reply")

    @staticmethod
    def _from_leader(stored: list[PublishAck], asked: dict[str, Any]) -> Msg:
        if "last_by_subj" in asked:
            found = [each for each in stored if each.subject == asked["last_by_subj"]][-1:]
        else:
            found = [
                each
                for each in stored
                if each.subject == asked["next_by_subj"] and each.offset >= asked["seq"]
            ]
        if not found:
            return _json({"error": {"code": 404, "err_code": 10037}})
        headers = b64encode(f"NATS/1.0\r\n{_hint(found[0])}\r\n".encode()).decode()
        return _json({"message": {"subject": found[0].subject, "seq": found[0].offset, "hdrs": headers}})

    @staticmethod
    def _direct(stored: list[PublishAck], asked: dict[str, Any], known: int) -> list[Msg]:
        if "multi_last" in asked:
            up_to = asked.get("up_to_seq") or known
            lasts = {each.subject: each for each in stored if each.offset <= up_to}
            found = [lasts[subject] for subject in asked["multi_last"] if subject in lasts]
            cut, end = found, {"Status": "204", "Nats-UpTo-Sequence": str(up_to)}
        else:
            found = [
                each
                for each in stored
                if each.subject == asked["next_by_subj"] and each.offset >= asked["seq"]
            ]
            cut = found[: asked["batch"]]
            end = {"Status": "204", "Nats-Num-Pending": str(len(found) - len(cut))}
        if not found:
            return [_message({"Status": "404"})]
        return [_entry(each, len(found) - 1 - place) for place, each in enumerate(cut)] + [_message(end)]


def _hint(stored: PublishAck) -> str:
    return "" if stored.prev else f"{PREV}: 0\r\n"


def _entry(stored: PublishAck, pending: int) -> Msg:
    shown = {"Nats-Subject": stored.subject, "Nats-Sequence": str(stored.offset)}
    hint = {} if stored.prev else {PREV: "0"}
    return _message({**shown, "Nats-Num-Pending": str(pending), **hint})


def _message(headers: dict[str, str]) -> Msg:
    return Msg(CLIENT, headers=headers)


def _json(fields: dict[str, Any]) -> Msg:
    return Msg(CLIENT, data=json.dumps(fields).encode())


def _shown(rooms: list[str], room: str) -> list[tuple[int, int]]:
    """List the visible entries as pairs of `prev` and offset."""
    offsets = [0, *(offset for offset, name in enumerate(rooms, 1) if name == room)]
    return list(pairwise(offsets))[-MOST:]


def _told(page: Page) -> list[tuple[int, int]]:
    return [(entry.prev, entry.offset) for entry in page.entries]


def _reader(rooms: list[str], data: st.DataObject) -> NatsReader:
    connection = Trailing(rooms, lambda end: data.draw(st.integers(0, end), label="known"))
    stream = EntryStream(subjects=SUBJECTS, epoch="epoch", most=MOST, replicated=True, batches=True)
    return NatsReader(connection, stream, pause=0.0)  # type: ignore[arg-type]


ROOMS = st.lists(st.sampled_from("ab"), min_size=1, max_size=16)
LIMITS = st.integers(1, 6)


@settings(max_examples=150)
@given(ROOMS, LIMITS, st.data())
def test_a_page_after_an_offset_is_whole(rooms: list[str], limit: int, data: st.DataObject) -> None:
    offsets = [0, *(offset for offset, name in enumerate(rooms, 1) if name == "a")]
    after = data.draw(st.sampled_from(offsets), label="after")
    page = asyncio.run(_reader(rooms, data).after("a", after, limit))
    shown, head = _told(page), offsets[-1]
    if after == head:
        assert (shown, page.more, page.trimmed) == ([], False, False)
        return
    # The page may begin with entries that the leader has trimmed by now, but never after those it has.
    chain = list(pairwise(offsets))
    start = chain.index(shown[0])
    assert shown == chain[start : start + limit]
    assert shown[0] <= next(entry for entry in _shown(rooms, "a") if entry[1] > after)
    assert page.trimmed is (shown[0][0] > after)
    assert page.more is (shown[-1][1] < head)
    assert page.head.offset == head


@settings(max_examples=150)
@given(ROOMS, LIMITS, st.none() | st.integers(0, 18), st.data())
def test_a_page_before_an_offset_is_whole(
    rooms: list[str], limit: int, before: int | None, data: st.DataObject
) -> None:
    page = asyncio.run(_reader(rooms, data).before("a", before, limit))
    shown = [(prev, offset) for prev, offset in _shown(rooms, "a") if before is None or offset < before]
    assert _told(page) == shown[-limit:]
    assert page.more is (len(shown) > limit)


@settings(max_examples=100)
@given(ROOMS, st.data())
def test_heads_are_those_of_the_leader(rooms: list[str], data: st.DataObject) -> None:
    heads = asyncio.run(_reader(rooms, data).heads(["a", "b"]))
    assert heads == {
        name: max((n for n, each in enumerate(rooms, 1) if each == name), default=0) for name in "ab"
    }
