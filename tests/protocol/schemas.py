"""Generate JSON Schemas from the structs. `python tests/protocol/schemas.py` writes them."""

import json
from pathlib import Path
from typing import Final, get_args

import msgspec
from msgspec.inspect import StructType, type_info

from hubbub_protocol.commands import Command
from hubbub_protocol.events import Event

FOLDER = Path(__file__).parents[2] / "clients" / "protocol" / "schema"
KINDS: Final[dict[str, tuple[type[msgspec.Struct], ...]]] = {
    "commands": get_args(Command),
    "events": get_args(Event),
}


def schema(kind: str) -> dict[str, object]:
    """Return the schema of one kind of frames: any of its structs, each defined under its `type`."""
    types = {struct.__name__: tag_of(struct) for struct in KINDS[kind]}
    _, parts = msgspec.json.schema_components(KINDS[kind], ref_template="#/$defs/{name}")
    definitions = {types.get(name, name): part for name, part in parts.items()}
    for definition in definitions.values():
        # The key of the definition is its name already.
        definition.pop("title", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"hubbub.v1 {kind}",
        "description": "Every frame is one of these. Fields that are not listed here are ignored (FR3).",
        "oneOf": [{"$ref": f"#/$defs/{type_}"} for type_ in types.values()],
        "$defs": definitions,
    }


def tag_of(struct: type[msgspec.Struct]) -> str:
    info = type_info(struct)
    assert isinstance(info, StructType)
    return str(info.tag)


def text_of(kind: str) -> str:
    text = json.dumps(schema(kind), indent=2)
    for struct in KINDS[kind]:
        text = text.replace(f'"#/$defs/{struct.__name__}"', f'"#/$defs/{tag_of(struct)}"')
    # JSON Schema's regular expressions have no \Z as Python's; this lookahead has the same meaning in both.
    return text.replace(r"\\Z", r"(?![\\s\\S])") + "\n"


if __name__ == "__main__":
    for each in KINDS:
        (FOLDER / f"{each}.json").write_text(text_of(each), encoding="utf-8")
