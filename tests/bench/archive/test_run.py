"""The benchmark of the archive measures what it names."""

from __future__ import annotations

from pathlib import Path

from tests.bench.archive.reads import Place, measure
from tests.bench.archive.run import medians, shown, table


async def test_a_small_archive_is_filled_and_read(tmp_path: Path) -> None:
    figures = await measure(Place(f"sqlite:///{tmp_path}/a.sqlite", tmp_path), 600)
    assert set(figures) >= {"bytes/message", "page p99 ms", "search p50 ms", "two words p99 ms"}
    assert all(figure > 0 for figure in figures.values())


def test_rounds_become_a_table_of_medians() -> None:
    rounds = [[("memory", {"messages/s": rate, "p99 ms": 1.5})] for rate in (1_000.0, 3_000.0, 20_000.0)]
    assert (
        table(medians(rounds))
        == "|  | messages/s | p99 ms |\n| --- | ---: | ---: |\n| memory | 3 000 | 1.5 |"
    )
    assert [shown(figure) for figure in (0.01234, 12.34, 1234.5)] == ["0.0123", "12.3", "1 234"]
