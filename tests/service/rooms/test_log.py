"""A room's log, compared with a naive model: a list that is truncated at its start."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from brokers.base import Entry
from service.rooms.log import RoomLog
from service.wire.codecs import JSON, PLAIN, Codec
from service.wire.messages import MessagePayload, encode_stored

CODECS = st.sampled_from([JSON, PLAIN])


class LogModel(RuleBasedStateMachine):
    """`all` has every entry of the room, `log` only the last ones."""

    @initialize(max_entries=st.integers(1, 8), max_bytes=st.integers(60, 400), base=st.integers(0, 3))
    def begin(self, max_entries: int, max_bytes: int, base: int) -> None:
        self.log = RoomLog(b'"room"', max_entries=max_entries, max_bytes=max_bytes)
        self.all: list[Entry] = []
        self.epoch = "e0"
        self.log.restart(self.epoch, base)
        self.start = base
        self.codecs: set[Codec] = set()

    def _entry(self, gap: int, size: int) -> Entry:
        prev = self.all[-1].offset if self.all else self.start
        stored = MessagePayload(key="k", user="ann", user_id="ann", kind="guest", text="x" * size, at=0)
        return Entry("room", self.epoch, prev, prev + gap, encode_stored(stored))

    @rule(gap=st.integers(1, 3), size=st.integers(1, 60))
    def append(self, gap: int, size: int) -> None:
        entry = self._entry(gap, size)
        self.all.append(entry)
        self.log.append(entry)
        assert self.log.last(1) == [entry], "the newest entry stays, however large it is"

    @rule(count=st.integers(200, 600))
    def append_many(self, count: int) -> None:
        for _ in range(count):
            self.append(1, 1)

    @rule(count=st.integers(0, 10), beyond=st.integers(0, 3))
    def prepend(self, count: int, beyond: int) -> None:
        """Put back evicted entries, in a page that may contain newer ones too."""
        older = [entry for entry in self.all if entry.offset <= self.log.base][-count:] if count else []
        newer = [entry for entry in self.all if entry.offset > self.log.base][:beyond]
        self.log.prepend([*older, *newer])

    @rule()
    def prepend_what_does_not_join(self) -> None:
        held = len(self.log)
        self.log.prepend([Entry("room", "other", 0, self.log.base, b"{}")])
        if self.log.base > 1:
            self.log.prepend([Entry("room", self.epoch, 0, self.log.base - 1, b"{}")])
        assert len(self.log) == held

    @rule(codec=CODECS)
    def use(self, codec: Codec) -> None:
        self.log.use(codec)
        self.codecs.add(codec)

    @rule(codec=CODECS)
    def drop(self, codec: Codec) -> None:
        self.log.drop(codec)
        self.codecs.discard(codec)

    @rule(offset=st.integers(0, 5))
    def restart(self, offset: int) -> None:
        self.epoch += "+"
        self.log.restart(self.epoch, offset)
        self.all, self.start = [], offset

    @rule(data=st.data(), size=st.integers(1, 500))
    def chunk(self, data: st.DataObject, size: int) -> None:
        if not self.codecs:
            return
        codec = data.draw(st.sampled_from(sorted(self.codecs, key=lambda one: one.name)))
        after = data.draw(st.integers(self.log.base, self.log.end))
        through = data.draw(st.integers(after, self.log.end))
        wanted = [codec.frame(b'"room"', entry) for entry in self.held if after < entry.offset <= through]
        found, reached = list[bytes](), after
        while reached < through:
            frames, reached = self.log.chunk(codec, reached, through, size)
            assert sum(map(len, frames[:-1])) < size
            found += frames
        assert (found, reached) == (wanted, through)

    @property
    def held(self) -> list[Entry]:
        return [entry for entry in self.all if entry.offset > self.log.base]

    @invariant()
    def the_log_holds_the_entries_between_base_and_end(self) -> None:
        held, log = self.held, self.log
        assert log.last(len(log) + 1) == held
        assert len(log) == len(held) <= log.max_entries
        assert log.bytes == sum(len(entry.payload) for entry in held)
        assert log.bytes <= log.max_bytes or len(log) == 1
        assert (log.end, log.epoch) == (self.all[-1].offset if self.all else self.start, self.epoch)
        assert all(entry.prev == before.offset for before, entry in pairwise(held))
        assert not held or held[0].prev == log.base
        assert set(log.frames) == self.codecs

    @invariant()
    def any_part_can_be_read(self) -> None:
        held, log = self.held, self.log
        assert [log.last(count) for count in (1, 2)] == [held[-1:], held[-2:]]
        for offset in range(log.base, log.base + 5):
            wanted = [entry for entry in held if entry.offset > offset]
            assert [log.after(offset, count) for count in (1, 99)] == [wanted[:1], wanted[:99]]
        assert log.reaches(self.epoch, log.base)
        assert not log.reaches("other", log.base)
        assert not log.reaches(self.epoch, log.base - 1)

    @precondition(lambda self: self.held)
    @invariant()
    def the_last_frame_is_that_of_the_last_entry(self) -> None:
        for codec in self.codecs:
            assert self.log.frames[codec][-1] == codec.frame(b'"room"', self.held[-1])

    @invariant()
    def memory_of_evicted_entries_is_freed(self) -> None:
        assert len(self.log._entries) <= len(self.log) + max(256, len(self.log)) + 1  # noqa: SLF001


TestLog = LogModel.TestCase
TestLog.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
