"""Changes in a room's log: folded messages, and no text of deleted ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brokers.base import Entry
from hubbub_protocol.folding import fold
from service.rooms.log import RoomLog
from service.wire.codecs import JSON, PLAIN
from service.wire.messages import decode_change, decode_message
from tests.service.rooms.changing import delete, edit, message, react

ROOM = b'"room"'


def log_of(*entries: Entry, max_entries: int = 100) -> RoomLog:
    log = RoomLog(ROOM, max_entries=max_entries, max_bytes=1 << 20)
    log.restart("e", entries[0].prev if entries else 0)
    log.use(JSON)
    log.use(PLAIN)
    for entry in entries:
        log.append(entry)
    return log


def texts(log: RoomLog, count: int) -> list[str]:
    shown = [decode_message(entry) for entry in log.last_messages(count)]
    return [each.text for each in shown if each is not None]


def frames(log: RoomLog) -> bytes:
    return b"".join(log.chunk(JSON, 0, log.end, 1 << 20)[0] + log.chunk(PLAIN, 0, log.end, 1 << 20)[0])


def test_the_last_messages_are_folded_and_changes_do_not_count() -> None:
    log = log_of(message(1, "one"), message(2, "two"), edit(3, 1, "uno"), react(4, 2), message(5, "three"))
    assert texts(log, 2) == ["two", "three"]
    assert texts(log, 9) == ["uno", "two", "three"]
    assert log.messages == 3


def test_a_deletion_redacts_the_message_and_its_edits() -> None:
    log = log_of(message(1, "secret"), edit(2, 1, "secret too"), message(3, "kept"))
    assert b"secret" in frames(log)
    log.append(delete(4, 1))
    assert b"secret" not in frames(log)
    assert b"secret" not in b"".join(entry.payload for entry in log.last(9))
    assert log.bytes == sum(len(entry.payload) for entry in log.last(9))
    assert texts(log, 9) == ["", "kept"]


def test_what_is_prepended_is_redacted_by_a_later_deletion() -> None:
    log = log_of(delete(4, 1))
    log.prepend([message(1, "secret"), edit(2, 1, "secret too"), message(3, "kept")])
    assert b"secret" not in frames(log)
    log = log_of(message(3, "kept"), delete(4, 1))
    log.prepend([edit(2, 1, "secret too")])
    assert b"secret" not in frames(log), "the edit of a message that the log does not hold"


def test_plain_clients_receive_edits_with_an_asterisk_and_nothing_of_other_changes() -> None:
    log = log_of(message(1, "one"), edit(2, 1, "uno"), react(3, 1), message(4, "two"), delete(5, 4))
    plain, _ = log.chunk(PLAIN, 0, log.end, 1 << 20)
    assert [frame[2:] for frame in plain] == [b'"one"', b'"* uno"', b"", b"", b""]


@given(st.data(), st.integers(1, 12))
def test_folded_messages_are_those_of_the_whole_room(data: st.DataObject, max_entries: int) -> None:
    """Append any entries to a small log, put some back in front, and compare with folding everything."""
    entries: list[Entry] = []
    for offset in range(1, data.draw(st.integers(1, 30)) + 1):
        target = data.draw(st.integers(1, max(1, offset - 1)))
        made = [message(offset, f"t{offset}"), edit(offset, target, f"e{offset}"), react(offset, target)]
        entries.append(data.draw(st.sampled_from([*made, delete(offset, target)])))
    log = log_of(*entries, max_entries=max_entries)
    log.prepend([entry for entry in entries if entry.offset <= log.base][-data.draw(st.integers(1, 30)) :])
    held = [entry for entry in entries if entry.offset > log.base]
    changes = [found for entry in held if (found := decode_change(entry)) is not None]
    messages = [said for entry in held if (said := decode_message(entry)) is not None]
    wanted = [fold(each, changes) for each in messages]
    assert [decode_message(entry) for entry in log.last_messages(99)] == wanted
    assert log.messages == len(wanted)
    assert len(log.changes) == len(changes)
