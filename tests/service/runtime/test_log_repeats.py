"""Which log records are repetitions."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from service.runtime.log_repeats import RepeatFilter, Repetition

ALLOWED, SECONDS, REMEMBERED = 3, 10.0, 4


class Stage:
    """A filter, with its clock."""

    def __init__(self) -> None:
        self.filter = RepeatFilter(allowed=ALLOWED, seconds=SECONDS, remembered=REMEMBERED)
        self.now = 0.0

    def passed(self, times: int, event: str = "lost", **record: object) -> int:
        """Log an event a number of times; return how often it passed."""
        known: dict[str, object] = {"name": "service.test", "levelno": logging.WARNING, "msg": event}
        made = (logging.makeLogRecord(known | record) for _ in range(times))
        return sum(self.filter.passes(each, self.now) for each in made)

    def ended(self) -> list[Repetition]:
        return self.filter.take_ended(self.now)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_an_event_passes_so_often_in_an_interval_and_the_rest_is_summed_up_once(stage: Stage) -> None:
    assert stage.passed(240) == ALLOWED
    assert stage.filter.suppressed == 240 - ALLOWED
    stage.now = SECONDS - 0.1
    assert stage.ended() == []
    stage.now = SECONDS
    assert stage.ended() == [Repetition("service.test", logging.WARNING, "lost", 240 - ALLOWED)]
    assert stage.ended() == []
    assert stage.passed(2) == 2


def test_an_event_that_does_not_repeat_too_fast_is_never_summed_up(stage: Stage) -> None:
    for _ in range(20):
        assert stage.passed(ALLOWED) == ALLOWED
        stage.now += SECONDS
        assert stage.ended() == []


@pytest.mark.parametrize(
    "other",
    [{"event": "found"}, {"name": "service.other"}, {"levelno": logging.ERROR}],
    ids=lambda other: next(iter(other)),
)
def test_different_events_do_not_count_together(stage: Stage, other: dict[str, str]) -> None:
    assert stage.passed(ALLOWED + 1) == ALLOWED
    assert stage.passed(1, **other) == 1


def test_fields_and_arguments_do_not_make_an_event_another(stage: Stage) -> None:
    assert sum(stage.passed(1, "bad request: %s", args=(n,), room=f"r{n}") for n in range(9)) == ALLOWED


def _raise(error: Exception) -> None:
    raise error


def _raise_elsewhere(error: Exception) -> None:
    raise error


def _raised(error: Exception, by: Callable[[Exception], None] = _raise) -> tuple[object, ...]:
    try:
        by(error)
    except LookupError as caught:
        return type(caught), caught, caught.__traceback__
    raise AssertionError(error)


def test_errors_of_other_types_and_from_other_lines_are_different_events(stage: Stage) -> None:
    assert sum(stage.passed(1, exc_info=_raised(LookupError("x"))) for _ in range(9)) == ALLOWED
    assert stage.passed(1, exc_info=_raised(KeyError("x"))) == 1
    assert stage.passed(1, exc_info=_raised(LookupError("x"), _raise_elsewhere)) == 1
    assert stage.passed(1, exc_info=(None, None, None)) == 1


def test_information_is_never_suppressed(stage: Stage) -> None:
    assert stage.passed(240, levelno=logging.INFO) == 240


def test_a_very_long_message_is_not_remembered(stage: Stage) -> None:
    assert stage.passed(240, "x" * 1001) == 240


def test_beyond_the_bound_the_interval_that_began_first_ends_early_and_is_summed_up(stage: Stage) -> None:
    stage.passed(ALLOWED + 7, "first")
    for number in range(REMEMBERED - 1):
        stage.passed(1, f"event {number}")
    assert stage.ended() == []
    stage.passed(1, "one more")
    assert stage.ended() == [Repetition("service.test", logging.WARNING, "first", 7)]
    assert stage.passed(1, "first") == 1


def test_the_end_of_an_interval_is_waited_for_only_if_something_may_be_suppressed(stage: Stage) -> None:
    assert stage.filter.next_end(0.0) is None
    stage.passed(ALLOWED - 1)
    assert stage.filter.next_end(0.0) is None
    stage.passed(1)
    assert stage.filter.next_end(4.0) == SECONDS - 4.0
    assert stage.filter.next_end(SECONDS + 1) == 0.0
