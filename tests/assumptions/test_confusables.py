"""confusable-homoglyphs: the file of data that is read without its functions."""

from __future__ import annotations

import json
from importlib.resources import files

from tests.assumptions.claims import assumes
from tests.assumptions.places import LOOK_ALIKES


@assumes(
    "confusable-homoglyphs",
    "confusables.json",
    where=LOOK_ALIKES,
    breaks="a guest may take a name that looks like another one",
)
def test_each_character_lists_its_prototype() -> None:
    """The file lists a prototype as the only look-alike of a character, and all members under a prototype."""
    found = json.loads(files("confusable_homoglyphs").joinpath("confusables.json").read_text("utf-8"))
    assert [each["c"] for each in found["\u0430"]] == ["a"]
    assert [each["c"] for each in found["m"]] == ["rn"]
    assert len(found["a"]) > len(found["\u0430"])
