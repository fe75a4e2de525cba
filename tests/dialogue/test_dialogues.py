"""The service behaves as the dialogues of the specification."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.dialogue.matching import Json
from tests.dialogue.script import Script
from tests.dialogue.stage import stage

FOLDER = Path(__file__).parents[2] / "clients" / "protocol" / "vectors" / "dialogue"
CASES = [
    case
    for file in sorted(FOLDER.glob("*.json"))
    for case in json.loads(file.read_text(encoding="utf-8"))["cases"]
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
async def test_the_service_behaves_as_specified(case: dict[str, Json]) -> None:
    settings, steps = case.get("settings", {}), case["steps"]
    assert isinstance(settings, dict)
    assert isinstance(steps, list)
    async with stage(settings) as here:
        await Script(here).act([step for step in steps if isinstance(step, dict)])
        await here.end()
