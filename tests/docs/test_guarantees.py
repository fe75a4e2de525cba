"""`docs/guarantees.md`: each promise names tests, each bound a function and a metric; all of them exist."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from archive.testing.promises import PROMISES as ARCHIVE_PROMISES
from brokers.base import BrokerOptions
from brokers.durable.commits import DEFAULT_LIMITS as COMMIT
from brokers.memory import MemoryBroker
from brokers.testing.promises import PROMISES
from hubbub_protocol import Close, Code
from hubbub_protocol.commands import MAX_TOKEN_CHARACTERS
from service import settings
from service.archiving.indexer import WORDS_AT_ONCE
from service.gateway.request_body import LEAST, SHARE
from service.node import LONGEST_PAGE_PAUSE
from service.rooms.slices import PAGE_BYTES, SLICE_BYTES
from service.runtime import metrics
from service.settings.tuning import DEFAULTS as TUNING
from tests.protocol.vectors import VECTORS, rules_of_the_specification, rules_shown

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "guarantees.md"
# Numbers among the settings that bound nothing in a node.
NO_BOUNDS: Final = {
    "HUBBUB_OPERATOR_PORT",
    "HUBBUB_PORT",
    "HUBBUB_WORKERS",
    "HUBBUB_BACKLOG",  # the system's own
}
CELLS: Final = {"G": 3, "O": 3, "B": 6}


class Row(NamedTuple):
    """A row of the page, without its number in `cells`."""

    number: str
    cells: list[str]

    @property
    def tests(self) -> list[str]:
        return re.findall(r"`([^`]+)`", self.cells[-1])


@cache
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def table_rows() -> Iterator[list[str]]:
    """Yield the cells of all rows of all tables, without headings."""
    for line in page().splitlines():
        if line.startswith("| ") and not line.startswith(("| |", "| ---")):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


ROWS: Final = [Row(number, cells) for number, *cells in table_rows()]
BOUNDS: Final = [row for row in ROWS if row.number.startswith("B")]
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
every_bound = pytest.mark.parametrize("row", BOUNDS, ids=lambda row: row.number)


@cache
def names_in(path: Path) -> set[str]:
    """Collect the tests of a file: functions, and classes that hypothesis makes of its machines."""
    if path.suffix == ".ts":
        return set(re.findall(r"\btest\(\s*[\"`]([^\"`]+)", path.read_text(encoding="utf-8")))
    body = ast.parse(path.read_text(encoding="utf-8")).body
    functions = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    machines = {
        ast.unparse(target) for node in body if isinstance(node, ast.Assign) for target in node.targets
    }
    return {name for name in functions | machines if re.match(r"test_|Test\w+$", name)}


@cache
def functions_of(path: Path) -> set[str]:
    """Collect the functions of a file in Python or Lua; a method has the name of its class before it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".lua":
        return set(re.findall(r"^local function (\w+)\(", text, re.MULTILINE))
    body = ast.parse(text).body
    methods = [(f"{node.name}.", node.body) for node in body if isinstance(node, ast.ClassDef)]
    return {
        f"{prefix}{node.name}"
        for prefix, nodes in [("", body), *methods]
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@cache
def shown() -> set[str]:
    """Collect what has tests of its own by number: promises, rules, and the cases of the dialogues."""
    rules = rules_of_the_specification().intersection(*[set().union(*rules_shown().values())])
    files = (VECTORS / "dialogue").glob("*.json")
    cases = {case["id"] for file in files for case in json.loads(file.read_text(encoding="utf-8"))["cases"]}
    return PROMISES.keys() | ARCHIVE_PROMISES.keys() | rules | cases


def exists(reference: str) -> bool:
    file, _, name = reference.partition("::")
    if not name:
        return file in shown()
    path = ROOT / file if file.startswith("clients/") else ROOT / "tests" / file
    if not path.is_file():
        return False
    # The web client's tests are sentences, and long ones may be named by their beginning.
    return name in names_in(path) or (
        path.suffix == ".ts" and any(t.startswith(name) for t in names_in(path))
    )


def test_the_numbers_of_each_kind_count_up_and_no_row_is_without_one() -> None:
    for kind in CELLS:
        mine = [row.number for row in ROWS if row.number.startswith(kind)]
        assert mine == [f"{kind}{number}" for number in range(1, len(mine) + 1)]
    assert [row for row in ROWS if row.number[0] not in CELLS or len(row.cells) != CELLS[row.number[0]]] == []
    assert [row.number for row in ROWS if not all(row.cells)] == []


@every_row
def test_a_promise_names_tests_and_they_exist(row: Row) -> None:
    assert row.tests, "no test is named"
    assert [reference for reference in row.tests if not exists(reference)] == []


def test_what_is_named_in_passing_exists_too() -> None:
    named = set(re.findall(r"\b(?:A|P|FR|CN|RM|HS|SN|PR|CL|PL|CS|BO|TL|PS|CG|TH|TP|FL)\d+\b", page()))
    assert sorted(named - shown()) == []


@every_bound
def test_a_bound_is_a_setting_that_exists_or_a_number(row: Row) -> None:
    _, bound, *_ = row.cells
    named = set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", bound))
    assert named or re.search(r"\d|twice", bound)
    assert named <= set(re.findall(r"`(\w+)`", settings.table()))


@every_bound
def test_a_bound_names_the_functions_that_enforce_it(row: Row) -> None:
    enforced_in = re.findall(r"`([^`:]+):([\w.]+)`", row.cells[3])
    assert enforced_in
    assert [(file, name) for file, name in enforced_in if name not in functions_of(ROOT / file)] == []


def test_the_bounds_without_a_setting_are_listed_as_fixed() -> None:
    (fixed,) = re.findall(r"These are fixed: (.+?)\.", page(), re.DOTALL)
    assert re.findall(r"B\d+", fixed) == [row.number for row in BOUNDS if "HUBBUB_" not in row.cells[1]]


def test_the_fixed_values_of_pushes_are_those_of_the_node() -> None:
    bounds = {row.number: row.cells[1] for row in BOUNDS}
    assert bounds["B111"].startswith(
        f"{TUNING.push_waiting:,}; {TUNING.push_threads}; {TUNING.push_burst}, and one"
    )
    assert bounds["B112"].startswith(f"4 KiB; {TUNING.push_tries}; ")


def test_the_fixed_values_are_those_of_the_node() -> None:
    bounds = {row.number: row.cells[1] for row in BOUNDS}
    assert bounds["B3"].endswith(f" and {TUNING.spare_sockets:,}")
    assert bounds["B7"].startswith(f"{TUNING.request_seconds:g} s ")
    assert bounds["B18"] == f"{TUNING.plain_grace:g} s"
    assert bounds["B25"] == f"{TUNING.early_entries:,}"
    assert bounds["B36"].startswith(f"{TUNING.listing_timeout:g} s,")
    assert bounds["B44"] == f"{TUNING.log_queue_bytes >> 20} MiB"
    assert bounds["B45"] == f"{TUNING.log_repeats} in {TUNING.log_repeat_seconds:g} s"
    assert bounds["B46"] == f"{TUNING.log_repeat_events}"
    assert bounds["B47"] == f"{TUNING.log_flush_seconds:g} s"
    assert bounds["B48"] == f"{TUNING.probe_sockets}, each for {TUNING.probe_seconds:g} s"
    assert bounds["B50"].startswith(f"{TUNING.input_frames} frames or {TUNING.input_bytes >> 10} KiB; ")
    assert f"; {TUNING.input_shares} waiting connection in a turn; " in bounds["B50"]
    assert f" {TUNING.input_seconds * 1000:g} ms of each" in bounds["B50"]
    beyond = next(row.cells[2] for row in BOUNDS if row.number == "B79")
    assert f"; {TUNING.input_shares} request, of all connections, starts" in beyond
    assert bounds["B57"] == f"{TUNING.archive_rooms:,} names"
    assert f" {TUNING.archive_page} messages; {TUNING.archive_batches} batches " in bounds["B58"]
    assert bounds["B67"] == f"{TUNING.change_window:,} positions"
    assert bounds["B99"] == f"{TUNING.uploads}, {TUNING.uploads_per_user}, and {TUNING.uploads_per_address}"
    assert bounds["B100"].startswith(f"{TUNING.upload_stall_seconds:g} s;")
    assert bounds["B100"].endswith(f" {TUNING.upload_bytes_per_second >> 10} KiB")
    assert bounds["B101"].startswith(f"{TUNING.upload_ticket_seconds / 60:g} min;")
    assert bounds["B71"] == f"{TUNING.sockets_per_address}"


def test_constants_are_those_of_the_modules() -> None:
    bounds = {row.number: row.cells[1] for row in BOUNDS}
    assert bounds["B10"] == f"{MAX_TOKEN_CHARACTERS:,} characters"
    assert bounds["B41"] == f"{COMMIT.batch}, or {COMMIT.batch_bytes >> 10} KiB"
    assert bounds["B103"] == f"{SHARE >> 10} KiB, or one part; a chunk counts as {LEAST} bytes at least"
    assert bounds["B104"].startswith(f"{PAGE_BYTES >> 10} KiB, or one message; ")
    assert f" more than {SLICE_BYTES >> 10} KiB " in bounds["B104"]
    assert bounds["B108"].endswith(f", {LONGEST_PAGE_PAUSE:g} s at most")
    assert f" {WORDS_AT_ONCE:,} words, " in bounds["B93"]


@every_bound
def test_a_bound_has_a_metric_that_exists(row: Row) -> None:
    cell = row.cells[4]
    known = set(re.findall(r"`(hubbub_\w+)`", metrics.table()))
    known |= {f"hubbub_broker_{name}" for name in MemoryBroker(BrokerOptions()).stats()}
    named = re.findall(r"`(hubbub_\w+)(?:\{(\w+)=\"(\w+)\"\})?`", cell)
    assert named
    assert {name for name, _, _ in named} <= known
    codes = {str(int(close)) for close in Close} | {code.value for code in Code} | {"1009"}
    assert {value for _, label, value in named if label == "code"} <= codes


def test_every_setting_that_is_a_number_bounds_something_that_is_in_the_table() -> None:
    numbers = set(re.findall(r"^\| `(\w+)` \| [^|]+ \| a (?:whole )?number", settings.table(), re.MULTILINE))
    listed = {name for row in BOUNDS for name in re.findall(r"HUBBUB_\w+", row.cells[1])}
    assert numbers - listed == NO_BOUNDS
