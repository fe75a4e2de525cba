"""The cases of all dialogues, and one run of a case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from tests.dialogue.matching import Json
from tests.dialogue.script import Script
from tests.dialogue.stage import stage

_FOLDER: Final = Path(__file__).parents[2] / "clients" / "protocol" / "vectors" / "dialogue"
CASES: Final[list[dict[str, Json]]] = [
    case
    for file in sorted(_FOLDER.glob("*.json"))
    for case in json.loads(file.read_text(encoding="utf-8"))["cases"]
]


async def run_case(case: dict[str, Json], command: tuple[str, ...] = ()) -> None:
    """Run a case on a fresh node; with a `command`, its clients are processes of that program.

    Raises:
        AssertionError: an event differs.
        Unsupported: the case needs what a program can't be asked to do.
    """
    settings, steps = case.get("settings", {}), case["steps"]
    assert isinstance(settings, dict)
    assert isinstance(steps, list)
    async with stage(settings) as here:
        await Script(here, command).act([step for step in steps if isinstance(step, dict)])
        await here.end()
