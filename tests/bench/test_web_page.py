"""The table of the page's figures."""

from tests.bench import web_page

FOUND = {
    "transferred": 99_500,
    "interactive": 812.4,
    "heap": 12_400_000,
    "keystroke": {"median": 9.0, "p95": 21.5, "most": 40.0},
    "append": {"median": 4.25, "p95": 9.0, "most": 12.0},
    "flood": {"median": 16.7, "p95": 17.0, "most": 33.4},
}


def test_each_figure_is_compared_with_its_bound() -> None:
    table = web_page.rows(FOUND)
    assert "| first visit: transferred | 99.5 kB | 110 kB | yes |" in table
    assert "| key to painted frame, p95, 10,000 messages | 21.5 ms | 16 ms | **no** |" in table
    assert len(table) == 2 + len(web_page.FIGURES)
