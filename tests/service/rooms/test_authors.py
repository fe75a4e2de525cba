"""The users who wrote in a room, by name."""

from __future__ import annotations

from brokers.base import Entry
from service.rooms.authors import Authors
from service.rooms.log import RoomLog
from service.wire.messages import ERASED_PAYLOAD, MessagePayload, encode_stored


def make_log(*authors: tuple[str, str], entries: int = 100) -> RoomLog:
    log = RoomLog(b'"room"', max_entries=entries, max_bytes=100_000)
    log.restart("e", 0)
    write(log, *authors)
    return log


def write(log: RoomLog, *authors: tuple[str, str]) -> None:
    for user, user_id in authors:
        stored = MessagePayload("k", user, user_id, "guest", "hello", 0)
        log.append(Entry("room", log.epoch, log.end, log.end + 1, encode_stored(stored)))


def test_the_user_who_wrote_last_under_a_name_is_found() -> None:
    log = make_log(("Ann", "1"), ("bob", "2"), ("ANN", "3"))
    authors = Authors(log)
    assert (authors.find("ann"), authors.find("bob"), authors.find("cem")) == ("3", "2", None)
    write(log, ("cem", "4"), ("bob", "5"))
    assert (authors.find("bob"), authors.find("cem")) == ("5", "4")


def test_what_left_the_log_since_is_known_and_an_erased_entry_has_no_author() -> None:
    log = make_log(("ann", "1"), entries=2)
    authors = Authors(log)
    assert authors.find("ann") == "1"
    write(log, ("bob", "2"), ("cem", "3"))
    log.append(Entry("room", "e", log.end, log.end + 1, ERASED_PAYLOAD))
    assert (authors.find("ann"), authors.find("bob"), authors.find("")) == ("1", None, None)


def test_a_log_that_restarts_is_read_from_its_start() -> None:
    log = make_log(("ann", "1"), ("ann", "1"))
    authors = Authors(log)
    assert authors.find("ann") == "1"
    log.restart("f", 0)
    write(log, ("bob", "2"))
    assert authors.find("bob") == "2"


def test_so_many_authors_are_known() -> None:
    authors = Authors(make_log(*((f"user {number}", str(number)) for number in range(5)), ("user 1", "1")), 3)
    assert [authors.find(f"user {number}") for number in range(5)] == [None, "1", None, "3", "4"]
    assert len(authors) == 3
