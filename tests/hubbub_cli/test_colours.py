"""The colours of the full screen."""

import pytest

from hubbub_cli.tui.colours import Colours


@pytest.mark.parametrize("dark", [True, False])
def test_names_differ_with_sixteen_colours(*, dark: bool) -> None:
    colours = Colours(dark=dark)
    colours.use_sixteen()
    used = {colours.nick(f"user-{number}").color for number in range(50)}
    assert len(used) >= 6
    # Each is one of the terminal's own, and none is the red of errors.
    assert all(color is not None and color.number not in {None, 1, 9} for color in used)


def test_the_first_names_of_a_screen_differ() -> None:
    colours = Colours(dark=True)
    names = [f"user-{number}" for number in range(20)]
    first = {name: colours.nick(name) for name in names}
    assert len({first[name] for name in names[:10]}) == 10
    assert {name: colours.nick(name) for name in reversed(names)} == first
