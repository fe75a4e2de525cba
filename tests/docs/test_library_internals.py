"""`docs/library-internals.md` lists the assumptions, and the assumptions cover what our sources do."""

from __future__ import annotations

import re

from tests.assumptions.claims import Claim, claims
from tests.assumptions.usage import ROOT, overridden, private_names
from tests.assumptions.write_page import PAGE, table


def _claims() -> list[Claim]:
    return [claim for _, claim in claims() if claim is not None]


def _names(claim: Claim) -> set[str]:
    """Give the last names of what it is about: `Http.request` is `request`."""
    return {re.sub(r"\(.*", "", internal).rpartition(".")[2] for internal in claim.internals}


def test_the_page_holds_the_table_as_it_is() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert table() in text, "write it anew: python -m tests.assumptions.write_page"


def test_every_test_says_what_it_assumes() -> None:
    assert not [name for name, claim in claims() if claim is None or not claim.says.endswith(".")]


def test_every_module_that_is_named_is_there() -> None:
    named = {place for claim in _claims() for place in claim.where}
    missing = {place for place in named if not (ROOT / place).is_file()}
    assert not missing, "name its new place in tests/assumptions/places.py"


def test_no_private_name_of_a_library_is_used_without_an_assumption() -> None:
    known = {(place, name) for claim in _claims() for place in claim.where for name in _names(claim)}
    found = set(private_names())
    assert found, "the search finds nothing any more"
    assert not found - known


def test_no_method_of_a_library_is_overridden_without_an_assumption() -> None:
    known = {(place, name) for claim in _claims() for place in claim.where for name in _names(claim)}
    found = set(overridden())
    assert ("brokers/nats/connection/client.py", "_process_headers") in found, (
        "the search finds nothing any more"
    )
    assert not found - known
