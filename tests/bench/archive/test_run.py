"""The benchmark of the archive measures what it names."""

from __future__ import annotations

from pathlib import Path

from archive.query import parse
from tests.bench.archive.reads import Place, fill, measure, opened
from tests.bench.archive.run import medians, shown, table
from tests.contract.postgres_server import PostgresServer
from tests.contract.server import running


async def test_a_small_archive_is_filled_and_read(tmp_path: Path) -> None:
    figures = await measure(Place(f"sqlite:///{tmp_path}/a.sqlite", tmp_path), 600)
    assert set(figures) >= {"bytes/message", "page p99 ms", "search p50 ms", "two words p99 ms"}
    assert all(figure > 0 for figure in figures.values())


async def test_many_messages_are_copies_of_a_part(tmp_path: Path) -> None:
    with running(PostgresServer()) as server:
        for where in (Place(f"sqlite:///{tmp_path}/a.sqlite", tmp_path), Place(server.url, server.data)):
            await fill(where, 1_200, appended=400)
            async with opened(where) as archive:
                heads = await archive.heads()
                page = await archive.page("room 2", "e", before=401, limit=50)
                found = await archive.search(parse("usual"), limit=100)
            assert {room: head.offset for room, head in heads.items()} == {
                f"room {at}": 400 for at in range(3)
            }
            assert [entry.offset for entry in page.entries] == list(range(351, 401))
            assert len(found.hits) == 3 * 400 / 20


def test_rounds_become_a_table_of_medians() -> None:
    rounds = [[("memory", {"messages/s": rate, "p99 ms": 1.5})] for rate in (1_000.0, 3_000.0, 20_000.0)]
    assert (
        table(medians(rounds))
        == "|  | messages/s | p99 ms |\n| --- | ---: | ---: |\n| memory | 3 000 | 1.5 |"
    )
    assert [shown(figure) for figure in (0.01234, 12.34, 1234.5)] == ["0.0123", "12.3", "1 234"]
