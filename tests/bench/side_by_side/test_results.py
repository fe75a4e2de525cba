"""The evaluation of rounds: which may be used, and which targets they reach."""

from dataclasses import replace
from xml.etree import ElementTree as ET

from tests.bench.side_by_side import plot, results, table, targets
from tests.bench.side_by_side.loads import LOADS
from tests.bench.side_by_side.rounds import Round
from tests.bench.side_by_side.usage import Use

QUIET = Use(
    seconds=1.0, cpu=0.5, broker_cpu=0.0, server=0.5, server_waited=0.0,
    generator=0.2, generator_waited=0.0, others=0.0,
)  # fmt: skip
STARVED = replace(QUIET, generator=0.7, generator_waited=0.25)
DISTURBED = replace(QUIET, others=0.3)


def one(value: float, use: Use = QUIET, *, arrived: float = 1.0) -> Round:
    names = (
        "deliveries/s",
        "messages/s",
        "CPU µs/delivery",
        "CPU µs/message",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
    )
    return Round(dict.fromkeys(names, value), use, arrived, one_order=True, closed=0)


def row_of(text: str, *words: str) -> str:
    return next(line for line in text.splitlines() if all(word in line for word in words))


def test_the_middle_one_of_the_rounds_counts() -> None:
    found = {"echo": {"hubbub": [one(1.0), one(9.0), one(2.0)]}}
    assert results.typical(found, "echo", "hubbub", "deliveries/s") == 2.0


def test_a_round_in_which_the_generator_was_the_bottleneck_is_refused() -> None:
    found = {"echo": {"hubbub": [one(1.0, STARVED), one(3.0)], "ws": [one(5.0, STARVED)]}}
    assert results.typical(found, "echo", "hubbub", "deliveries/s") == 3.0
    assert results.typical(found, "echo", "ws", "deliveries/s") is None
    text = table.markdown("a machine", LOADS, found)
    assert "refused" in row_of(text, "| ws |")
    assert "rounds of hubbub, ws: those are refused" in text


def test_a_generator_without_room_refuses_nothing_if_the_server_had_none_either() -> None:
    assert not one(1.0, replace(STARVED, server=0.95)).refused


def test_a_noisy_run_says_so() -> None:
    assert "not a result" in table.markdown("a machine", LOADS, {"echo": {"ws": [one(1.0, DISTURBED)]}})
    assert "not a result" not in table.markdown("a machine", LOADS, {"echo": {"ws": [one(1.0)]}})


def test_what_did_not_arrive_shows() -> None:
    text = table.markdown("a machine", LOADS, {"echo": {"ws": [one(1.0), one(1.0, arrived=0.5)]}})
    assert "50.00%" in row_of(text, "| ws |")


def test_targets_are_ratios_with_a_bound() -> None:
    found = {"echo": {"hubbub": [one(4.0)], "gorilla": [one(2.0)], "centrifuge": [one(3.0)]}}
    text = targets.markdown(found)
    assert row_of(text, "deliveries/s", "gorilla").endswith("2.00 | ≥ 2.0 | reached |")
    assert row_of(text, "deliveries/s", "centrifuge").endswith("1.33 | ≥ 2.0 | **not reached** |")
    assert row_of(text, "CPU µs/delivery", "gorilla").endswith("2.00 | ≤ 0.4 | **not reached** |")
    assert row_of(text, "storm").endswith("not measured |")


def test_every_target_names_a_load_and_a_figure_that_there_are() -> None:
    loads = {load.name: load for load in LOADS}
    for target in targets.TARGETS:
        assert {target.load, target.ours or target.load} <= set(loads)
    assert {plotted.load for plotted in plot.PLOTS} <= set(loads)


def test_results_survive_being_written() -> None:
    found = {"echo": {"hubbub": [one(1.0, STARVED), one(2.0)]}}
    assert results.from_json(results.to_json(found)) == found


def test_a_plot_has_a_bar_for_each_server_the_best_first() -> None:
    found = {"echo": {"hubbub": [one(9.0), one(7.0)], "ws & co": [one(2.0)], "starved": [one(1.0, STARVED)]}}
    root = ET.fromstring(plot.draw(plot.PLOTS[0], found, "a machine"))  # noqa: S314 - drawn by us
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if text in {"hubbub", "ws & co", "starved"}] == ["hubbub", "ws & co"]
    assert len([*root.iter("{http://www.w3.org/2000/svg}rect")]) == 2


def test_a_plot_of_a_noisy_run_says_so() -> None:
    assert "Not a result" in plot.draw(plot.PLOTS[0], {"echo": {"ws": [one(1.0, DISTURBED)]}}, "a machine")


def test_nothing_measured_is_no_plot() -> None:
    assert not plot.draw(plot.PLOTS[0], {}, "a machine")
