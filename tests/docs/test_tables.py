"""The tables in `docs/operations.md` are those that the code makes."""

from __future__ import annotations

import pytest

from service import settings
from tests.docs.write_tables import PAGE, metrics_table


@pytest.mark.parametrize("table", [settings.table, metrics_table], ids=["settings", "metrics"])
def test_the_page_holds_the_table_as_it_is(table: object) -> None:
    assert callable(table)
    assert table() in PAGE.read_text(encoding="utf-8"), "write it anew: python -m tests.docs.write_tables"
