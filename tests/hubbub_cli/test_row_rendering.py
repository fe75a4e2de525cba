"""Addresses in a message become links of the terminal, and nothing else does."""

import pytest

from hubbub_cli.tui.colours import Colours
from hubbub_cli.tui.row_rendering import render
from hubbub_cli.tui.rows import MessageRow


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://example.org/a?b=c.", ["https://example.org/a?b=c"]),
        ("(http://a.example) and https://b.example!", ["http://a.example", "https://b.example"]),
        ("file:///etc/passwd javascript:alert(1)", []),
        ("https://a.example/\x1b]8;;evil\x07x", ["https://a.example/]8;;evilx"]),
    ],
)
def test_addresses_are_links(text: str, links: list[str]) -> None:
    strips = render(MessageRow(1, "ann", text, 0), 120, Colours(dark=True))
    segments = [segment for strip in strips for segment in strip]
    assert [segment.style.link for segment in segments if segment.style and segment.style.link] == links
    assert "\x1b" not in "".join(segment.text for segment in segments)
