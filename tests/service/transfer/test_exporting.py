"""An export has everything, on lines that the schema describes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest
from jsonschema import Draft202012Validator

from archive.base import Archive
from service.transfer.errors import TransferError
from tests.service.transfer.histories import exported, fill

SCHEMA: Final = Path(__file__).parents[3] / "docs" / "export.schema.json"


async def test_each_line_is_as_the_schema_says(archive: Archive) -> None:
    await fill(archive)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    lines = (await exported(archive)).split(b"\n")
    assert lines.pop() == b""
    for line in lines:
        validator.validate(json.loads(line))
    assert json.loads(lines[0]) == {"format": "hubbub-export", "version": 1}
    assert json.loads(lines[-1]) == {"entries": len(lines) - 2}
    first = next(json.loads(line) for line in lines if b'"lobby"' in line)
    assert first["payload"]["text"] == 'über \n "alles" \u2028'
    assert first["author"] == {"id": "g:1", "name": "Ann", "kind": "guest"}


async def test_one_room_is_exported_with_all_its_epochs(archive: Archive) -> None:
    await fill(archive)
    lines = [json.loads(line) for line in (await exported(archive, "\x00")).splitlines()[1:-1]]
    assert {line["room"] for line in lines} == {"\x00"}
    assert [(line["epoch"], line["offset"]) for line in lines] == [
        *(("zulu", offset) for offset in range(1, 6)),
        *(("alpha", offset) for offset in (9, 12, 13)),
    ]


async def test_a_room_that_is_not_there_is_reported(archive: Archive) -> None:
    with pytest.raises(TransferError, match=r"has no room 'loby'"):
        await exported(archive, "loby")
