"""The codec decodes and encodes every row of frames.json."""

import json
from collections.abc import Callable

import msgspec
import pytest

from hubbub_protocol import ProtocolError, decode_command, decode_event, encode
from hubbub_protocol.commands import Command
from hubbub_protocol.events import Event
from tests.protocol.vectors import Row, frames

ROWS = [
    *(pytest.param(decode_command, row, id=f"command-{row.name}") for row in frames().commands),
    *(pytest.param(decode_event, row, id=f"event-{row.name}") for row in frames().events),
]


@pytest.mark.parametrize(("decode", "row"), ROWS)
def test_row(decode: Callable[[str | bytes], Command | Event], row: Row) -> None:
    if row.error is not None:
        with pytest.raises(ProtocolError) as caught:
            decode(row.text)
        assert (caught.value.code, caught.value.id) == (row.error, row.id)
        return
    frame = decode(row.text)
    assert decode(row.text.encode()) == frame
    assert fields(frame) == row.frame
    if row.canonical:
        assert json.loads(encode(frame)) == json.loads(row.text)


def fields(frame: object) -> object:
    """Return all fields by their names on the wire, including those with their default."""
    match frame:
        case msgspec.Struct():
            tag = {frame.__struct_config__.tag_field: frame.__struct_config__.tag}
            values = {name: fields(getattr(frame, attr)) for attr, name in names(frame)}
            return {key: value for key, value in tag.items() if key is not None} | values
        case list():
            return [fields(item) for item in frame]
        case _:
            return frame


def names(frame: msgspec.Struct) -> list[tuple[str, str]]:
    return list(zip(frame.__struct_fields__, frame.__struct_encode_fields__, strict=True))
