"""The tables about brokers: figures are refused, marked, compared, and put in their places."""

import pytest

from tests.bench.brokers.finding import Finding
from tests.bench.brokers.report import DESCRIPTIONS, Row, markdown, number, right, rows
from tests.bench.machine import Use


def finding(value: float, *, name: str = "redis", busy: float = 0.2, others: float = 0.0) -> Finding:
    use = Use(
        seconds=1.0,
        cpu=0.5,
        server=0.5,
        server_kernel=0.1,
        server_waited=0.0,
        generator=busy / 2,
        generator_waited=busy / 2,
        others=others,
    )
    return Finding(case="1", name=name, figures={"p50 ms": value}, use=use, broker=0.1, in_order=1.0)


def test_a_figure_is_the_median_with_its_spread() -> None:
    assert Row([finding(3.0), finding(1.0), finding(2.0)]).figure("p50 ms") == "2 (1-3)"


def test_a_figure_of_a_busy_generator_is_refused() -> None:
    assert Row([finding(1.0, busy=0.95)]).figure("p50 ms") == "refused"


def test_a_disturbed_row_is_marked() -> None:
    assert Row([finding(1.0, others=0.3)]).marked == "redis \\*"
    assert Row([finding(1.0, others=0.05)]).marked == "redis"


def test_what_a_broker_adds_is_reported_round_by_round() -> None:
    rounds = [[finding(base, name="memory"), finding(base + 1)] for base in (1.0, 7.0, 3.0)]
    memory, redis = rows(rounds, base="memory")
    assert memory.added("p50 ms") == "-"
    assert redis.added("p50 ms") == "1 (1-1)"


@pytest.mark.parametrize(
    ("value", "written"), [(0.12345, "0.123"), (-1.5, "-1.5"), (12345.0, "12,300"), (999.6, "1,000")]
)
def test_numbers_have_three_digits(value: float, written: str) -> None:
    assert number(value) == written


def test_lost_messages_are_reported() -> None:
    lost = Finding(case="", name="nats", figures={}, use=finding(1.0).use, broker=0.0, in_order=0.999)
    assert not right({"death": [[lost]]})
    assert right({"death": [[finding(1.0)]]})


def test_each_table_has_its_explanation() -> None:
    text = markdown("a machine", {"repair": [[]]})
    assert text.startswith("a machine")
    assert DESCRIPTIONS["repair"] in text
    assert DESCRIPTIONS["death"] not in text
