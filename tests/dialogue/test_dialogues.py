"""The service behaves as the dialogues of the specification."""

from __future__ import annotations

import pytest

from tests.dialogue.cases import CASES, run_case
from tests.dialogue.matching import Json


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
async def test_the_service_behaves_as_specified(case: dict[str, Json]) -> None:
    await run_case(case)
