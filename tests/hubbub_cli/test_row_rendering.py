"""Addresses in a message become links of the terminal, and nothing else does."""

import pytest

from hubbub_cli.tui.colours import Colours
from hubbub_cli.tui.row_rendering import render
from hubbub_cli.tui.rows import MessageRow
from hubbub_client import Message, Position, Reaction, Reactor


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


def test_a_short_code_is_shown_as_its_emoji() -> None:
    reactions = tuple(Reaction(one, [Reactor("bob", "bob")]) for one in (":tada:", "👍", ":no-such\x1b:"))
    source = Message(
        room="lobby", position=Position("e", 1), key="k", user="ann", text="x", at=0, reactions=reactions
    )
    *_, last = render(MessageRow(1, "ann", "x", 0, source=source), 80, Colours(dark=True))
    assert last.text.strip() == "🎉 1  👍 1  :no-such: 1"
