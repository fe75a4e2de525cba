"""The committed schemas match the structs, and accept the same frames as the codec."""

import json

import pytest
from jsonschema import Draft202012Validator

from tests.protocol.schemas import FOLDER, KINDS, text_of
from tests.protocol.vectors import Row, frames

VALIDATORS = {
    kind: Draft202012Validator(json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8")))
    for kind in KINDS
}
ROWS = [
    pytest.param(kind, row, id=f"{kind}-{row.name}")
    for kind, rows in (("commands", frames().commands), ("events", frames().events))
    for row in rows
    # A schema validates JSON values: a text that is not JSON never reaches it.
    if row.error != "malformed"
]


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_is_up_to_date(kind: str) -> None:
    Draft202012Validator.check_schema(VALIDATORS[kind].schema)
    written = (FOLDER / f"{kind}.json").read_text(encoding="utf-8")
    assert written == text_of(kind), "run python tests/protocol/schemas.py"


@pytest.mark.parametrize(("kind", "row"), ROWS)
def test_the_schema_accepts_the_same_frames_as_the_codec(kind: str, row: Row) -> None:
    assert VALIDATORS[kind].is_valid(json.loads(row.text)) == (row.error is None)
