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
