"""The page keeps its text, and receives the measured tables."""

import pytest

from tests.bench import page
from tests.bench.brokers import run as brokers
from tests.bench.growth import run as growth
from tests.bench.side_by_side import run as side_by_side


def test_tables_replace_those_before() -> None:
    before = "ahead\n<!-- brokers -->\nold\n<!-- end of brokers -->\nbehind\n"
    after = "ahead\n<!-- brokers -->\nnew\n<!-- end of brokers -->\nbehind\n"
    assert page.replaced(before, "brokers", "new") == after


@pytest.mark.parametrize("there", ["nothing", "<!-- brokers -->\n", "\n<!-- end of brokers -->"])
def test_a_page_without_a_placeholder_is_rejected(there: str) -> None:
    with pytest.raises(ValueError, match="no placeholder"):
        page.replaced(there, "brokers", "new")


@pytest.mark.parametrize("part", [brokers.NAME, side_by_side.PART, growth.NAME])
def test_the_page_has_a_placeholder_for_each_part(part: str) -> None:
    assert "\nthe tables\n" in page.replaced(page.PAGE.read_text(encoding="utf-8"), part, "the tables")
