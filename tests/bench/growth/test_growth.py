"""The evaluation of a sweep: its range, its plots, and its tables."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from tests.bench.growth import report
from tests.bench.growth.curves import Found, Point, at_its_end, right
from tests.bench.growth.run import extent
from tests.bench.growth.sweeps import CONNECTIONS, RATE, SIZE, SWEEPS, Sweep, fallen_behind, fitting
from tests.bench.peers.catalogue import PEERS
from tests.bench.side_by_side.rounds import Round
from tests.bench.side_by_side.usage import Use

QUIET = Use(
    seconds=1.0, cpu=0.5, broker_cpu=0.0, server=0.5, server_waited=0.0,
    generator=0.2, generator_waited=0.0, others=0.0,
)  # fmt: skip
STARVED = replace(QUIET, generator=0.95)
DISTURBED = replace(QUIET, others=0.3)


def one(value: float, use: Use = QUIET, *, arrived: float = 1.0, closed: int = 0) -> Round:
    names = [figure.name for sweep in SWEEPS for figure in sweep.figures]
    return Round(dict.fromkeys(names, value) | {"came": 1.0}, use, arrived, one_order=True, closed=closed)


def point(*rounds: Round, word: str = "", behind: bool = False) -> Point:
    return Point([*rounds], word, behind)


def row_of(text: str, *words: str) -> str:
    return next(line for line in text.splitlines() if all(word in line for word in words))


# How far it goes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deliveries", "closed", "behind"),
    [(85_500, 0, False), (85_400, 0, True), (90_000, 45, False), (90_000, 46, True)],
)
def test_who_delivers_less_than_is_due_or_sends_many_away_has_fallen_behind(
    deliveries: float, closed: int, *, behind: bool
) -> None:
    load, _ = RATE.load(100)
    assert fallen_behind(load, deliveries, closed) is behind


def test_who_waits_for_itself_never_falls_behind() -> None:
    load, _ = SIZE.load(900)
    assert not fallen_behind(load, 0, 900)


def test_a_server_that_fell_behind_is_asked_for_no_more() -> None:
    assert not at_its_end({10: point(one(1.0))})
    assert at_its_end({10: point(one(1.0)), 20: point(one(1.0), behind=True)})


def test_a_server_that_fell_behind_while_others_worked_is_asked_once_more() -> None:
    late = point(one(1.0, DISTURBED), behind=True)
    assert not at_its_end({10: late})
    assert at_its_end({10: late, 20: late})


def test_a_server_that_failed_is_asked_for_no_more() -> None:
    assert at_its_end({10: point(word="did not start")})


def test_a_round_says_whether_the_server_kept_the_pace() -> None:
    load, _ = RATE.load(100)
    late, early, none = Point(), Point(), Point()
    late.take(load, one(80_000.0))
    early.take(load, one(90_000.0))
    none.take(load, one(0.0))
    assert late.behind
    assert not early.behind
    assert none.word == "nothing was delivered"


def test_nothing_is_taken_from_a_server_that_ended() -> None:
    load, _ = SIZE.load(1000)
    ended = Point()
    ended.take(load, one(1.0, closed=1000))
    assert (ended.rounds, ended.word) == ([], "it ended, or closed all connections")
    assert at_its_end({1000: ended})


def test_connections_that_did_not_arrive_are_reported() -> None:
    load, _ = CONNECTIONS.load(1000)
    found = one(1.0)
    few = Point()
    few.take(load, replace(found, figures={**found.figures, "came": 0.5}))
    assert few.word == "only 50.0% came"


@pytest.mark.parametrize(
    ("sweep", "most", "last"),
    [
        (SIZE, None, 20_000),
        (SIZE, 100_000, 20_000),
        (SIZE, 19_850, 19_800),
        (CONNECTIONS, 19_850, 19_700),
        (SIZE, 15_000, 10_000),
        (RATE, 1_000, 20_000),
    ],
)
def test_points_that_do_not_fit_are_lowered_or_left_out(sweep: Sweep, most: int | None, last: int) -> None:
    steps = fitting(sweep, sweep.points, most)
    assert steps[-1] == last
    assert most is None or max(map(sweep.connections, steps)) <= most


def test_nothing_fits_where_nothing_may_be_opened() -> None:
    assert fitting(RATE, RATE.points, 100) == fitting(SIZE, SIZE.points, 5) == []


def test_all_sweeps_are_measured_unless_some_are_named() -> None:
    assert [sweep.name for sweep in extent(["growth"], quick=False, rounds=None).sweeps] == [
        "size", "rate", "connections",
    ]  # fmt: skip
    wanted = extent(["growth", "rate", "gorilla"], quick=True, rounds=2)
    assert ([sweep.name for sweep in wanted.sweeps], [peer.name for peer in wanted.peers]) == (
        ["rate"], ["gorilla"],
    )  # fmt: skip


def test_every_sweep_names_servers_that_there_are() -> None:
    known = {peer.name for peer in PEERS}
    assert all(set(sweep.peers) <= known for sweep in SWEEPS)
    assert len({figure.plot for sweep in SWEEPS for figure in sweep.figures}) == 9


# What is written ----------------------------------------------------------------------------------

FOUND: Found = {
    "rate": {
        "hubbub": {5: point(one(2.0), one(8.0), one(3.0)), 10: point(one(4.0))},
        "gorilla": {5: point(one(1.0, STARVED)), 10: point(one(7.0, DISTURBED, closed=3), behind=True)},
        "centrifuge": {5: point(word="centrifuge did not start")},
    }
}


def test_the_table_has_medians_marks_and_words() -> None:
    text = report.markdown("a machine", FOUND, None)
    assert row_of(text, "p99", "hubbub").endswith("| 3 (2-8) | 4 |")
    assert "| refused | 7 † \\* |" in text
    assert "| centrifuge | failed |  |" in text
    assert "- centrifuge, 5 messages a second into a room of 900: centrifuge did not start." in text
    assert "3 were sent away" in text


def test_marks_are_explained_only_where_they_stand() -> None:
    text = report.markdown("a machine", {"size": {"hubbub": {10: point(one(1.0))}}}, None)
    assert not {"refused", "†", "\\*", "ulimit"} & {word.strip(".,:*") for word in text.split()}
    assert "One round only." in text


def test_a_busy_generator_refuses_nothing_of_those_who_only_come() -> None:
    came = replace(one(4.0, STARVED), arrived=None)
    text = report.markdown("a machine", {"connections": {"hubbub": {1000: point(came)}}}, None)
    assert "refused" not in text
    assert row_of(text, "MiB").endswith("| 4 |")


def test_a_limit_of_connections_is_reported() -> None:
    assert "19,800 fit here" in report.markdown("a machine", FOUND, 19_800)


def test_what_is_lost_or_fails_is_not_right() -> None:
    assert right(FOUND, "hubbub")
    assert not right({"rate": {"hubbub": {5: point(one(1.0, arrived=0.9))}}}, "hubbub")
    assert not right({"rate": {"hubbub": {5: point(word="did not start")}}}, "hubbub")


# What is drawn ------------------------------------------------------------------------------------


def drawn(name: str) -> ET.Element:
    return ET.fromstring(dict(report.plots("a machine", FOUND))[name])  # noqa: S314 - drawn by us


def texts(root: ET.Element) -> list[str | None]:
    return [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]


def test_a_plot_names_its_axes_its_ticks_and_its_lines() -> None:
    said = texts(drawn("growth-rate-p99"))
    assert {"latency p99, ms", "messages a second into a room of 900", "5", "10", "2"} <= {*said}
    assert {"hubbub", "gorilla", "hubbub 4", "gorilla 7"} <= {*said}


def test_what_failed_or_was_refused_is_not_drawn() -> None:
    titles = [title.text for title in drawn("growth-rate-p99").iter("{http://www.w3.org/2000/svg}title")]
    assert titles[1:] == ["gorilla: 7 at 10", "hubbub: 3 at 5", "hubbub: 4 at 10"]


def test_a_plot_says_what_its_marks_mean() -> None:
    said = " ".join(filter(None, texts(drawn("growth-rate-p99"))))
    assert "crossed: fallen behind" in said
    assert "hollow: others worked" in said


def test_nothing_measured_is_no_plot() -> None:
    assert not [*report.plots("a machine", {})]
