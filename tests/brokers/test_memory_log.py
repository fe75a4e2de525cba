"""The log of a room behaves like a list that is searched linearly."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from brokers.base import Page, Position, Retention
from brokers.memory_log import MemoryLog

RETENTION = Retention(entries=6, size=40, age=50.0)
KEY_WINDOW = 20.0


@dataclass
class Stored:
    offset: int
    payload: bytes
    key: str
    at: float
    kept: bool = True


@dataclass
class Naive:
    """Remembers everything, and computes what should still be stored."""

    stored: list[Stored] = field(default_factory=list)

    def known(self, key: str, now: float) -> int | None:
        for entry in reversed(self.stored):
            if entry.key == key:
                return entry.offset if now - entry.at < KEY_WINDOW else None
        return None

    def trim(self, now: float) -> list[Stored]:
        for position, entry in enumerate(self.stored):
            later = self.stored[position:]
            entry.kept = (
                entry.kept
                and len(later) <= RETENTION.entries
                and sum(len(other.payload) for other in later) <= RETENTION.size
                and now - entry.at < RETENTION.age
            )
        return [entry for entry in self.stored if entry.kept]


class LogAgrees(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.log = MemoryLog("room", "epoch", RETENTION, KEY_WINDOW)
        self.naive = Naive()

    @rule(payload=st.binary(max_size=20), key=st.sampled_from("abcdefgh"))
    def publish(self, payload: bytes, key: str) -> None:
        known = self.log.stored(key, self.now)
        assert known == self.naive.known(key, self.now)
        if known is None:
            entry = self.log.append(payload, key, self.now)
            assert (entry.prev, entry.offset) == (len(self.naive.stored), len(self.naive.stored) + 1)
            self.naive.stored.append(Stored(entry.offset, payload, key, self.now))

    @rule(seconds=st.integers(min_value=1, max_value=30))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def trim(self) -> None:
        kept = self.naive.trim(self.now)
        assert self.log.trim(self.now), "few keys expire at once"
        assert len(self.log) == len(kept)
        assert self.log.size == sum(len(entry.payload) for entry in kept)
        assert self.log.keys == sum(self.naive.known(key, self.now) is not None for key in "abcdefgh")

    @rule(after=st.integers(min_value=0, max_value=60), limit=st.integers(min_value=1, max_value=8))
    def read_forward(self, after: int, limit: int) -> None:
        kept = self.naive.trim(self.now)
        rest = [entry for entry in kept if entry.offset > after]
        page = self.log.page(after=after, before=None, limit=limit, now=self.now)
        self._agree(page, rest[:limit])
        assert page.more == (len(rest) > limit)
        assert page.trimmed == any(not entry.kept and entry.offset > after for entry in self.naive.stored)

    @rule(
        before=st.none() | st.integers(min_value=0, max_value=60), limit=st.integers(min_value=1, max_value=8)
    )
    def read_backward(self, before: int | None, limit: int) -> None:
        kept = self.naive.trim(self.now)
        rest = [entry for entry in kept if before is None or entry.offset < before]
        page = self.log.page(after=None, before=before, limit=limit, now=self.now)
        self._agree(page, rest[-limit:])
        assert page.more == (len(rest) > limit)
        assert not page.trimmed

    @invariant()
    def keeps_its_bounds(self) -> None:
        assert self.log.head == Position("epoch", len(self.naive.stored))
        assert len(self.log) <= RETENTION.entries
        assert self.log.size <= RETENTION.size

    def _agree(self, page: Page, expected: list[Stored]) -> None:
        assert [(entry.offset, entry.payload) for entry in page.entries] == [
            (entry.offset, entry.payload) for entry in expected
        ]
        assert page.head == self.log.head


TestLogAgrees = LogAgrees.TestCase


@given(st.integers(min_value=0, max_value=500))
def test_keys_go_a_few_at_a_time_until_none_is_left(keys: int) -> None:
    log = MemoryLog("room", "epoch", Retention(), KEY_WINDOW)
    for number in range(keys):
        log.append(b"", str(number), 0.0)
    left = [keys]
    while not log.trim(KEY_WINDOW):
        left.append(log.keys)
    assert all(before - after == 64 for before, after in pairwise(left))
    assert left[-1] <= 64
    assert log.keys == 0


def test_a_key_stored_anew_after_its_window_outlives_its_first_self() -> None:
    log = MemoryLog("room", "epoch", Retention(), KEY_WINDOW)
    for number in range(200):
        log.append(b"", str(number), 0.0)
    log.append(b"", "199", 30.0)  # while the first one has not been removed yet
    while not log.trim(30.0):
        pass
    assert log.stored("199", 30.0) == 201
    assert log.keys == 1


def test_a_burst_of_keys_leaves_no_empty_table_behind() -> None:
    log = MemoryLog("room", "epoch", Retention(entries=1), KEY_WINDOW)
    for number in range(10_000):
        log.append(b"", str(number), 0.0)
    while not log.trim(100.0):
        pass
    assert sys.getsizeof(log._keys) == sys.getsizeof({})  # noqa: SLF001 (memory can't be seen from outside)
